"""Frequency bands of a vocabulary: latents per band, and their shares of the index and of |d|.

Latents in over half of the documents have idf 0 under the paper's formula: they contribute nothing to a score, and
still count in |d|.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.latents.latent_table import latent_length
from analyses.latents.types import TYPES
from retrieval.bm25 import term_weight
from retrieval.study import Study
from retrieval.vocabularies import LATENTS

BANDS = (
    "in every document",
    "in over half",
    "in 10% to half",
    "in 1% to 10%",
    "in less than 1%",
    "in one document",
    "in none",
)


def band_table(study: Study, types: NDArray[np.str_] | None = None) -> pd.DataFrame:
    """One row per band of latents by document frequency, the most frequent first; empty bands are left out.

    Columns band (of BANDS), n_latents, latents, postings, length, queries: their share of all latents, of all
    postings, of sum_d |d|, and of sum_q w_j(q) (NaN without queries); with `types` (n_latents,), also
    lexical, narrow and broad: shares of the band's typed latents.
    """
    frequency = study.index.document_frequency
    bands = bands_of(frequency, study.index.n_docs)
    length = latent_length(study)
    weight = query_weight(study)
    rows = []
    for band in BANDS:
        inside = bands == band
        if not inside.any():
            continue
        row = {
            "band": band,
            "n_latents": int(inside.sum()),
            "latents": float(inside.mean()),
            "postings": float(frequency[inside].sum() / max(study.index.n_postings, 1)),
            "length": float(length[inside].sum() / max(length.sum(), 1e-12)),
            "queries": float(weight[inside].sum() / weight.sum()) if weight.sum() > 0 else float("nan"),
        }
        if types is not None:
            typed = inside & np.isin(types, TYPES)
            row |= {kind: float((types[typed] == kind).mean()) if typed.any() else np.nan for kind in TYPES}
        rows.append(row)
    return pd.DataFrame(rows)


def bands_of(document_frequency: NDArray[np.integer], n_docs: int) -> NDArray[np.str_]:
    """The band of each document frequency, (n_terms,): the first of BANDS that holds; "in one document" precedes
    shares.
    """
    n = np.asarray(document_frequency)
    rules: Sequence[NDArray[np.bool_]] = (
        n == 0,
        n == n_docs,
        2 * n > n_docs,
        n == 1,
        n >= 0.1 * n_docs,
        n >= 0.01 * n_docs,
    )
    names = (
        "in none",
        "in every document",
        "in over half",
        "in one document",
        "in 10% to half",
        "in 1% to 10%",
    )
    return np.select(rules, names, default="in less than 1%")


def query_weight(study: Study) -> NDArray[np.float64]:
    """sum_q w_j(q) of each latent over the study's queries, (n_latents,); 0 without queries."""
    if not study.vocabulary(LATENTS).has_queries:
        return np.zeros(study.n_latents)
    counts = study.query_counts
    weight: NDArray[np.float64] = np.bincount(
        counts.indices, term_weight(counts.data, "sqrt"), study.n_latents
    ).astype(np.float64)
    return weight


def dead_in_training(study: Study) -> int | None:
    """Latents that were dead at the end of training, from the SAE's record; None where unknown."""
    dead = study.manifest["sae"].get("trained_on", {}).get("last_batch", {}).get("dead_latents")
    return None if dead is None else int(dead)


def trained_on_this(study: Study) -> bool:
    """Whether the SAE was trained on the study's own documents."""
    text = study.manifest["sae"].get("trained_on", {}).get("text", {})
    fingerprint = text.get("fingerprint") if isinstance(text, dict) else None
    return bool(fingerprint == study.manifest["collection"]["fingerprint"])


def band_edges(n_docs: int) -> list[int]:
    """Where document-frequency bands begin: 0, then powers of ten, then what is in over half of the documents."""
    decades = [10**power for power in range(len(str(max(n_docs, 1)))) if 10**power <= n_docs // 2]
    return [0, *decades, n_docs // 2 + 1]


def band_names(n_docs: int) -> list[str]:
    """Names of the bands: "0", "1–9", "10–99", ..., "over half"."""
    edges = band_edges(n_docs)
    inner = [f"{low:,}–{high - 1:,}" if high - 1 > low else f"{low:,}" for low, high in pairwise(edges[1:])]
    return ["0", *inner, "over half"]


def frequency_bands(document_frequency: NDArray[np.integer[Any]], n_docs: int) -> NDArray[np.str_]:
    """The band of each document frequency, (n_latents,)."""
    names = np.array(band_names(n_docs))
    return names[np.searchsorted(band_edges(n_docs), document_frequency, side="right") - 1]

"""Head, body and tail of a vocabulary: how many latents each has, and what of the index and of |d| they hold.

Latents in over half of the documents are a vocabulary's stop words: the paper's clip sets their idf to 0, so
that they add nothing to a score, and still count in |d|.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.types import TYPES
from analyses.vocabulary import latent_length
from retrieval.bm25 import term_weight
from retrieval.study import Study
from retrieval.systems import query_counts

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
    """A row a band of latents by document frequency, the most frequent first; empty bands are left out.

    Columns band (of BANDS), n_latents, latents, postings, length, queries: their share of all latents, of all
    postings, of sum_d |d|, and of the queries' weights (NaN without queries); with `types` (n_latents,), also
    lexical, narrow and broad: shares of the band's typed latents.
    """
    frequency = study.index.document_frequency
    bands = bands_of(frequency, study.index.n_docs)
    length = latent_length(study)
    asked = query_weight(study)
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
            "queries": float(asked[inside].sum() / asked.sum()) if asked.sum() > 0 else float("nan"),
        }
        if types is not None:
            typed = inside & np.isin(types, TYPES)
            row |= {kind: float((types[typed] == kind).mean()) if typed.any() else np.nan for kind in TYPES}
        rows.append(row)
    return pd.DataFrame(rows)


def bands_of(document_frequency: NDArray[np.integer], n_docs: int) -> NDArray[np.str_]:
    """The band of each document frequency, (n_terms,): the first of BANDS that holds, "in one document" before
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
    """sum_q w_j(q) of each latent over the study's queries, (n_latents,); 0 where it keeps none."""
    if not (study.path / "query_counts.npz").is_file():
        return np.zeros(study.n_latents)
    counts = query_counts(study)
    weight: NDArray[np.float64] = np.bincount(
        counts.indices, term_weight(counts.data, "sqrt"), study.n_latents
    ).astype(np.float64)
    return weight


def dead_in_training(study: Study) -> int | None:
    """How many latents had ceased to fire when training ended, as the SAE says; None where it does not."""
    dead = study.manifest["sae"].get("trained_on", {}).get("last_batch", {}).get("dead_latents")
    return None if dead is None else int(dead)


def trained_on_this(study: Study) -> bool:
    """Whether the SAE was trained on the very documents of the study."""
    text = study.manifest["sae"].get("trained_on", {}).get("text", {})
    fingerprint = text.get("fingerprint") if isinstance(text, dict) else None
    return bool(fingerprint == study.manifest["collection"]["fingerprint"])

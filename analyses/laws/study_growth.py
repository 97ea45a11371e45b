"""Heaps' law on a study: latents beside words, wordpieces and controls, and beside other studies' latents.

The curves and the law are kept in the study's folder, as growth.parquet and heaps.parquet: with intervals they take
some seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analyses.laws.growth import (
    Heaps,
    expected_distinct,
    fit_heaps,
    growth_curve,
    heaps_of,
    sizes_of,
    unseen_terms,
)
from analyses.vocabularies.control_counts import CONTROLS, sample_of
from analyses.vocabularies.term_counts import TermCounts
from analyses.vocabularies.vocabularies import kept_beside, vocabularies
from data.errors import UserError
from data.progress import Progress, StepProgress, within
from retrieval.stored_tables import read_kept, write_kept
from retrieval.study import Study
from retrieval.vocabularies import LEARNED_SPARSE, SAMPLE, VOCABULARIES, WORDS

SAMPLED = (SAMPLE.name, *CONTROLS)
FORMAT = 2


def growing_vocabularies(study: Study) -> Iterator[TermCounts]:
    """Every vocabulary of the study that grows as its documents are read (`analyses.vocabularies.vocabularies`).

    The controls are counted on a sample of the documents, beside the latents on it. Terms of a learned-sparse
    retriever have no tokens: they count once per document.
    """
    tokens, sample = np.diff(study.tokens.offsets), sample_of(study)
    for system, vocabulary in vocabularies(study).items():
        counts = vocabulary.counts
        yield TermCounts(
            system,
            vocabulary.indptr,
            vocabulary.texts,
            np.ones(len(vocabulary.texts), np.int32) if counts is None else counts,
            vocabulary.names,
            tokens[sample] if system in SAMPLED else tokens,
            None if is_open(system) else vocabulary.n_terms,
        )


def is_open(vocabulary: str) -> bool:
    """Whether more text may hold more terms than are known, as with words, unlike with a dictionary."""
    return vocabulary == WORDS.name or VOCABULARIES[vocabulary].terms is not None


def heaps(study: Study) -> dict[str, Heaps]:
    """Vocabulary -> Heaps' law; read from the study where `write_growth` kept it."""
    kept = read_kept(study.path / "heaps.parquet", _facts(study))
    if kept is None:
        return {counts.system: _law(counts) for counts in growing_vocabularies(study)}
    return {row["system"]: _heaps(row) for row in kept.to_dict("records")}


def growth(study: Study) -> pd.DataFrame:
    """`analyses.laws.growth.growth_curve` of every vocabulary; read from the study where it is kept."""
    kept = read_kept(study.path / "growth.parquet", _facts(study))
    if kept is not None:
        return kept
    return pd.concat(map(growth_curve, growing_vocabularies(study)), ignore_index=True)


def growth_is_kept(study: Study) -> bool:
    """Whether the study keeps `heaps` and `growth`."""
    facts = _facts(study)
    return all(read_kept(study.path / f"{name}.parquet", facts) is not None for name in ("growth", "heaps"))


def write_growth(study: Study, progress: Progress | None = None) -> None:
    """Keep the curves and the law in the study's folder, if they are not there already."""
    if growth_is_kept(study):
        return
    curves, laws = [], []
    for counts in growing_vocabularies(study):
        curves.append(growth_curve(counts))
        laws.append(vars(_law(counts, _stage(progress, counts.system))))
    write_kept(study.path / "growth.parquet", pd.concat(curves, ignore_index=True), _facts(study))
    write_kept(study.path / "heaps.parquet", pd.DataFrame(laws), _facts(study))


def dictionary_growth(studies: Sequence[Study]) -> pd.DataFrame:
    """How many of their latents the studies of one collection use: one row per study, the smallest SAE first.

    Columns study, encoder, layer, n_latents, k, distinct, reached (share of the dictionary), exponent (Heaps',
    without an interval), last_exponent, once (latents in one document), unseen, unseen_low, unseen_high (Chao's
    estimate, at least), over_half (latents in over half of the documents). Two collections are a `UserError`.
    """
    collections = {study.manifest["collection"]["fingerprint"] for study in studies}
    if len(collections) > 1:
        raise UserError(
            "expected studies of one collection, got "
            + ", ".join(f"{study.name} of {study.manifest['collection']['name']}" for study in studies)
        )
    rows = []
    for study in studies:
        frequency, n_docs = study.index.document_frequency, study.index.n_docs
        sizes = sizes_of(n_docs)
        tokens = sizes * (len(study.tokens.token_ids) / max(n_docs, 1))
        beta, _ = fit_heaps(tokens, expected_distinct(frequency, n_docs, sizes))
        distinct, once = int((frequency > 0).sum()), int((frequency == 1).sum())
        unseen, low, high = unseen_terms(once, int((frequency == 2).sum()), n_docs)
        config = study.manifest["encoder"]["config"]
        rows.append(
            {
                "study": study.name,
                "encoder": str(config["model"]),
                "layer": "final" if config.get("layer") is None else str(config["layer"]),
                "n_latents": study.n_latents,
                "k": study.manifest["sae"]["k"],
                "distinct": distinct,
                "reached": distinct / max(study.n_latents, 1),
                "exponent": beta,
                "last_exponent": once / max(distinct, 1),
                "once": once,
                "unseen": unseen,
                "unseen_low": low,
                "unseen_high": high,
                "over_half": int((2 * frequency > n_docs).sum()),
            }
        )
    return pd.DataFrame(rows).sort_values(["n_latents", "k", "study"], ignore_index=True)


def filling_curves(studies: Sequence[Study]) -> pd.DataFrame:
    """Share of all latents that occur in n documents, exact mean over orders: study, name, n_docs, expected,
    share.
    """
    parts = []
    for study in studies:
        sizes = sizes_of(study.index.n_docs)
        expected = expected_distinct(study.index.document_frequency, study.index.n_docs, sizes)
        name = f"{study.name}: {study.n_latents:,} latents, k = {study.manifest['sae']['k']}"
        share = expected / max(study.n_latents, 1)
        parts.append(
            pd.DataFrame({"n_docs": sizes, "expected": expected, "share": share}).assign(
                study=study.name, name=name
            )
        )
    return pd.concat(parts, ignore_index=True)


def _law(counts: TermCounts, progress: StepProgress | None = None) -> Heaps:
    law = heaps_of(counts, progress=progress)
    if counts.system != LEARNED_SPARSE.name:
        return law
    return replace(law, once_token=None, new_token=float("nan"))


def _stage(progress: Progress | None, system: str) -> StepProgress | None:
    return within(progress, f"Growth of {system.replace('_', ' ')}")


def _heaps(row: dict[Any, Any]) -> Heaps:
    whole = {name: row[name] for name in ("capacity", "once_token")}
    known = {name: None if pd.isna(value) else int(value) for name, value in whole.items()}
    return Heaps(**(row | known))


def _facts(study: Study) -> dict[str, Any]:
    own = {"format": FORMAT, "study": study.manifest["fingerprint"], "n_latents": study.n_latents}
    return own | kept_beside(study)

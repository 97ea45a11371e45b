"""Do terms repeat in bursts, as BM25's saturation assumes?

    adaptation     P(k >= 2 | k >= 1): documents with a term twice or more, of those with the term (Church 2000)
    burstiness     tokens / documents: occurrences of a term per document with the term (Church and Gale 1995)
    dispersion     variance / mean of a term's count over all documents: 1 for a Poisson
    chance         the adaptation of a Poisson with the term's own rate, in each document by its length

If a term falls on tokens independently, its second occurrence is as informative as its first. If a term comes in
bursts, the first occurrence already says what the document is about, and the term repeats: the weight has to
saturate, at k1. BM25 approximates the two-Poisson model of such terms (Robertson and Walker 1994).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.statistics.log_bins import binned_medians
from analyses.vocabularies.term_counts import SYSTEMS, TermCounts, term_counts
from retrieval.stored_tables import read_kept, write_kept
from retrieval.study import Study

FORMAT = 1
FEWEST_DOCUMENTS = 5  # of a term in the table
N_LENGTHS = 64  # distinct lengths that chance is computed for; where there are more, means of quantiles


def repetition(counts: TermCounts) -> pd.DataFrame:
    """Repetition of each term: one row per term in FEWEST_DOCUMENTS or more documents.

    Columns system, term, name, document_frequency, tokens, burstiness, adaptation, chance (the adaptation that a
    Poisson of its rate has), dispersion, longest (its largest count in a document).
    """
    frequency = counts.document_frequency
    terms = np.flatnonzero(frequency >= FEWEST_DOCUMENTS)
    tokens = counts.occurrences
    twice = _sums(counts.indptr, counts.counts >= 2)
    squares = _sums(counts.indptr, np.square(counts.counts, dtype=np.float64))
    longest = np.zeros(counts.n_terms)
    held = np.flatnonzero(frequency)
    longest[held] = np.maximum.reduceat(counts.counts, counts.indptr[held]) if len(held) else 0
    n = max(counts.n_docs, 1)
    mean = tokens / n
    variance = squares / n - mean**2
    return pd.DataFrame(
        {
            "system": counts.system,
            "term": terms,
            "name": [counts.names[int(term)] for term in terms],
            "document_frequency": frequency[terms],
            "tokens": tokens[terms],
            "burstiness": tokens[terms] / frequency[terms],
            "adaptation": twice[terms] / frequency[terms],
            "chance": poisson_adaptation(
                tokens[terms] / max(counts.document_tokens.sum(), 1), counts.document_tokens
            ),
            "dispersion": variance[terms] / mean[terms],
            "longest": longest[terms].astype(np.int64),
        }
    )


def poisson_adaptation(rate: NDArray[np.float64], lengths: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """P(k >= 2) / P(k >= 1), each summed over documents, of Poisson counts with means rate * length; (n_terms,).

    rate: of a term, a token. lengths: tokens of each document; above N_LENGTHS different ones, N_LENGTHS quantiles.
    """
    size, weight = _few_lengths(np.asarray(lengths, np.float64))
    once, twice = np.zeros(len(rate)), np.zeros(len(rate))
    for length, n in zip(size, weight, strict=True):
        mean = rate * length
        at_least_one = -np.expm1(-mean)
        once += n * at_least_one
        twice += n * (at_least_one - mean * np.exp(-mean))
    chance: NDArray[np.float64] = np.divide(twice, once, out=np.full(len(rate), np.nan), where=once > 0)
    return chance


def repetition_by_frequency(table: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Medians over the terms of each doubling of document frequency, per system: see `log_bins.binned_medians`.

    table: rows of `repetition`, of one or more systems. Columns system, measure (adaptation, chance, burstiness),
    x (documents), median, low, high, lower, upper, n (terms).
    """
    parts = [
        binned_medians(part["document_frequency"].to_numpy(), part[measure].to_numpy(), seed=seed).assign(
            system=system, measure=measure
        )
        for system, part in table.groupby("system", sort=False)
        for measure in ("adaptation", "chance", "burstiness")
    ]
    if not parts:  # in a tiny collection no term is in enough documents
        columns = ["x", "median", "low", "high", "lower", "upper", "n", "system", "measure"]
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True)


def _few_lengths(lengths: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lengths and how many documents have each; where there are many, means of as many quantiles."""
    size, weight = np.unique(lengths, return_counts=True)
    if len(size) <= N_LENGTHS:
        return size, weight.astype(np.float64)
    parts = np.array_split(np.sort(lengths), N_LENGTHS)
    return np.array([part.mean() for part in parts]), np.array([float(len(part)) for part in parts])


def _sums(indptr: NDArray[np.int64], values: NDArray[Any]) -> NDArray[np.float64]:
    """Sum of each term's postings, (n_terms,)."""
    before = np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))
    return before[indptr[1:]] - before[indptr[:-1]]


def study_repetition(study: Study) -> pd.DataFrame:
    """`repetition` of latents, words and wordpieces of a study."""
    return pd.concat([repetition(term_counts(study, system)) for system in SYSTEMS], ignore_index=True)


def repetition_medians(study: Study) -> pd.DataFrame:
    """`repetition_by_frequency` of a study; read from its folder where `write_repetition` kept it."""
    kept = read_kept(study.path / "repetition.parquet", _facts(study))
    return repetition_by_frequency(study_repetition(study)) if kept is None else kept


def repetition_is_kept(study: Study) -> bool:
    """Whether `repetition_medians` only reads."""
    return read_kept(study.path / "repetition.parquet", _facts(study)) is not None


def write_repetition(study: Study) -> None:
    """Keep `repetition_medians` in the study's folder, if it is not there already."""
    path = study.path / "repetition.parquet"
    if read_kept(path, _facts(study)) is None:
        write_kept(path, repetition_by_frequency(study_repetition(study)), _facts(study))


def _facts(study: Study) -> dict[str, Any]:
    return {"format": FORMAT, "study": study.manifest["fingerprint"], "n_latents": study.n_latents}

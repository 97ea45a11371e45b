"""An index without some of its terms, as if they had never been counted: no postings, and no share in |d|."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.ragged import offsets_of
from retrieval.bm25 import PHIS, term_weight
from retrieval.index import Index


def without_terms(index: Index, terms: NDArray[np.integer[Any]]) -> Index:
    """The index of the same documents without `terms`, to the bit; the other terms keep their numbers.

    All documents stay, even those without any term, so N and the idf of the other terms stay too.
    """
    frequency = index.document_frequency.copy()
    frequency[terms] = 0
    kept = np.ones(index.n_terms, dtype=bool)
    kept[terms] = False
    posting = np.repeat(kept, index.document_frequency)
    documents, counts = index.documents[posting], index.counts[posting]
    lengths = [
        np.bincount(documents, term_weight(counts, phi), minlength=index.n_docs) for phi in PHIS
    ]  # summed in the order of terms, as when they were counted
    return Index(
        offsets_of(frequency), documents, counts, np.array(lengths, np.float64).reshape(len(PHIS), -1)
    )


def most_frequent(index: Index, share: float) -> NDArray[np.int64]:
    """The `share` of the occurring terms with the highest document frequency, int64; ties by lower term."""
    order = _by_frequency(index)
    return order[: round(share * len(order))]


def as_many_postings(index: Index, terms: NDArray[np.integer[Any]], seed: int) -> NDArray[np.int64]:
    """A control for `terms`: randomly drawn other terms that just reach the number of their postings, int64."""
    frequency = index.document_frequency
    others = np.setdiff1d(np.flatnonzero(frequency), terms)
    drawn = np.random.default_rng(seed).permutation(others)
    n_postings = int(frequency[terms].sum())
    if not n_postings:
        return drawn[:0]
    return drawn[: int(np.searchsorted(np.cumsum(frequency[drawn]), n_postings)) + 1]


def least_frequent(index: Index, share: float) -> NDArray[np.int64]:
    """The `share` of the occurring terms with the lowest document frequency, int64; ties by higher term."""
    order = _by_frequency(index)
    return order[len(order) - round(share * len(order)) :]


def _by_frequency(index: Index) -> NDArray[np.int64]:
    order = np.argsort(-index.document_frequency, kind="stable")
    return order[index.document_frequency[order] > 0]

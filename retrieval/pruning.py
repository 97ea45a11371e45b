"""An index without some of its terms, as if they had never been counted: no postings, and nothing in |d|."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.ragged import offsets_of
from retrieval.bm25 import PHIS, term_weight
from retrieval.index import Index


def without_terms(index: Index, terms: NDArray[np.integer[Any]]) -> Index:
    """What indexing the same documents without `terms` gives, to the bit; the others keep their numbers.

    Documents stay, those without any term included; N, and so the idf of the others, is as before.
    """
    frequency = index.document_frequency.copy()
    frequency[terms] = 0
    kept = np.ones(index.n_terms, dtype=bool)
    kept[terms] = False
    posting = np.repeat(kept, index.document_frequency)
    documents, mass = index.documents[posting], index.mass[posting]
    lengths = [
        np.bincount(documents, term_weight(mass, phi), minlength=index.n_docs) for phi in PHIS
    ]  # in the order of terms, as they were counted
    return Index(offsets_of(frequency), documents, mass, np.array(lengths, np.float64).reshape(len(PHIS), -1))


def most_frequent(index: Index, share: float) -> NDArray[np.int64]:
    """The most frequent `share` of the terms that occur at all, by documents; ties by their number."""
    order = _by_frequency(index)
    return order[: round(share * len(order))]


def as_many_postings(index: Index, terms: NDArray[np.integer[Any]], seed: int) -> NDArray[np.int64]:
    """Other terms drawn at random until they have as many postings as `terms`, or one term more: their control."""
    frequency = index.document_frequency
    others = np.setdiff1d(np.flatnonzero(frequency), terms)
    drawn = np.random.default_rng(seed).permutation(others)
    wanted = int(frequency[terms].sum())
    return drawn[: int(np.searchsorted(np.cumsum(frequency[drawn]), wanted)) + 1] if wanted else drawn[:0]


def least_frequent(index: Index, share: float) -> NDArray[np.int64]:
    """The least frequent `share` of the terms that occur at all, by documents; ties by their number."""
    order = _by_frequency(index)
    return order[len(order) - round(share * len(order)) :]


def _by_frequency(index: Index) -> NDArray[np.int64]:
    order = np.argsort(-index.document_frequency, kind="stable")
    return order[index.document_frequency[order] > 0]

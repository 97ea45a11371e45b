"""Counts: the raw pooled mass of documents or queries over terms, as CSR (n_texts, n_terms), made fit to index."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from data.errors import UserError
from retrieval import bm25
from retrieval.bm25 import PHIS


def clean_counts(counts: csr_array, n_terms: int | None = None) -> csr_array:
    """The same counts as float32, columns sorted and unique, without zeros; what arrived is not touched.

    Raises UserError for another width than `n_terms` and for mass that is negative or not finite.
    """
    if n_terms is not None and counts.shape[1] != n_terms:
        raise UserError(
            f"expected counts over {n_terms} terms, got {counts.shape[1]}: not the same vocabulary"
        )
    clean: csr_array = csr_array(counts).astype(np.float32)
    if not clean.has_canonical_format:
        clean = clean.copy()
        clean.sum_duplicates()
    if clean.nnz and not (np.isfinite(clean.data).all() and clean.data.min() >= 0):
        raise UserError("counts hold a negative or infinite mass, but pooled activations are 0 or more")
    if clean.nnz and clean.data.min() == 0:
        clean = clean.copy()
        clean.eliminate_zeros()
    return clean


def lengths_of(counts: csr_array) -> NDArray[np.float64]:
    """|d| under each of PHIS, float64 (n_phis, n_docs); a row is added up in the order of its terms."""
    lengths = np.zeros((len(PHIS), counts.shape[0]))
    owners = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    for row, phi in zip(lengths, PHIS, strict=True):
        row[:] = np.bincount(owners, bm25.term_weight(counts.data, phi), minlength=len(row))
    return lengths

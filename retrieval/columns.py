"""One query's columns, weighed on the spot: every contribution to every document, for any parameters and any |d|.

    c_jd = w_j(q) idf_j w_jd (k1 + 1) / (w_jd + k1 (1 - b + b |d| / avg|d|))          score(q, d) = sum_j g_j c_jd

Nothing else of the index is touched, so that k1, b, phi and idf can follow a slider, and a change g_j of the
query's weights is one product of a vector and a matrix, exact for all documents.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from retrieval import bm25
from retrieval.bm25 import PHIS, Bm25Parameters
from retrieval.index import Index
from retrieval.kernels import in_threads, kernel


def query_columns(
    index: Index,
    query: csr_array,
    parameters: Bm25Parameters,
    document_length: NDArray[np.float64] | None = None,
    idf: NDArray[np.float64] | None = None,
    mass_factor: NDArray[np.float64] | None = None,
) -> NDArray[np.float32]:
    """Contributions c_jd of one query (1, n_terms), float32 (n_query_terms, n_docs), in the order of its indices.

    document_length: |d| to be used instead of the index's, (n_docs,). idf: instead of the index's, and
    mass_factor: by which a term's mass is multiplied in all documents, both (n_query_terms,).
    """
    terms = np.asarray(query.indices, np.int64)
    length = index.document_length(parameters.phi) if document_length is None else document_length
    if idf is None:
        frequency = index.document_frequency[terms]
        idf = bm25.inverse_document_frequency(frequency, index.n_docs, parameters.idf)
    weight = bm25.term_weight(query.data, parameters.phi) * idf
    norm = parameters.k1 * bm25.length_norm(length, bm25.average_length(length), parameters.b)
    factor = np.ones(len(terms)) if mass_factor is None else np.asarray(mass_factor, np.float64)
    columns = np.zeros((len(terms), index.n_docs), np.float32)
    postings = (index.indptr, index.documents, index.mass)
    weight = weight * (parameters.k1 + 1)

    def weigh(start: int, stop: int) -> None:
        _weigh_columns(
            *postings, terms, weight, factor, PHIS.index(parameters.phi), norm, start, stop, columns
        )

    in_threads(weigh, len(terms))
    return columns


def best_documents(scores: NDArray[np.floating[Any]], depth: int) -> NDArray[np.int64]:
    """The `depth` documents of highest score above 0, ties in document order; int64, fewer where fewer score."""
    kept = min(depth, len(scores))
    if not kept:
        return np.zeros(0, np.int64)
    least = np.partition(scores, len(scores) - kept)[len(scores) - kept]
    candidates = np.flatnonzero((scores >= least) & (scores > 0))
    order: NDArray[np.int64] = candidates[np.argsort(-scores[candidates], kind="stable")][:depth]
    return order


def rank_of(scores: NDArray[np.floating[Any]], document: int) -> int | None:
    """Place of a document by these scores, from 1, ties in document order; None where it scores nothing."""
    score = scores[document]
    if not score > 0:
        return None
    return 1 + int((scores > score).sum()) + int((scores[:document] == score).sum())


@kernel
def _weigh_columns(
    indptr: NDArray[np.int64],
    documents: NDArray[np.int32],
    mass: NDArray[np.float32],
    terms: NDArray[np.int64],
    weight: NDArray[np.float64],
    factor: NDArray[np.float64],
    phi: int,
    k1_norm: NDArray[np.float64],
    start: int,
    stop: int,
    columns: NDArray[np.float32],
) -> None:
    """Fill rows start..stop of `columns`; weight is w_j(q) idf_j (k1 + 1)."""
    for i in range(start, stop):
        if weight[i] == 0.0 or factor[i] == 0.0:
            continue
        for p in range(indptr[terms[i]], indptr[terms[i] + 1]):
            w = mass[p] * factor[i]
            if phi == 0:
                w = np.sqrt(w)
            elif phi == 1:
                w = np.log1p(w)
            columns[i, documents[p]] = weight[i] * w / (w + k1_norm[documents[p]])

"""All contributions of one query's terms to all documents, for any BM25 parameters and any document lengths.

    c_jd = w_j(q) idf_j w_jd (k1 + 1) / (w_jd + k1 (1 - b + b |d| / avg|d|))          score(q, d) = sum_j g_j c_jd

Only the query's terms are read from the index, fast enough for sliders of k1, b, phi and idf. Factors g_j of the
query's weights cost one product of a vector and a matrix, exact for all documents.
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
    count_factor: NDArray[np.float64] | None = None,
) -> NDArray[np.float32]:
    """c_jd of one query's counts (1, n_terms), float32 (n_query_terms, n_docs), rows in the order of its indices.

    document_length: |d|, (n_docs,); None: the index's. idf: (n_query_terms,); None: the index's. count_factor:
    factor of a term's count in all documents, (n_query_terms,); None: 1.
    """
    terms = np.asarray(query.indices, np.int64)
    length = index.document_length(parameters.phi) if document_length is None else document_length
    if idf is None:
        frequency = index.document_frequency[terms]
        idf = bm25.inverse_document_frequency(frequency, index.n_docs, parameters.idf)
    weight = bm25.term_weight(query.data, parameters.phi) * idf
    norm = parameters.k1 * bm25.length_norm(length, bm25.average_length(length), parameters.b)
    factor = np.ones(len(terms)) if count_factor is None else np.asarray(count_factor, np.float64)
    columns = np.zeros((len(terms), index.n_docs), np.float32)
    postings = (index.indptr, index.documents, index.counts)
    weight = weight * (parameters.k1 + 1)

    def weigh(start: int, stop: int) -> None:
        _weigh_columns(
            *postings, terms, weight, factor, PHIS.index(parameters.phi), norm, start, stop, columns
        )

    in_threads(weigh, len(terms))
    return columns


def best_documents(scores: NDArray[np.floating[Any]], depth: int) -> NDArray[np.int64]:
    """The at most `depth` documents of highest score above 0, best first, ties in document order; int64."""
    kept = min(depth, len(scores))
    if not kept:
        return np.zeros(0, np.int64)
    least = np.partition(scores, len(scores) - kept)[len(scores) - kept]
    candidates = np.flatnonzero((scores >= least) & (scores > 0))
    order: NDArray[np.int64] = candidates[np.argsort(-scores[candidates], kind="stable")][:depth]
    return order


def rank_of(scores: NDArray[np.floating[Any]], document: int) -> int | None:
    """Rank of a document by these scores, from 1, ties in document order; None for a score of 0."""
    score = scores[document]
    if not score > 0:
        return None
    return 1 + int((scores > score).sum()) + int((scores[:document] == score).sum())


@kernel
def _weigh_columns(
    indptr: NDArray[np.int64],
    documents: NDArray[np.int32],
    counts: NDArray[np.float32],
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
            w = counts[p] * factor[i]
            if phi == 0:
                w = np.sqrt(w)
            elif phi == 1:
                w = np.log1p(w)
            columns[i, documents[p]] = weight[i] * w / (w + k1_norm[documents[p]])

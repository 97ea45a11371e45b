"""Exact top-k search: score[d] += w_j(q) idf_j impact_jd, term by term, then the best `depth` documents.

Rare terms are scattered from their postings; then frequent terms are added as dense rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from data.errors import UserError
from retrieval import bm25
from retrieval.counts import clean_counts
from retrieval.index import take_or_zero
from retrieval.kernels import in_threads, kernel
from retrieval.run import Run
from retrieval.top_k import best_keys, decode_keys, no_keys, select
from retrieval.weighted_index import WeightedIndex

STRIPE = 2048  # documents whose scores stay in the L1 cache while dense rows are added


def search(
    index: WeightedIndex,
    queries: csr_array,
    depth: int,
    query_ids: Sequence[str],
    document_ids: Sequence[str],
    n_threads: int | None = None,
) -> Run:
    """The `depth` best documents of each query among those with a score above 0; ties in document order.

    queries: counts, csr (n_queries, n_terms), without phi. n_threads: None: one per core. Scores are float32,
    summed in the order of terms, rare terms first, so they depend neither on other queries nor on the number of
    threads. Another number of terms, query ids or document ids raises a `UserError`.
    """
    queries = clean_counts(queries, index.n_terms)
    if len(document_ids) != index.n_docs:
        raise UserError(
            f"expected {index.n_docs} document ids, got {len(document_ids)}: give the ids of the indexed corpus"
        )
    keys = no_keys(len(query_ids), queries.shape[0], depth)
    weights = _query_weights(index, queries).astype(np.float32)
    queries = csr_array((weights, queries.indices, queries.indptr), shape=queries.shape)
    queries.eliminate_zeros()
    entries = (queries.indptr.astype(np.int64), queries.indices.astype(np.int32), queries.data)
    postings = (index.index.indptr, index.index.documents, index.impact, index.dense, index.dense_row)

    def search_rows(start: int, stop: int) -> None:
        _search_rows(*postings, *entries, start, stop, keys)

    in_threads(search_rows, queries.shape[0], n_threads)
    return Run(query_ids, document_ids, *decode_keys(best_keys(keys, depth)))


def contributions(index: WeightedIndex, query: csr_array, document: int) -> tuple[float, pd.DataFrame]:
    """score(q, d) of one document as `search` computes it (float32), and its breakdown by term (float64).

    query: counts, csr (1, n_terms). The breakdown has a row per term of the query, ascending: term, query_weight
    w_j(q), idf, document_weight w_j(d), saturation, contribution = query_weight idf saturation.
    """
    query = _one_query(index, query)
    parameters, terms = index.parameters, query.indices
    positions = index.index.positions(document, terms)
    document_weight = bm25.term_weight(take_or_zero(index.index.counts, positions), parameters.phi)
    norm = bm25.length_norm(index.document_length[document], index.average_length, parameters.b)
    breakdown = pd.DataFrame(
        {
            "term": terms,
            "query_weight": bm25.term_weight(query.data, parameters.phi),
            "idf": index.idf[terms],
            "document_weight": document_weight,
            "saturation": bm25.saturation(document_weight, parameters.k1, norm),
        }
    )
    breakdown["contribution"] = breakdown["query_weight"] * breakdown["idf"] * breakdown["saturation"]
    parts = _query_weights(index, query).astype(np.float32) * take_or_zero(index.impact, positions)
    order = np.argsort(index.dense_row[terms] >= 0, kind="stable")  # the order in which `search` sums
    return float(np.add.accumulate(parts[order])[-1]) if len(parts) else 0.0, breakdown


def scores_of_all(index: WeightedIndex, query: csr_array) -> NDArray[np.float32]:
    """score(q, d) of all documents for one query (1, n_terms), bit-identical to `search`; float32 (n_docs,)."""
    query = _one_query(index, query)
    weights = _query_weights(index, query).astype(np.float32)
    terms, weights = query.indices[weights > 0], weights[weights > 0]
    scores = np.zeros(index.n_docs, np.float32)
    rows = index.dense_row[terms]
    rare, frequent = rows < 0, rows >= 0
    postings = (index.index.indptr, index.index.documents, index.impact)
    _scatter(*postings, terms[rare].astype(np.int32), weights[rare], scores)
    _add_rows(index.dense, rows[frequent], weights[frequent], scores)
    return scores


def contribution_table(
    index: WeightedIndex, query: csr_array, documents: NDArray[np.integer[Any]]
) -> NDArray[np.float64]:
    """The contribution of each term of one query (1, n_terms) to each of `documents`, as in their breakdowns.

    float64 (n_query_terms, len(documents)), rows by ascending term; a column sums to the document's score.
    """
    query = _one_query(index, query)
    parameters, documents = index.parameters, np.asarray(documents, np.int64)
    positions = np.array([index.index.positions(int(d), query.indices) for d in documents], np.int64)
    positions = positions.reshape(len(documents), query.nnz)
    counts = take_or_zero(index.index.counts, positions.ravel()).reshape(positions.shape)
    weight = bm25.term_weight(counts, parameters.phi)
    norm = bm25.length_norm(index.document_length[documents], index.average_length, parameters.b)
    saturated = bm25.saturation(weight, parameters.k1, norm[:, None])
    return (saturated * _query_weights(index, query)).T


def score_documents(
    index: WeightedIndex, query: csr_array, documents: NDArray[np.integer[Any]]
) -> NDArray[np.float64]:
    """score(q, d) of `documents` for one query (1, n_terms), summed over breakdowns; float64 (len(documents),)."""
    scores: NDArray[np.float64] = contribution_table(index, query, documents).sum(axis=0)
    return scores


def _one_query(index: WeightedIndex, query: csr_array) -> csr_array:
    if query.shape[0] != 1:
        raise UserError(f"expected the terms of one query, got {query.shape[0]} rows: pass one row")
    return clean_counts(query, index.n_terms)


def _query_weights(index: WeightedIndex, queries: csr_array) -> NDArray[np.float64]:
    """w_j(q) idf_j of each stored entry of the queries."""
    return bm25.term_weight(queries.data, index.parameters.phi) * index.idf[queries.indices]


@kernel
def _search_rows(
    indptr: NDArray[np.int64],
    documents: NDArray[np.int32],
    impact: NDArray[np.float32],
    dense: NDArray[np.float32],
    dense_row: NDArray[np.int32],
    query_indptr: NDArray[np.int64],
    terms: NDArray[np.int32],
    weights: NDArray[np.float32],
    start: int,
    stop: int,
    keys: NDArray[np.int64],
) -> None:
    """Fill rows start..stop of `keys` with the keys of each query's best documents, unsorted."""
    scores = np.empty(dense.shape[1], np.float32)
    for query in range(start, stop):
        scores[:] = 0
        entries = slice(query_indptr[query], query_indptr[query + 1])
        rows = dense_row[terms[entries]]
        rare, frequent = rows < 0, rows >= 0
        _scatter(indptr, documents, impact, terms[entries][rare], weights[entries][rare], scores)
        _add_rows(dense, rows[frequent], weights[entries][frequent], scores)
        select(scores.view(np.int32), keys[query])


@kernel
def _scatter(
    indptr: NDArray[np.int64],
    documents: NDArray[np.int32],
    impact: NDArray[np.float32],
    terms: NDArray[np.int32],
    weights: NDArray[np.float32],
    scores: NDArray[np.float32],
) -> None:
    for i in range(len(terms)):
        start, stop = indptr[terms[i]], indptr[terms[i] + 1]
        column, column_impact, weight = documents[start:stop], impact[start:stop], weights[i]
        # A term's documents differ, so four updates are independent; unsigned indices need no test for negatives.
        whole = len(column) - len(column) % 4
        for p in range(0, whole, 4):
            d0, d1 = np.uint32(column[p]), np.uint32(column[p + 1])
            d2, d3 = np.uint32(column[p + 2]), np.uint32(column[p + 3])
            s0 = scores[d0] + weight * column_impact[p]
            s1 = scores[d1] + weight * column_impact[p + 1]
            s2 = scores[d2] + weight * column_impact[p + 2]
            s3 = scores[d3] + weight * column_impact[p + 3]
            scores[d0], scores[d1], scores[d2], scores[d3] = s0, s1, s2, s3
        for p in range(whole, len(column)):
            scores[np.uint32(column[p])] += weight * column_impact[p]


@kernel
def _add_rows(
    dense: NDArray[np.float32],
    rows: NDArray[np.int32],
    weights: NDArray[np.float32],
    scores: NDArray[np.float32],
) -> None:
    paired = len(rows) - len(rows) % 2
    for start in range(0, len(scores), STRIPE):
        stripe = scores[start : start + STRIPE]
        for i in range(0, paired, 2):
            row, next_row = dense[rows[i], start : start + STRIPE], dense[rows[i + 1], start : start + STRIPE]
            weight, next_weight = weights[i], weights[i + 1]
            for j in range(len(stripe)):
                stripe[j] = stripe[j] + weight * row[j] + next_weight * next_row[j]
        for i in range(paired, len(rows)):
            row, weight = dense[rows[i], start : start + STRIPE], weights[i]
            for j in range(len(stripe)):
                stripe[j] = stripe[j] + weight * row[j]

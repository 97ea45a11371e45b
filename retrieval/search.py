"""Exact top-k: score[d] += w_j(q) idf_j impact_jd, term by term, then the best `depth` documents.

Selection rests on one remark: the k-th largest of the maxima of disjoint blocks of documents is at most the
k-th largest score, so only documents that reach it need be looked at and sorted.
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
from retrieval.index import WeightedIndex, clean_counts, take_or_zero
from retrieval.kernels import in_threads, kernel
from retrieval.run import Run

BLOCK = 32  # documents whose maximum is taken together
LAST = 0xFFFFFFFF
NO_RESULT = np.iinfo(np.int64).min  # sorts after any result; no finite score has this key


def search(
    index: WeightedIndex,
    queries: csr_array,
    depth: int,
    query_ids: Sequence[str],
    document_ids: Sequence[str],
    n_threads: int | None = None,
) -> Run:
    """The `depth` best documents of each query among those with a score above 0; ties in document order.

    queries: raw mass (n_queries, n_terms); phi is applied here. Scores are float32, added in the order of
    terms, so that neither other queries nor the number of threads (None: one a core) change them.
    """
    queries = clean_counts(queries, index.n_terms)
    if len(document_ids) != index.n_docs:
        raise UserError(
            f"expected {index.n_docs} document ids, got {len(document_ids)}: not the indexed corpus"
        )
    columns, weights = queries.indices, _query_weights(index, queries)
    keys = no_keys(len(query_ids), queries.shape[0], depth)

    def answer(start: int, stop: int) -> None:
        scores = np.empty(-(-index.n_docs // BLOCK) * BLOCK, np.float32)
        for query in range(start, stop):
            row = slice(queries.indptr[query], queries.indptr[query + 1])
            used = weights[row] > 0
            terms, term_weights = columns[row][used].astype(np.int32), weights[row][used].astype(np.float32)
            _accumulate(index.index.indptr, index.index.documents, index.impact, terms, term_weights, scores)
            best = best_keys(_contenders(scores, depth), depth)
            keys[query, : len(best)] = best

    in_threads(answer, queries.shape[0], n_threads)
    return Run(query_ids, document_ids, *decode_keys(keys))


def contributions(index: WeightedIndex, query: csr_array, document: int) -> tuple[float, pd.DataFrame]:
    """The score of one document as `search` gives it (float32), and its ledger (float64), whose sum it is.

    query: raw mass (1, n_terms). The ledger has a row for each term of the query, in their order: term,
    query_weight w_j(q), idf, document_weight w_j(d), saturation, contribution = query_weight idf saturation.
    """
    query = _one_query(index, query)
    parameters, terms = index.parameters, query.indices
    positions = index.index.positions(document, terms)
    document_weight = bm25.term_weight(take_or_zero(index.index.mass, positions), parameters.phi)
    norm = bm25.length_norm(index.document_length[document], index.average_length, parameters.b)
    ledger = pd.DataFrame(
        {
            "term": terms,
            "query_weight": bm25.term_weight(query.data, parameters.phi),
            "idf": index.idf[terms],
            "document_weight": document_weight,
            "saturation": bm25.saturation(document_weight, parameters.k1, norm),
        }
    )
    ledger["contribution"] = ledger["query_weight"] * ledger["idf"] * ledger["saturation"]
    parts = _query_weights(index, query).astype(np.float32) * take_or_zero(index.impact, positions)
    return float(np.add.accumulate(parts)[-1]) if len(parts) else 0.0, ledger


def score_documents(
    index: WeightedIndex, query: csr_array, documents: NDArray[np.integer[Any]]
) -> NDArray[np.float64]:
    """Exact scores of named documents for one query (1, n_terms): sums of their ledgers; (len(documents),)."""
    query = _one_query(index, query)
    return np.array([contributions(index, query, int(d))[1]["contribution"].sum() for d in documents], float)


def _one_query(index: WeightedIndex, query: csr_array) -> csr_array:
    if query.shape[0] != 1:
        raise UserError(f"expected the terms of one query, got {query.shape[0]} rows: pass one")
    return clean_counts(query, index.n_terms)


def _query_weights(index: WeightedIndex, queries: csr_array) -> NDArray[np.float64]:
    """w_j(q) idf_j for each entry of the queries."""
    return bm25.term_weight(queries.data, index.parameters.phi) * index.idf[queries.indices]


def no_keys(n_query_ids: int, n_queries: int, depth: int) -> NDArray[np.int64]:
    """Room for each query's best keys, all "no result"; a UserError where the request makes no sense."""
    if depth < 1:
        raise UserError(f"depth is {depth}, but at least one result must be asked for")
    if n_query_ids != n_queries:
        raise UserError(f"{n_queries} queries came with {n_query_ids} ids: one id a query is needed")
    return np.full((n_queries, depth), NO_RESULT)


def rank_keys(scores: NDArray[np.float32], documents: NDArray[Any]) -> NDArray[np.int64]:
    """One int64 for each (score, document) that sorts as results do: by score, then earlier document.

    The upper half is the score's bits, flipped below zero so that they order as numbers; the lower half
    counts documents backwards.
    """
    bits = (scores + np.float32(0)).view(np.int32).astype(np.int64)  # + 0: -0.0 and 0.0 are one score
    ordered = np.where(bits < 0, bits ^ 0x7FFFFFFF, bits)
    return (ordered << 32) | (LAST - np.asarray(documents, np.int64))


def best_keys(keys: NDArray[np.int64], depth: int) -> NDArray[np.int64]:
    """The `depth` largest keys along the last axis, or all where there are fewer, falling."""
    if keys.shape[-1] > depth:
        keys = np.partition(keys, keys.shape[-1] - depth, axis=-1)[..., -depth:]
    best: NDArray[np.int64] = np.sort(keys, axis=-1)[..., ::-1]
    return best


def decode_keys(keys: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Documents and scores of `rank_keys`; -1 and 0 where there is no result."""
    ordered = np.where(keys == NO_RESULT, 0, keys >> 32)
    documents = np.where(keys == NO_RESULT, -1, LAST - (keys & LAST)).astype(np.int32)
    return documents, np.where(ordered < 0, ordered ^ 0x7FFFFFFF, ordered).astype(np.int32).view(np.float32)


def _contenders(scores: NDArray[np.float32], depth: int) -> NDArray[np.int64]:
    """Keys of a few documents, `depth` best among them; all documents with a score where they are few."""
    # Scores are 0 or more, and such float32s order as their bits do: integers, whose maxima are vector code.
    bits = scores.view(np.int32)
    maxima = np.zeros(len(bits) // BLOCK, np.int32)
    _block_maxima(bits, maxima)
    threshold = np.int32(1)
    if depth < len(maxima):
        threshold = max(threshold, np.partition(maxima, len(maxima) - depth)[-depth])
    documents = np.empty(BLOCK * int((maxima >= threshold).sum()), np.int32)
    documents = documents[: _reaching(bits, maxima, threshold, documents)]
    return rank_keys(scores[documents], documents)


@kernel
def _accumulate(
    indptr: NDArray[np.int64],
    documents: NDArray[np.int32],
    impact: NDArray[np.float32],
    terms: NDArray[np.int32],
    weights: NDArray[np.float32],
    scores: NDArray[np.float32],
) -> None:
    scores[:] = 0
    for i in range(len(terms)):
        start, stop = indptr[terms[i]], indptr[terms[i] + 1]
        column, column_impact, weight = documents[start:stop], impact[start:stop], weights[i]
        # A term's documents differ, so four can be in flight at once; unsigned: no test for negative indices.
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
def _block_maxima(bits: NDArray[np.int32], maxima: NDArray[np.int32]) -> None:
    for block in range(len(maxima)):
        largest = np.int32(0)
        for i in range(block * BLOCK, (block + 1) * BLOCK):
            largest = max(largest, bits[i])
        maxima[block] = largest


@kernel
def _reaching(
    bits: NDArray[np.int32], maxima: NDArray[np.int32], threshold: np.int32, documents: NDArray[np.int32]
) -> int:
    """Write the documents whose bits reach the threshold, rising; return how many."""
    n = 0
    for block in range(len(maxima)):
        if maxima[block] >= threshold:
            for i in range(block * BLOCK, (block + 1) * BLOCK):
                documents[n] = i
                n += bits[i] >= threshold
    return n

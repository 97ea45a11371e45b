"""Rank by the dot product of term weights, score(q, d) = sum_j w_j(q) w_j(d), as learned-sparse models do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csc_array, csr_array

from retrieval.index import Index
from retrieval.run import Run
from retrieval.top_k import NO_RESULT, best_keys, decode_keys, no_keys, rank_keys

QUERIES_AT_ONCE = 256


def dot_product_run(
    index: Index, queries: csr_array, depth: int, query_ids: Sequence[str], document_ids: Sequence[str]
) -> Run:
    """The `depth` documents of highest score for each query; ties in document order.

    queries: weights, csr (n_queries, n_terms). Documents without a term of a query are not among its results.
    """
    arrays = (np.asarray(index.counts), np.asarray(index.documents), np.asarray(index.indptr))
    weights = csc_array(arrays, shape=(index.n_docs, index.n_terms)).T.tocsr()
    keys, n_queries = no_keys(len(query_ids), queries.shape[0], depth), queries.shape[0]
    for first in range(0, n_queries, QUERIES_AT_ONCE):
        rows = slice(first, min(first + QUERIES_AT_ONCE, n_queries))
        scores = (csr_array(queries[rows]) @ weights).toarray().astype(np.float32)
        row_keys = rank_keys(scores, np.arange(index.n_docs))
        row_keys[scores <= 0] = NO_RESULT
        best = best_keys(row_keys, depth)
        keys[rows, : best.shape[1]] = best
    return Run(query_ids, document_ids, *decode_keys(keys))

"""Exact MaxSim of multi-vector encoders over all documents: MaxSim(q, d) = sum_i max_j v_qi . v_dj.

Khattab & Zaharia (2020), "ColBERT", arXiv 2004.12832, equation 3. The vectors of some documents are multiplied with
those of some queries, then reduced to the largest product per document; the product takes nearly all of the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from data.errors import UserError
from data.ragged import Ragged
from retrieval.kernels import kernel
from retrieval.run import Run
from retrieval.top_k import best_keys, decode_keys, no_keys, rank_keys

QUERY_TOKENS, DOCUMENT_TOKENS = 1024, 2048  # tokens per product: 8 MB of float32 similarities


def maxsim_search(
    documents: Iterable[Ragged],
    queries: Ragged,
    depth: int,
    query_ids: Sequence[str],
    document_ids: Sequence[str],
) -> Run:
    """The `depth` documents of highest MaxSim for each query; ties in document order.

    documents: blocks of consecutive documents, vectors (n_tokens, d_vector), which may be memory-mapped. queries:
    vectors (n_query_tokens, d_vector). Products are float32; every document with a vector is a result, whatever the
    sign of its score. Vectors of different widths, or another number of document ids, raise a `UserError`.
    """
    keys = no_keys(len(query_ids), len(queries), depth)
    first = 0
    for block in documents:
        scores = maxsim_scores(block, queries)
        block_keys = rank_keys(scores, np.arange(first, first + len(block)))
        block_keys = block_keys[:, block.lengths > 0]
        keys = best_keys(np.concatenate([keys, block_keys], axis=1), depth)
        first += len(block)
    if first != len(document_ids):
        raise UserError(
            f"expected {first} document ids, got {len(document_ids)}: give the ids of the encoded corpus"
        )
    return Run(query_ids, document_ids, *decode_keys(keys))


def maxsim_scores(documents: Ragged, queries: Ragged) -> NDArray[np.float32]:
    """MaxSim(q, d), float32 (n_queries, n_docs); 0 for a document without vectors."""
    if documents.values.shape[1:] != queries.values.shape[1:]:
        raise UserError(
            f"expected query vectors of width {documents.values.shape[1]}, got {queries.values.shape[1]}: "
            "queries and documents must come from one encoder"
        )
    scores = np.zeros((len(documents), len(queries)), np.float32)
    parts = [
        (rows, np.ascontiguousarray(_finite(vectors).T), offsets)
        for rows, vectors, offsets in _tiles(queries, QUERY_TOKENS)
    ]
    for rows, vectors, offsets in _tiles(documents, DOCUMENT_TOKENS):
        tile = _finite(vectors)
        for query_rows, query_vectors, query_offsets in parts:
            _sum_of_largest(tile @ query_vectors, offsets, query_offsets, scores[rows, query_rows])
    return scores.T


def _tiles(ragged: Ragged, n_tokens: int) -> Iterator[tuple[slice, NDArray[np.floating], NDArray[np.int64]]]:
    """(rows, values, offsets from 0) of consecutive rows with at most n_tokens values; a longer row is alone."""
    first, offsets = 0, ragged.offsets
    while first < len(ragged):
        within = int(np.searchsorted(offsets, offsets[first] + n_tokens, side="right")) - 1
        last = max(first + 1, within)
        values = ragged.values[offsets[first] : offsets[last]]
        yield slice(first, last), values, offsets[first : last + 1] - offsets[first]
        first = last


def _finite(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    rows = np.asarray(vectors, np.float32)
    if not np.isfinite(rows).all():
        raise UserError("a token's vector holds a value that is not finite: encode the texts again")
    return rows


@kernel
def _sum_of_largest(
    similarities: NDArray[np.float32],
    documents: NDArray[np.int64],
    queries: NDArray[np.int64],
    scores: NDArray[np.float32],
) -> None:
    """scores[d, q] = sum over the query's columns of the largest similarity in the document's rows.

    similarities: (n_document_tokens, n_query_tokens). documents, queries: offsets of rows and columns.
    """
    largest = np.empty(similarities.shape[1], np.float32)
    for document in range(len(documents) - 1):
        start, stop = documents[document], documents[document + 1]
        if start == stop:
            continue
        largest[:] = similarities[start]
        for token in range(start + 1, stop):
            row = similarities[token]
            for i in range(len(largest)):  # in a form that numba vectorises
                largest[i] = row[i] if row[i] > largest[i] else largest[i]
        for query in range(len(queries) - 1):
            total = np.float32(0)
            for i in range(queries[query], queries[query + 1]):
                total += largest[i]
            scores[document, query] = total

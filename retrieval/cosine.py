"""Exact cosine of pooled vectors: cos(q, d) = q . d / (|q| |d|), 0 if either vector is 0."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from data.errors import UserError
from retrieval.run import Run
from retrieval.top_k import best_keys, decode_keys, no_keys, rank_keys

QUERIES, DOCUMENTS = (
    256,
    8192,
)  # shape of one matrix product: it bounds memory, and vectors may be memory-mapped


def cosine_search(
    document_vectors: NDArray[np.floating],
    query_vectors: NDArray[np.floating],
    depth: int,
    query_ids: Sequence[str],
    document_ids: Sequence[str],
) -> Run:
    """The `depth` documents of highest cosine for each query; ties in document order.

    document_vectors: (n_docs, d_model), read in blocks. query_vectors: (n_queries, d_model). Products are float32;
    every document is a result, whatever the sign of its cosine. Vectors of different widths, or another number of
    document ids, raise a `UserError`.
    """
    n_docs = len(document_vectors)
    if document_vectors.shape[1:] != query_vectors.shape[1:]:
        raise UserError(
            f"expected query vectors of width {document_vectors.shape[1]}, got {query_vectors.shape[1]}: "
            "queries and documents must come from one encoder"
        )
    if len(document_ids) != n_docs:
        raise UserError(
            f"expected {n_docs} document ids, got {len(document_ids)}: give the ids of the encoded corpus"
        )
    keys = no_keys(len(query_ids), len(query_vectors), depth)
    for first in range(0, len(query_vectors), QUERIES):
        rows = slice(first, first + QUERIES)
        queries = unit_rows(query_vectors[rows])
        for start in range(0, n_docs, DOCUMENTS):
            cosines = queries @ unit_rows(document_vectors[start : start + DOCUMENTS]).T
            block = rank_keys(cosines, np.arange(start, start + cosines.shape[1]))
            keys[rows] = best_keys(np.concatenate([keys[rows], block], axis=1), depth)
    return Run(query_ids, document_ids, *decode_keys(keys))


def unit_rows(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    """Each row divided by its norm, float32; zero rows stay zero. NaN or infinity raises a `UserError`."""
    rows = np.asarray(vectors, np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.isfinite(lengths).all():
        raise UserError("a vector holds a value that is not finite: encode the texts again")
    unit: NDArray[np.float32] = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return unit

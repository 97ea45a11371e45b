"""The best k of many scores, ties in document order: int64 keys sort by (score, document).

The upper half of a key is the score's bits, flipped for negative scores so that they sort as numbers; the lower
half is the document, counted backwards. The bits of a non-negative float32 already sort as numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.errors import UserError
from retrieval.kernels import kernel

LAST = 0xFFFFFFFF
NO_RESULT = np.iinfo(np.int64).min  # sorts after any result; no finite score has this key


def no_keys(n_query_ids: int, n_queries: int, depth: int) -> NDArray[np.int64]:
    """Keys of "no result", int64 (n_queries, depth), to be filled with each query's best.

    A depth below 1, or another number of query ids than of queries, raises a `UserError`.
    """
    if depth < 1:
        raise UserError(f"depth is {depth}, but a ranking has a depth of 1 or more")
    if n_query_ids != n_queries:
        raise UserError(f"{n_queries} queries came with {n_query_ids} ids: give one id per query")
    return np.full((n_queries, depth), NO_RESULT)


def rank_keys(scores: NDArray[np.float32], documents: NDArray[Any]) -> NDArray[np.int64]:
    """The keys of (score, document) pairs, int64; scores of any sign, shapes broadcast."""
    bits = (scores + np.float32(0)).view(np.int32).astype(np.int64)  # + 0: -0.0 becomes 0.0
    ordered = np.where(bits < 0, bits ^ 0x7FFFFFFF, bits)
    return (ordered << 32) | (LAST - np.asarray(documents, np.int64))


def best_keys(keys: NDArray[np.int64], depth: int) -> NDArray[np.int64]:
    """The at most `depth` largest keys along the last axis, descending."""
    if keys.shape[-1] > depth:
        keys = np.partition(keys, keys.shape[-1] - depth, axis=-1)[..., -depth:]
    best: NDArray[np.int64] = np.sort(keys, axis=-1)[..., ::-1]
    return best


def decode_keys(keys: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The documents and scores of keys, (n_queries, depth) each; -1 and 0 for "no result"."""
    documents, bits = np.full(keys.shape, -1, np.int32), np.zeros(keys.shape, np.int32)
    _decode(np.ascontiguousarray(keys).ravel(), documents.ravel(), bits.ravel())
    return documents, bits.view(np.float32)


@kernel
def _decode(keys: NDArray[np.int64], documents: NDArray[np.int32], bits: NDArray[np.int32]) -> None:
    for i in range(len(keys)):
        if keys[i] != NO_RESULT:
            ordered = keys[i] >> 32
            documents[i] = LAST - (keys[i] & LAST)
            bits[i] = ordered if ordered >= 0 else ordered ^ 0x7FFFFFFF


@kernel
def select(bits: NDArray[np.int32], best: NDArray[np.int64]) -> None:
    """Write the len(best) largest keys of positive scores into `best`, unsorted; with fewer, the rest is unchanged.

    bits: non-negative float32 scores viewed as integers, (n_docs,). The k-th largest of the maxima of blocks of
    documents is at most the k-th largest score, so only documents that reach it become keys.
    """
    depth, n_docs = len(best), len(bits)
    # About four blocks per result, so that few other documents reach the threshold.
    size = max(1, min(32, n_docs // (4 * depth)))
    maxima = np.empty(-(-n_docs // size), np.int32)
    for block in range(len(maxima)):
        members = bits[block * size : (block + 1) * size]
        largest = np.int32(0)
        for i in range(len(members)):  # in a form that numba vectorises
            if members[i] > largest:
                largest = members[i]
        maxima[block] = largest
    threshold = max(1, kth_largest(maxima, depth))
    n_reaching = 0
    for maximum in maxima:
        if maximum >= threshold:
            n_reaching += 1
    keys = np.empty(n_reaching * size, np.int64)
    n = 0
    for block in range(len(maxima)):
        if maxima[block] >= threshold:
            for document in range(block * size, min((block + 1) * size, n_docs)):
                keys[n] = (np.int64(bits[document]) << 32) | (LAST - document)
                n += bits[document] >= threshold
    keys = keys[:n]
    if n > depth:
        keys = np.partition(keys, n - depth)[n - depth :]
    best[: len(keys)] = keys


@kernel
def kth_largest(values: NDArray[np.int32], k: int) -> int:
    """The k-th largest of non-negative values, 0 if there are fewer; by bisection, whose counting vectorises."""
    low, high = 0, 1 << 31
    while high - low > 1:
        middle = (low + high) // 2
        bound, reaching = np.int32(middle), np.int32(0)
        for i in range(len(values)):
            reaching += values[i] >= bound
        if reaching >= k:
            low = middle
        else:
            high = middle
    return low

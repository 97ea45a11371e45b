"""The best k of many scores, ties in document order: each (score, document) becomes one int64 that sorts so.

The upper half of a key is the score's bits, flipped below zero so that they order as numbers do; the lower
half counts documents backwards. Bits of float32s that are 0 or more already order as numbers.
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
    """Room for each query's best keys, all "no result"; a UserError where the request makes no sense."""
    if depth < 1:
        raise UserError(f"depth is {depth}, but at least one result must be asked for")
    if n_query_ids != n_queries:
        raise UserError(f"{n_queries} queries came with {n_query_ids} ids: one id a query is needed")
    return np.full((n_queries, depth), NO_RESULT)


def rank_keys(scores: NDArray[np.float32], documents: NDArray[Any]) -> NDArray[np.int64]:
    """Keys of scores of any sign; shapes broadcast."""
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
    """Documents and scores of keys, (n_queries, depth) each; -1 and 0 where there is no result."""
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
    """Write the len(best) largest keys of positive scores into `best`, in no order; the rest stays as it was.

    bits: scores of 0 or more, seen as integers, (n_docs,). The k-th largest of the maxima of blocks of
    documents is at most the k-th largest score, so only documents that reach it become keys.
    """
    depth, n_docs = len(best), len(bits)
    size = max(
        1, min(32, n_docs // (4 * depth))
    )  # some four blocks a result: few documents too many reach it
    maxima = np.empty(-(-n_docs // size), np.int32)
    for block in range(len(maxima)):
        members = bits[block * size : (block + 1) * size]
        largest = np.int32(0)
        for i in range(len(members)):  # written so that it becomes vector code
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
    """The k-th largest of values of 0 or more; 0 where there are fewer. Bisection: counting is vector code."""
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

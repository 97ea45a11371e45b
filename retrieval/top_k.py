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

BLOCK = 32  # documents whose maximum is taken together
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
    """Documents and scores of keys; -1 and 0 where there is no result."""
    ordered = np.where(keys == NO_RESULT, 0, keys >> 32)
    documents = np.where(keys == NO_RESULT, -1, LAST - (keys & LAST)).astype(np.int32)
    return documents, np.where(ordered < 0, ordered ^ 0x7FFFFFFF, ordered).astype(np.int32).view(np.float32)


@kernel
def kth_largest_bound(bits: NDArray[np.int32], maxima: NDArray[np.int32], k: int) -> int:
    """A number that the k-th largest of `bits` reaches, and few others do; at least 1. Fills `maxima`.

    It is the k-th largest of the maxima of blocks: each of those k blocks has a document that reaches it.
    """
    for block in range(len(maxima)):
        largest = np.int32(0)
        for value in bits[block * BLOCK : (block + 1) * BLOCK]:
            largest = max(largest, value)
        maxima[block] = largest
    if k >= len(maxima):
        return 1
    return max(1, np.partition(maxima, len(maxima) - k)[len(maxima) - k])


@kernel
def reaching(
    bits: NDArray[np.int32], maxima: NDArray[np.int32], threshold: int, documents: NDArray[np.int32]
) -> int:
    """Write the documents whose bits reach the threshold, rising; return how many."""
    n = 0
    for block in range(len(maxima)):
        if maxima[block] >= threshold:
            for i in range(block * BLOCK, (block + 1) * BLOCK):
                documents[n] = i
                n += bits[i] >= threshold
    return n


@kernel
def keep_best(bits: NDArray[np.int32], documents: NDArray[np.int32], best: NDArray[np.int64]) -> None:
    """Write the len(best) largest keys of these documents into `best`, in no order; scores are 0 or more."""
    keys = np.empty(len(documents), np.int64)
    for i in range(len(documents)):
        keys[i] = (np.int64(bits[documents[i]]) << 32) | (LAST - np.int64(documents[i]))
    if len(keys) > len(best):
        best[:] = np.partition(keys, len(keys) - len(best))[len(keys) - len(best) :]
    else:
        best[: len(keys)] = keys

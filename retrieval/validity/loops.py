"""Compiled checks of long arrays, one pass each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.kernels import kernel


@kernel
def postings_are_sound(
    indptr: NDArray[np.int64], documents: NDArray[np.int32], counts: NDArray[np.float32], n_docs: int
) -> bool:
    """Whether documents rise within each term and lie below n_docs, and counts are above 0 and finite."""
    for term in range(len(indptr) - 1):
        before = -1
        for posting in range(indptr[term], indptr[term + 1]):
            if not (before < documents[posting] < n_docs and 0 < counts[posting] < np.inf):
                return False
            before = documents[posting]
    return True


@kernel
def latents_are_sound(indices: NDArray[Any], activations: NDArray[np.float32], n_latents: int) -> bool:
    """Whether latents exist, and each token's activations are finite, at least 0 and fall."""
    for token in range(indices.shape[0]):
        before = np.float32(np.inf)
        for slot in range(indices.shape[1]):
            activation = activations[token, slot]
            if not (
                0 <= indices[token, slot] < n_latents and 0 <= activation <= before and activation < np.inf
            ):
                return False
            before = activation
    return True


@kernel
def contexts_are_sound(ptr: NDArray[np.int64], value: NDArray[np.float32]) -> bool:
    """Whether each latent's activations are finite, above 0 and fall."""
    for latent in range(len(ptr) - 1):
        before = np.float32(np.inf)
        for context in range(ptr[latent], ptr[latent + 1]):
            if not (0 < value[context] <= before and value[context] < np.inf):
                return False
            before = value[context]
    return True


@kernel
def spans_are_sound(offsets: NDArray[np.int64], spans: NDArray[np.int32], lengths: NDArray[np.int64]) -> bool:
    """Whether each token's characters, start to end, lie within its document's text of `lengths` characters."""
    for document in range(len(offsets) - 1):
        for token in range(offsets[document], offsets[document + 1]):
            if not 0 <= spans[token, 0] <= spans[token, 1] <= lengths[document]:
                return False
    return True

"""The token table turned round: for each latent, the tokens on which it fires, strongest first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.ragged import offsets_of
from retrieval.kernels import in_threads, kernel


def write_contexts(study: Path, n_latents: int) -> int:
    """Write contexts/ from tokens/ by a counting sort over mapped files; returns how many latents fire at all."""
    indices = np.load(study / "tokens" / "indices.npy", mmap_mode="r", allow_pickle=False)
    activations = np.load(study / "tokens" / "activations.npy", mmap_mode="r", allow_pickle=False)
    ptr = offsets_of(_count_active(indices, activations, n_latents))
    folder = study / "contexts"
    folder.mkdir()
    np.save(folder / "ptr.npy", ptr, allow_pickle=False)
    shape = (int(ptr[-1]),)
    token = np.lib.format.open_memmap(folder / "token.npy", "w+", np.int32, shape)
    value = np.lib.format.open_memmap(folder / "value.npy", "w+", np.float32, shape)
    _scatter(indices, activations, ptr[:-1].copy(), token, value)
    in_threads(lambda start, stop: _sort_each(ptr, token, value, start, stop), n_latents)
    return int((np.diff(ptr) > 0).sum())


@kernel
def _count_active(
    indices: NDArray[Any], activations: NDArray[np.float32], n_latents: int
) -> NDArray[np.int64]:
    counts = np.zeros(n_latents, np.int64)
    for token in range(indices.shape[0]):
        for slot in range(indices.shape[1]):
            if activations[token, slot] > 0:
                counts[indices[token, slot]] += 1
    return counts


@kernel
def _scatter(
    indices: NDArray[Any],
    activations: NDArray[np.float32],
    cursor: NDArray[np.int64],
    token_out: NDArray[np.int32],
    value_out: NDArray[np.float32],
) -> None:
    for token in range(indices.shape[0]):
        for slot in range(indices.shape[1]):
            if activations[token, slot] > 0:
                latent = indices[token, slot]
                token_out[cursor[latent]] = token
                value_out[cursor[latent]] = activations[token, slot]
                cursor[latent] += 1


@kernel
def _sort_each(
    ptr: NDArray[np.int64], token: NDArray[np.int32], value: NDArray[np.float32], start: int, stop: int
) -> None:
    """Sort latents start..stop by falling activation; equal activations stay in the order of the corpus."""
    for latent in range(start, stop):
        first, last = ptr[latent], ptr[latent + 1]
        order = np.argsort(-value[first:last], kind="mergesort")
        token[first:last] = token[first:last][order]
        value[first:last] = value[first:last][order]

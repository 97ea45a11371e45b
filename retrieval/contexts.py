"""Contexts, the inverse of the token table: for each latent, the tokens on which it fires, strongest first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.arrays import create_array
from data.files import new_folder
from data.ragged import offsets_of
from retrieval.kernels import in_threads, kernel
from retrieval.tokens import Forms, TokenTable, map_arrays

FOLDER = "contexts"
FORMS: Forms = {"ptr": ("<i8", (None,)), "token": ("<i4", (None,)), "value": ("<f4", (None,))}


@dataclass(frozen=True)
class ContextTable:
    """The tokens on which each latent fires, strongest first (memory-mapped); latent j has ptr[j]:ptr[j + 1].

    ptr: int64 (n_latents + 1,). token: int32 (n_contexts,), positions in the TokenTable. value: float32
    (n_contexts,), activations.
    """

    ptr: NDArray[np.int64]
    token: NDArray[np.int32]
    value: NDArray[np.float32]

    @classmethod
    def open(cls, study: Path) -> ContextTable:
        """Map the table of the study at `study`."""
        return map_arrays(cls, study / FOLDER, FORMS)

    def latent(self, latent: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Tokens and activations of one latent, by descending activation."""
        rows = slice(int(self.ptr[latent]), int(self.ptr[latent + 1]))
        return self.token[rows], self.value[rows]


def write_contexts(study: Path, n_latents: int) -> int:
    """Write contexts/ from tokens/ by a counting sort over mapped files; returns the number of active latents."""
    tokens = TokenTable.open(study)
    indices, activations = tokens.indices, tokens.activations
    ptr = offsets_of(_count_active(indices, activations, n_latents))
    with new_folder(study / FOLDER) as folder:
        np.save(folder / "ptr.npy", ptr, allow_pickle=False)
        token = create_array(folder / "token.npy", np.int32, (int(ptr[-1]),))
        value = create_array(folder / "value.npy", np.float32, (int(ptr[-1]),))
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
    """Sort latents start..stop by descending activation; equal activations stay in the order of the corpus."""
    for latent in range(start, stop):
        first, last = ptr[latent], ptr[latent + 1]
        order = np.argsort(-value[first:last], kind="mergesort")
        token[first:last] = token[first:last][order]
        value[first:last] = value[first:last][order]

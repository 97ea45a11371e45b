"""Token latents, and their pooled activations in each text; here torch tensors become numpy arrays.

    sum pooling: m_j(x) = sum_{t in x} z_tj        max pooling: m_j(x) = max_{t in x} z_tj

m_j is raw: retrieval takes its square root, the term frequency w_j(x) of the paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from data.compiled import compiled
from data.progress import StepProgress
from data.ragged import Ragged, offsets_of
from sae.model import SparseAutoencoder

_kernel: Any = compiled()
Pooling = Literal["sum", "max"]
TOKENS_AT_ONCE = 65_536


@dataclass(frozen=True)
class TokenLatents:
    """The active latents of each token. Text i has the tokens offsets[i]:offsets[i + 1].

    activations: float32 (n_tokens, k), descending. indices: uint16, or int32 above 65,536 latents, (n_tokens, k);
    the index of a zero activation is arbitrary. offsets: int64 (n_texts + 1,). k: the SAE's own; with a threshold,
    the largest number of active latents of any of these tokens.
    """

    activations: NDArray[np.float32]
    indices: NDArray[np.uint16] | NDArray[np.int32]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1


def token_latents(
    sae: SparseAutoencoder, states: Ragged, progress: StepProgress | None = None
) -> TokenLatents:
    """The latents of token states (n_tokens, d_model), float16 or float32. progress: counts tokens."""
    n_tokens = len(states.values)
    index_type = np.uint16 if sae.n_latents <= 65_536 else np.int32
    activations, indices = [], []
    for start in range(0, max(1, n_tokens), TOKENS_AT_ONCE):
        values, latents = sae.encode(states.values[start : start + TOKENS_AT_ONCE])
        activations.append(values.cpu().numpy())
        indices.append(latents.cpu().numpy().astype(index_type))
        if progress:
            progress(min(start + TOKENS_AT_ONCE, n_tokens), n_tokens)
    return TokenLatents(_stacked(activations), _stacked(indices), states.offsets)


def _stacked(blocks: list[NDArray[Any]]) -> NDArray[Any]:
    """Blocks (n, width) stacked below each other, padded with zeros to the widest."""
    width = max(block.shape[1] for block in blocks)
    return np.concatenate([np.pad(block, ((0, 0), (0, width - block.shape[1]))) for block in blocks])


def pool(latents: TokenLatents, n_latents: int, pooling: Pooling = "sum") -> csr_array:
    """m_j(x), float32 CSR (n_texts, n_latents) with sorted indices and entries above 0, without a dense array."""
    lengths = _count_distinct(latents.activations, latents.indices, latents.offsets, n_latents)
    indptr = offsets_of(lengths)
    columns, data = np.empty(indptr[-1], np.int32), np.empty(indptr[-1], np.float32)
    _pool(
        latents.activations,
        latents.indices,
        latents.offsets,
        n_latents,
        pooling == "max",
        indptr,
        columns,
        data,
    )
    return csr_array((data, columns, indptr), shape=(len(latents), n_latents))


@_kernel
def _count_distinct(activations, indices, offsets, n_latents):  # type: ignore[no-untyped-def]
    """The number of distinct active latents in each text, int64 (n_texts,)."""
    last_seen = np.full(n_latents, -1)
    counts = np.zeros(offsets.shape[0] - 1, np.int64)
    for text in range(counts.shape[0]):
        for t in range(offsets[text], offsets[text + 1]):
            for s in range(indices.shape[1]):
                if activations[t, s] > 0 and last_seen[indices[t, s]] != text:
                    last_seen[indices[t, s]] = text
                    counts[text] += 1
    return counts


@_kernel
def _pool(activations, indices, offsets, n_latents, take_max, indptr, columns, data):  # type: ignore[no-untyped-def]
    """Fill columns and data of the CSR matrix text by text, through one dense row that is cleared after each."""
    summed = np.zeros(n_latents)
    for text in range(offsets.shape[0] - 1):
        for t in range(offsets[text], offsets[text + 1]):
            for s in range(indices.shape[1]):
                j, activation = indices[t, s], activations[t, s]
                summed[j] = max(summed[j], activation) if take_max else summed[j] + activation
        place = indptr[text]
        for j in range(n_latents):
            if summed[j] > 0:
                columns[place], data[place] = j, summed[j]
                summed[j] = 0
                place += 1

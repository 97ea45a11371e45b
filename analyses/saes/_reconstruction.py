"""One pass over token states for any number of SAEs: how well each reconstructs them, and which latents fire.

    FVU = sum_t |h_t - h^_t|^2 / V        V = sum_t |h_t - mean h|^2 = sum_t |h_t|^2 - |sum_t h_t|^2 / n_tokens

Everything is a sum over tokens or texts, in float64 or in whole numbers, so that the `TextSums` of parts add up to
those of the whole text: a pass holds one part at a time, and its numbers are exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import reduce
from operator import add
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array

from data.encoders import Encoder, TokenStates
from data.errors import UserError
from data.ragged import mean_of_rows
from retrieval.kernels import kernel
from retrieval.variants import float_states, parts, pooled_counts
from sae.model import SparseAutoencoder


@dataclass(frozen=True)
class TextSums:
    """Sums over the tokens of some texts, for one SAE.

    state: sum_t h_t (d_model,); squares: sum_t |h_t|^2; squared_error: sum_t |h_t - h^_t|^2; cosines:
    sum_t cos(h_t, h^_t). tokens_by_l0 (n_latents + 1,): tokens on which so many latents fire. firings (n_latents,):
    tokens on which each latent fires; document_frequency (n_latents,): texts in which it does.
    """

    n_texts: int
    n_tokens: int
    state: NDArray[np.float64]
    squares: float
    squared_error: float
    cosines: float
    tokens_by_l0: NDArray[np.int64]
    firings: NDArray[np.int64]
    document_frequency: NDArray[np.int64]

    def __add__(self, other: TextSums) -> TextSums:
        """The sums of both texts together."""
        return TextSums(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @classmethod
    def of(
        cls,
        states: torch.Tensor,
        reconstructed: torch.Tensor,
        activations: torch.Tensor,
        indices: torch.Tensor,
        counts: csr_array,
    ) -> TextSums:
        """Of whole texts: both states (n_tokens, d_model), what `encode` gave, and counts (n_texts, n_latents)."""
        n_texts, n_latents = counts.shape
        fires = activations > 0
        state = np.zeros(states.shape[1])
        squares, squared_error, cosines = _compare(states.cpu().numpy(), reconstructed.cpu().numpy(), state)
        return cls(
            n_texts=n_texts,
            n_tokens=len(states),
            state=state,
            squares=squares,
            squared_error=squared_error,
            cosines=cosines,
            tokens_by_l0=torch.bincount(fires.sum(1), minlength=n_latents + 1).cpu().numpy(),
            firings=torch.bincount(indices[fires].long(), minlength=n_latents).cpu().numpy(),
            document_frequency=np.bincount(counts.indices, minlength=n_latents),
        )

    @property
    def fvu(self) -> float:
        """0 is perfect; 1 is no better than the mean state."""
        variance = self.squares - float(self.state @ self.state) / self.n_tokens
        if not variance > 0:
            raise UserError(
                f"the {self.n_tokens} token states of a text are all alike, so that no variance can be explained: "
                "measure on more text"
            )
        return self.squared_error / variance

    @property
    def cosine(self) -> float:
        """Mean cosine of state and reconstruction."""
        return self.cosines / self.n_tokens

    @property
    def l0(self) -> float:
        """Mean number of latents that fire on a token."""
        return float(self.firings.sum()) / self.n_tokens

    def l0_percentile(self, percent: float) -> int:
        """The smallest L0 that `percent` of the tokens do not exceed."""
        reached = np.cumsum(self.tokens_by_l0) >= percent / 100 * self.n_tokens
        return int(np.argmax(reached))


@kernel
def _compare(
    states: NDArray[np.float32], reconstructed: NDArray[np.float32], state: NDArray[np.float64]
) -> tuple[float, float, float]:
    """sum |h|^2, sum |h - r|^2, sum cos(h, r), in float64; sum h is added to `state`. Null states have cosine 0."""
    squares = squared_error = cosines = 0.0
    for t in range(states.shape[0]):
        own = other = product = error = 0.0
        for i in range(states.shape[1]):
            h, r = np.float64(states[t, i]), np.float64(reconstructed[t, i])
            state[i] += h
            own += h * h
            other += r * r
            product += h * r
            error += (h - r) * (h - r)
        squares += own
        squared_error += error
        if own > 0 and other > 0:
            cosines += product / np.sqrt(own * other)
    return squares, squared_error, cosines


class CountsSink(Protocol):
    """What takes the counts of consecutive texts: a list, or `retrieval.variants.SpooledCounts`."""

    def append(self, counts: csr_array, /) -> None: ...


@dataclass(frozen=True)
class Reading:
    """sums: over all texts. vectors: float32 (n_texts, d_vector), each text's vector; reconstructed: the same from
    reconstructed states, None where it cannot be made of these states.
    """

    sums: TextSums
    vectors: NDArray[np.float32]
    reconstructed: NDArray[np.float32] | None


def read(
    blocks: Iterable[TokenStates],
    saes: Sequence[SparseAutoencoder],
    pooling: Literal["sum", "max"],
    head: str | None,
    sinks: Sequence[CountsSink] | None = None,
) -> list[Reading]:
    """One pass over blocks of texts; a Reading for each SAE.

    pooling: of latents, for the counts that go into `sinks`, one for each SAE, a part at a time. head: how stored
    states make a text's vector, before and after reconstruction alike; None takes the encoder's own and makes none
    after.
    """
    sums: list[list[TextSums]] = [[] for _ in saes]
    vectors: list[NDArray[np.float32]] = []
    reconstructions: list[list[NDArray[np.float32]]] = [[] for _ in saes]
    for block in blocks:
        if not head:
            vectors.append(block.pooled)
        for part in parts(block.states):
            states = float_states(part, saes[0])
            if head:
                vectors.append(pool_states(states, part.offsets, head))
            for i, sae in enumerate(saes):
                activations, indices = sae.encode(states)
                reconstructed = sae.decode(activations, indices)
                counts = pooled_counts(sae, activations, indices, part.offsets, pooling)
                sums[i].append(TextSums.of(states, reconstructed, activations, indices, counts))
                if head:
                    reconstructions[i].append(pool_states(reconstructed, part.offsets, head))
                if sinks:
                    sinks[i].append(counts)
        sums = [[reduce(add, each)] for each in sums]
    if not vectors:
        raise UserError("there is no text to measure the SAE on: expected at least one text")
    originals = np.concatenate(vectors)
    return [
        Reading(each[0], originals, np.concatenate(reconstructions[i]) if head else None)
        for i, each in enumerate(sums)
    ]


def pool_states(states: torch.Tensor, offsets: NDArray[np.int64], head: str) -> NDArray[np.float32]:
    """Mean or first state of each text, float32 (n_texts, d_model), of any length; 0 for a text without tokens."""
    values, lengths = states.cpu().numpy(), np.diff(offsets)
    if head != "cls":
        return mean_of_rows(values, offsets)
    first = np.zeros((len(lengths), values.shape[1]), np.float32)
    first[lengths > 0] = values[offsets[:-1][lengths > 0]]
    return first


def pooling_head(encoder: Encoder) -> tuple[str | None, str]:
    """How the stored states make the encoder's vector, and a sentence where they do not, or not quite."""
    layer, special_tokens = encoder.config.layer, encoder.config.special_tokens
    not_measured = "The cosine of reconstructed states is not measured: "
    if encoder.multi_vector:
        return (
            None,
            f"{not_measured}the encoder is multi-vector, its own score is MaxSim, and its vector of a text is made "
            "of projected states.",
        )
    if encoder.changed_states:
        return (
            None,
            f"{not_measured}it is made of states as they are, and these are {encoder.changed_states}.",
        )
    if layer is not None:
        return (
            None,
            f"{not_measured}the encoder's vector is made of final states, and these are of layer {layer}.",
        )
    if encoder.pooling not in ("mean", "cls") or not encoder.vector.is_plain:
        return (
            None,
            f"{not_measured}the encoder's vector is more than the mean or the first of its states "
            f"({encoder.pooling}{', then further modules' if encoder.vector.rules.head else ''}).",
        )
    if encoder.pooling == "cls" and not special_tokens:
        return (
            None,
            f"{not_measured}the encoder's vector is its first token's state, and special tokens are dropped.",
        )
    if not special_tokens:
        return encoder.pooling, (
            "Special tokens are dropped: cosines before and after reconstruction are of vectors without them."
        )
    return encoder.pooling, ""

"""`StreamedStates`: shuffled batches of token states straight from the encoder, for states too large for the disk.

Every epoch encodes the text anew: memory holds one buffer, and nothing is written to disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from data.encoders import Encoder
from data.errors import UserError

BUFFER_BYTES = 1 << 30
DOCUMENTS_PER_PASS = 1024


def store_bytes(n_tokens: int, d_model: int) -> int:
    """Bytes of an `ActivationStore`: float16 states, int32 ids and spans; pooled vectors add some 2%."""
    return n_tokens * (2 * d_model + 12)


@dataclass(frozen=True)
class StreamedStates:
    """A `sae.train.TokenSource` that encodes its texts as they are read and stores nothing.

    part: (rank, size), the share of the documents that `batches` reads; the shares of all ranks are disjoint and
    make up the whole. n_tokens and sample always refer to the whole, so they are equal on every rank.
    buffer_bytes: bytes of float16 states; tokens are shuffled within a buffer, so a larger one shuffles better.
    A part outside 0 <= rank < size raises a `UserError`.
    """

    encoder: Encoder
    texts: Sequence[str]
    part: tuple[int, int] = (0, 1)
    buffer_bytes: int = BUFFER_BYTES

    def __post_init__(self) -> None:
        rank, size = self.part
        if not 0 <= rank < size:
            raise UserError(f"expected a part (rank, size) with 0 <= rank < size, got {self.part}")

    @property
    def d_model(self) -> int:
        """Width of a state."""
        return self.encoder.d_model

    @cached_property
    def n_tokens(self) -> int:
        """Tokens per epoch over all parts, as the tokenizer counts them."""
        return int(self._lengths.sum())

    def batches(self, batch_size: int, seed: int, start: int = 0) -> Iterator[NDArray[np.float16]]:
        """Endless full batches of states, float16 (batch_size, d_model), from batch number `start` on.

        Each epoch has its own shuffle, which depends on (seed, epoch) alone: documents come in random order, as
        many at a time as fit the buffer, and their tokens in random order. A batch may span the ends of buffers
        and epochs, so every token is read once per epoch. Tokens before `start` are counted, not encoded. A part
        without tokens raises a `UserError`.
        """
        parts: list[NDArray[np.float16]] = []
        missing = batch_size
        for documents, order in self._buffers(seed, start * batch_size):
            states = self._encoded(documents)
            while len(order):
                parts.append(states[order[:missing]])
                order = order[missing:]
                missing -= len(parts[-1])
                if not missing:
                    yield parts[0] if len(parts) == 1 else np.concatenate(parts)
                    parts, missing = [], batch_size
            del states  # before the next buffer is made

    def sample(self, n: int, seed: int) -> NDArray[np.float16]:
        """The states of n tokens (all tokens if there are fewer) of randomly drawn documents, (n, d_model)."""
        order = np.random.default_rng([seed, 1]).permutation(len(self.texts))
        n_documents = int(np.searchsorted(np.cumsum(self._lengths[order]), n)) + 1
        return self._encoded(order[:n_documents])[:n]

    @cached_property
    def _lengths(self) -> NDArray[np.int64]:
        """Tokens of each document, (n_docs,)."""
        passes = range(0, len(self.texts), DOCUMENTS_PER_PASS)
        counts = [self.encoder.count_tokens(self.texts[i : i + DOCUMENTS_PER_PASS]) for i in passes]
        return np.concatenate([np.empty(0, np.int64), *counts])

    def _buffers(self, seed: int, skip: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Endless (documents of a buffer, order in which their tokens are read), after the first `skip` tokens."""
        rank, size = self.part
        documents = np.arange(rank, len(self.texts), size)
        if not (n_tokens := int(self._lengths[documents].sum())):
            raise UserError(
                f"part {rank} of {size} of {len(self.texts)} documents has no token: give a longer text"
            )
        epoch, skip = divmod(skip, n_tokens)
        while True:
            shuffled = np.random.default_rng([seed, epoch]).permutation(documents)
            for number, buffer in enumerate(self._groups(shuffled)):
                n = int(self._lengths[buffer].sum())
                if skip < n:
                    yield buffer, np.random.default_rng([seed, epoch, number]).permutation(n)[skip:]
                skip = max(0, skip - n)
            epoch += 1

    def _groups(self, documents: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
        """Groups of consecutive documents, each as many as fit a buffer and at least one."""
        ends = np.cumsum(self._lengths[documents])
        room = self.buffer_bytes // (2 * self.d_model)
        first, read = 0, 0
        while first < len(documents):
            last = max(first + 1, int(np.searchsorted(ends, read + room, side="right")))
            yield documents[first:last]
            first, read = last, int(ends[last - 1])

    def _encoded(self, documents: NDArray[np.int64]) -> NDArray[np.float16]:
        """The states of these documents, (n_tokens, d_model), encoded in passes into one array."""
        states = np.empty((int(self._lengths[documents].sum()), self.d_model), dtype=np.float16)
        filled = 0
        for first in range(0, len(documents), DOCUMENTS_PER_PASS):
            texts = [self.texts[row] for row in documents[first : first + DOCUMENTS_PER_PASS]]
            encoded = self.encoder.encode(texts).states.values
            states[filled : filled + len(encoded)] = encoded
            filled += len(encoded)
        return states

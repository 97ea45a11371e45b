"""StreamedStates: shuffled batches of token states straight from the encoder, for a text whose states fit no disk.

Every epoch encodes the text anew, so memory stays at one buffer and the disk is not needed at all.
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
    """Bytes of an `ActivationStore`: float16 states, int32 ids and spans; some 2% more for vectors of documents."""
    return n_tokens * (2 * d_model + 12)


@dataclass(frozen=True)
class StreamedStates:
    """A `sae.train.TokenSource` of texts that are encoded as they are read, and never stored.

    part: (rank, size), which share of the documents `batches` reads: those of all ranks are disjoint, and together
    the whole. n_tokens and sample are always of the whole, so that every rank is told the same.
    buffer_bytes: of float16 states; within a buffer tokens are in random order, so the larger the better shuffled.
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
        return self.encoder.d_model

    @cached_property
    def n_tokens(self) -> int:
        """Tokens of an epoch of all parts, counted by the tokenizer."""
        return int(self._lengths.sum())

    def batches(self, batch_size: int, seed: int, start: int = 0) -> Iterator[NDArray[np.float16]]:
        """Full batches (batch_size, d_model) without end, beginning with batch number `start`.

        Each epoch is its own shuffle, a function of (seed, epoch) alone: documents in random order, as many at a
        time as fit the buffer, and their tokens in random order. Batches run on across the ends of buffers and
        epochs, so that every token is read once an epoch. What lies before `start` is counted, not encoded.
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
        """The states of n tokens (or all, if there are fewer), (n, d_model), of documents chosen by the seed."""
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
        """Documents of each buffer and the order in which to take their tokens, `skip` tokens passed over."""
        rank, size = self.part
        documents = np.arange(rank, len(self.texts), size)
        if not (n_tokens := int(self._lengths[documents].sum())):
            raise UserError(
                f"part {rank} of {size} of {len(self.texts)} documents has no token: give a text that is longer"
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
        """Consecutive documents, as many as fit a buffer, and at least one."""
        ends = np.cumsum(self._lengths[documents])
        room = self.buffer_bytes // (2 * self.d_model)
        first, read = 0, 0
        while first < len(documents):
            last = max(first + 1, int(np.searchsorted(ends, read + room, side="right")))
            yield documents[first:last]
            first, read = last, int(ends[last - 1])

    def _encoded(self, documents: NDArray[np.int64]) -> NDArray[np.float16]:
        """The states of these documents, (n_tokens, d_model), encoded some at a time into one array."""
        states = np.empty((int(self._lengths[documents].sum()), self.d_model), dtype=np.float16)
        filled = 0
        for first in range(0, len(documents), DOCUMENTS_PER_PASS):
            texts = [self.texts[row] for row in documents[first : first + DOCUMENTS_PER_PASS]]
            encoded = self.encoder.encode(texts).states.values
            states[filled : filled + len(encoded)] = encoded
            filled += len(encoded)
        return states

"""Token states in memory as a `sae.train.TokenSource`: for notebooks, benchmarks and tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ArraySource:
    """states: float16 or float32 (n_tokens, d_model)."""

    states: NDArray[Any]

    @property
    def d_model(self) -> int:
        return int(self.states.shape[1])

    @property
    def n_tokens(self) -> int:
        return len(self.states)

    def batches(self, batch_size: int, seed: int, start: int) -> Iterator[NDArray[Any]]:
        """Each epoch is a shuffle by (seed, epoch); batches run on across the ends of epochs."""
        epoch, position = divmod(start * batch_size, self.n_tokens)
        order = self._shuffle(seed, epoch)[position:]
        while True:
            while len(order) < batch_size:
                epoch += 1
                order = np.concatenate((order, self._shuffle(seed, epoch)))
            yield self.states[order[:batch_size]]
            order = order[batch_size:]

    def sample(self, n: int, seed: int) -> NDArray[Any]:
        return self.states[np.random.default_rng(seed).permutation(self.n_tokens)[:n]]

    def _shuffle(self, seed: int, epoch: int) -> NDArray[np.int64]:
        return np.random.default_rng((seed, epoch)).permutation(self.n_tokens)

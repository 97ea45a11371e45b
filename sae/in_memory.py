"""Token states in memory as a `sae.train.TokenSource`: for notebooks, benchmarks and tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ArraySource:
    """A `TokenSource` of states in memory, float16 or float32 (n_tokens, d_model)."""

    states: NDArray[Any]

    @property
    def d_model(self) -> int:
        """Width of a state."""
        return int(self.states.shape[1])

    @property
    def n_tokens(self) -> int:
        """Number of states."""
        return len(self.states)

    def batches(self, batch_size: int, seed: int, start: int) -> Iterator[NDArray[Any]]:
        """Endless batches (batch_size, d_model) from batch number `start` on.

        Each epoch is shuffled by (seed, epoch); a batch may span the end of an epoch.
        """
        epoch, position = divmod(start * batch_size, self.n_tokens)
        order = self._shuffle(seed, epoch)[position:]
        while True:
            while len(order) < batch_size:
                epoch += 1
                order = np.concatenate((order, self._shuffle(seed, epoch)))
            yield self.states[order[:batch_size]]
            order = order[batch_size:]

    def sample(self, n: int, seed: int) -> NDArray[Any]:
        """n states drawn without replacement (all if there are fewer), (n, d_model)."""
        return self.states[np.random.default_rng(seed).permutation(self.n_tokens)[:n]]

    def _shuffle(self, seed: int, epoch: int) -> NDArray[np.int64]:
        return np.random.default_rng((seed, epoch)).permutation(self.n_tokens)

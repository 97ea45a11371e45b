"""`Ragged`: rows of different lengths in one flat array."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array


@dataclass(frozen=True)
class Ragged:
    """Row i is `values[offsets[i]:offsets[i + 1]]`.

    values: any dtype, (n_values, ...). offsets: int64 (n_rows + 1,), ascending from 0 to n_values.
    """

    values: NDArray[Any]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> NDArray[Any]:
        if not 0 <= row < len(self):
            raise IndexError(f"row {row} does not exist: expected 0 to {len(self) - 1}")
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return (self[row] for row in range(len(self)))

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Length of each row, int64 (n_rows,)."""
        return np.diff(self.offsets)


def offsets_of(lengths: Sequence[int] | NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """The offsets, int64 (n_rows + 1,), of rows with these lengths (n_rows,)."""
    return np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))).astype(np.int64)


def are_offsets(offsets: NDArray[np.int64], n_values: int) -> bool:
    """Whether offsets (n_rows + 1,) begin at 0, never fall, and end at n_values."""
    rises = len(offsets) > 0 and bool((offsets[1:] >= offsets[:-1]).all())
    return rises and int(offsets[0]) == 0 and int(offsets[-1]) == n_values


def are_within(values: NDArray[np.integer[Any]], n: int) -> bool:
    """Whether all values are at least 0 and below n."""
    return not values.size or (int(values.min()) >= 0 and int(values.max()) < n)


def mean_of_rows(values: NDArray[np.float32], offsets: NDArray[np.int64]) -> NDArray[np.float32]:
    """The mean of each row's values (n_values, width), float32 (n_rows, width); 0 for a row without values."""
    lengths = np.diff(offsets)
    weights = np.repeat(1 / np.maximum(lengths, 1), lengths).astype(np.float32)
    mean = csr_array((weights, np.arange(len(values)), offsets), shape=(len(lengths), len(values)))
    pooled: NDArray[np.float32] = (mean @ values).astype(np.float32)
    return pooled

"""95% intervals of a share, of a mean, and of several means at once."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Z = 1.959963984540054  # of 97.5%
MOST_KEPT = 2_000_000  # counts of a set of resamples that stays in memory


def wilson(count: int, total: int) -> tuple[float, float]:
    """(p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n), p = count / total, n = total, 95%.

    Wilson 1927; (0, 1) where there is nothing to count.
    """
    if total == 0:
        return 0.0, 1.0
    p, n, z = int(count) / int(total), int(total), Z
    centre = p + z * z / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(min((centre - half) / scale, p), 0.0), min(max((centre + half) / scale, p), 1.0)


def bootstrap_mean(
    values: NDArray[np.floating], n_resamples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """95% percentile bootstrap interval of the mean of values (n,); NaN where n is 0."""
    n = len(values)
    if n == 0:
        return float("nan"), float("nan")
    counts = _resamples(n, n_resamples, seed)
    low, high = np.quantile(counts @ np.asarray(values, np.float64) / n, [0.025, 0.975])
    return float(low), float(high)


def bootstrap_means(
    values: NDArray[np.floating], n_resamples: int = 1000, seed: int = 0
) -> NDArray[np.float64]:
    """`bootstrap_mean` of each row of values (n_rows, n), all over the same resamples; float64 (n_rows, 2)."""
    n = values.shape[1]
    if n == 0:
        return np.full((len(values), 2), np.nan)
    counts = _resamples(n, n_resamples, seed)
    means = np.asarray(values, np.float64) @ counts.T / n
    intervals: NDArray[np.float64] = np.quantile(means, [0.025, 0.975], axis=1).T
    return intervals


def _resamples(n: int, n_resamples: int, seed: int) -> NDArray[np.int64]:
    """How often each of n values is in each resample, int64 (n_resamples, n)."""
    return (_kept_resamples if n * n_resamples <= MOST_KEPT else _drawn_resamples)(n, n_resamples, seed)


def _drawn_resamples(n: int, n_resamples: int, seed: int) -> NDArray[np.int64]:
    counts: NDArray[np.int64] = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), n_resamples)
    return counts


_kept_resamples = lru_cache(maxsize=4)(
    _drawn_resamples
)  # a table has an interval a row, over the same queries

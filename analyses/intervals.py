"""How sure a share or a mean is: 95% intervals."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Z = 1.959963984540054  # of 97.5%


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
    """95% percentile bootstrap interval of the mean of values (n,), NaN where there is none."""
    n = len(values)
    if n == 0:
        return float("nan"), float("nan")
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), n_resamples)
    low, high = np.quantile(counts @ np.asarray(values, np.float64) / n, [0.025, 0.975])
    return float(low), float(high)

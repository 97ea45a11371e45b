"""How sure a share or a mean is: 95% intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest


def wilson(count: int, total: int) -> tuple[float, float]:
    """Wilson's 95% interval of the share count / total (Wilson 1927); (0, 1) where there is nothing to count."""
    if total == 0:
        return 0.0, 1.0
    interval = binomtest(int(count), int(total)).proportion_ci(0.95, "wilson")
    return float(interval.low), float(interval.high)


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

"""Medians of y in doubling bins of x with their intervals, the slope of a power law, and a rank correlation.

bins           doubling: [1, 2), [2, 4), [4, 8), ...
y = c x^delta  delta by least squares on log-log axes, every point of equal weight; interval by a pair bootstrap
rho            Spearman's rank correlation, and its two-sided p-value by the t approximation (scipy.stats.spearmanr)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

N_RESAMPLES = 500
FEWEST = 10  # points in a bin that is kept


@dataclass(frozen=True)
class PowerLaw:
    """slope delta with its 95% interval low to high; rho with its p_value (Spearman); n points."""

    slope: float
    low: float
    high: float
    rho: float
    p_value: float
    n: int


def binned_medians(
    x: NDArray[np.floating], y: NDArray[np.floating], n_resamples: int = N_RESAMPLES, seed: int = 0
) -> pd.DataFrame:
    """Columns x (geometric mean), median, low, high (95%, percentile bootstrap over points), lower, upper
    (quartiles), n.

    One row per doubling of x with at least FEWEST points; points whose x or y is not finite, or whose x is not
    positive, are left out.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    usable = np.isfinite(x) & np.isfinite(y) & (x > 0)
    x, y = x[usable], y[usable]
    bins, generator = np.floor(np.log2(x)).astype(np.int64), np.random.default_rng(seed)
    rows = []
    for number in np.unique(bins):
        values = y[bins == number]
        if len(values) < FEWEST:
            continue
        at_most = min(len(values), 2000)  # larger resamples cost more and narrow the interval no further
        draws = generator.integers(0, len(values), (n_resamples, at_most))
        spread = np.sqrt(at_most / len(values))
        median = float(np.median(values))
        low, high = np.quantile(np.median(values[draws], axis=1), [0.025, 0.975])
        interval = median + (float(low) - median) * spread, median + (float(high) - median) * spread
        centre = float(np.exp(np.log(x[bins == number]).mean()))
        quartiles = np.quantile(values, [0.25, 0.75]).tolist()
        rows.append((centre, median, *interval, *quartiles, len(values)))
    return pd.DataFrame(rows, columns=["x", "median", "low", "high", "lower", "upper", "n"])


def power_law(
    x: NDArray[np.floating], y: NDArray[np.floating], n_resamples: int = N_RESAMPLES, seed: int = 0
) -> PowerLaw:
    """The slope of log y over log x and the rank correlation, of points with positive x and y; NaN below 3."""
    from scipy.stats import spearmanr  # half a second to import

    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    usable = np.isfinite(x) & np.isfinite(y) & (x > 0) & (y > 0)
    x, y = np.log(x[usable]), np.log(y[usable])
    n = len(x)
    if n < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        slope = 0.0 if n >= 3 and np.ptp(x) > 0 else float("nan")
        return PowerLaw(slope, float("nan"), float("nan"), float("nan"), float("nan"), n)
    generator = np.random.default_rng(seed)
    slopes = []
    for _ in range(n_resamples):
        draw = generator.integers(0, n, n)
        if np.ptp(x[draw]) > 0:
            slopes.append(_slope(x[draw], y[draw]))
    low, high = np.quantile(slopes, [0.025, 0.975])
    rank = spearmanr(x, y)
    return PowerLaw(_slope(x, y), float(low), float(high), float(rank.statistic), float(rank.pvalue), n)


def _slope(x: NDArray[np.floating], y: NDArray[np.floating]) -> float:
    x = x - x.mean()
    return float((x * y).sum() / np.square(x).sum())

"""The middle of y in bins of x, with its interval, and the slope of a power law: what a cloud of points says.

bins           doubling: [1, 2), [2, 4), [4, 8), ...
y = c x^delta  delta by least squares on log-log axes over the points, each one vote; a pair bootstrap's interval
rho            Spearman's rank correlation, and its two-sided p-value by the t approximation (scipy.stats.spearmanr)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

N_RESAMPLES = 500
FEWEST = 10  # points of a bin that is shown


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

    A row a doubling of x that holds FEWEST points or more; points whose x or y is not finite, or x not positive,
    are left out.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    given = np.isfinite(x) & np.isfinite(y) & (x > 0)
    x, y = x[given], y[given]
    bins, generator = np.floor(np.log2(x)).astype(np.int64), np.random.default_rng(seed)
    rows = []
    for number in np.unique(bins):
        values = y[bins == number]
        if len(values) < FEWEST:
            continue
        at_most = min(len(values), 2000)  # a median of more is as sure as can be drawn
        draws = generator.integers(0, len(values), (n_resamples, at_most))
        spread = np.sqrt(at_most / len(values))
        median = float(np.median(values))
        low, high = np.quantile(np.median(values[draws], axis=1), [0.025, 0.975])
        rows.append(
            (
                float(np.exp(np.log(x[bins == number]).mean())), median,
                median + (float(low) - median) * spread, median + (float(high) - median) * spread,
                *np.quantile(values, [0.25, 0.75]).tolist(), len(values),
            )
        )  # fmt: skip
    return pd.DataFrame(rows, columns=["x", "median", "low", "high", "lower", "upper", "n"])


def power_law(
    x: NDArray[np.floating], y: NDArray[np.floating], n_resamples: int = N_RESAMPLES, seed: int = 0
) -> PowerLaw:
    """The slope of log y over log x and the rank correlation, of points with positive x and y; NaN below three."""
    from scipy.stats import spearmanr  # half a second to import

    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    given = np.isfinite(x) & np.isfinite(y) & (x > 0) & (y > 0)
    x, y = np.log(x[given]), np.log(y[given])
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

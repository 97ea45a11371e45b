"""Whether two systems differ over the same queries: a paired randomisation test, and Holm's correction of several.

    p = (1 + #{ s : |mean(s * d)| >= |mean(d)| }) / (1 + n)        d: differences; s: n random vectors of signs

Under the null hypothesis a query's two values may be swapped, which flips the sign of its difference. Smucker,
Allan and Carterette 2007, "A comparison of statistical significance tests for information retrieval evaluation";
Holm 1979, "A simple sequentially rejective multiple test procedure".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

N_PERMUTATIONS = 10_000
AT_ONCE = 1000  # vectors of signs in memory
ROUNDING = 1e-12  # a permuted mean this close to the observed one is equal to it


def paired_randomisation(differences: ArrayLike, n: int = N_PERMUTATIONS, seed: int = 0) -> float:
    """Two-sided p-value of a mean difference of 0; differences (n_queries,).

    A Monte Carlo estimate, never below 1 / (n + 1). NaN without queries; 1 where no query differs.
    """
    values = np.asarray(differences, np.float64)
    if not len(values):
        return float("nan")
    generator, observed, extreme = np.random.default_rng(seed), abs(values.sum()), 0
    for first in range(0, n, AT_ONCE):
        signs = generator.integers(0, 2, (min(AT_ONCE, n - first), len(values)), np.int8) * 2 - 1
        extreme += int((np.abs(signs @ values) >= observed - ROUNDING * len(values)).sum())
    return (1 + extreme) / (1 + n)


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """p-values adjusted so that all together err with at most the level that each is held to, in the order given.

    p_(i) -> max_{j <= i} min(1, (m - j + 1) p_(j)) over the m that are not NaN, p_(1) the smallest; NaN stays NaN.
    """
    values = np.asarray(p_values, np.float64)
    adjusted = np.full(len(values), np.nan)
    given = np.flatnonzero(~np.isnan(values))
    order = given[np.argsort(values[given], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.maximum.accumulate(np.minimum(1.0, factors * values[order]))
    return adjusted

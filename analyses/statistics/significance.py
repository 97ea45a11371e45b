"""Whether two systems differ over the same queries: a paired randomisation test, and Holm's correction of several.

    p = (1 + #{ s : |mean(s * d)| >= |mean(d)| }) / (1 + n)        d: differences; s: n random vectors of signs

Under the null hypothesis a query's two values may be swapped, which flips the sign of its difference. Smucker,
Allan and Carterette 2007, "A comparison of statistical significance tests for information retrieval evaluation";
Holm 1979, "A simple sequentially rejective multiple test procedure".
"""

from __future__ import annotations

import gc

import numpy as np
from numpy.typing import ArrayLike, NDArray

N_PERMUTATIONS = 10_000
AT_ONCE = 1000  # vectors of signs in memory
ROUNDING = 1e-12  # a permuted mean this close to the observed one is equal to it


def paired_randomisation(differences: ArrayLike, n: int = N_PERMUTATIONS, seed: int = 0) -> float:
    """Two-sided p-value of a mean difference of 0; differences (n_queries,).

    A Monte Carlo estimate, never below 1 / (n + 1). NaN without queries; 1 where no query differs. Smucker,
    Allan and Carterette 2007.
    """
    return float(paired_randomisations(np.asarray(differences, np.float64)[None], n, seed)[0])


def paired_randomisations(
    differences: NDArray[np.float64], n: int = N_PERMUTATIONS, seed: int = 0
) -> NDArray[np.float64]:
    """`paired_randomisation` of each row of (n_rows, n_queries), all over the same signs; float64 (n_rows,)."""
    values = np.asarray(differences, np.float64)
    if not values.shape[1]:
        return np.full(len(values), np.nan)
    observed, extreme = np.abs(values.sum(axis=1)), np.zeros(len(values), np.int64)
    generator, rounding = np.random.default_rng(seed), ROUNDING * values.shape[1]
    for first in range(0, n, AT_ONCE):
        signs = generator.integers(0, 2, (min(AT_ONCE, n - first), values.shape[1]), np.int8) * 2 - 1
        extreme += (np.abs(signs.astype(np.float64) @ values.T) >= observed - rounding).sum(axis=0)
    return (1 + extreme) / (1 + n)


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """p_(i) -> max_{j <= i} min(1, (m - j + 1) p_(j)), p_(1) the smallest of the m that are not NaN: Holm 1979.

    Rejecting adjusted values up to a level bounds the chance of any false rejection by that level. In the order of
    the input; NaN stays NaN.
    """
    from statsmodels.stats.multitest import multipletests  # a second to import

    values = np.asarray(p_values, np.float64)
    adjusted, known = np.full(len(values), np.nan), ~np.isnan(values)
    if known.any():
        gc.freeze()  # multipletests collects garbage at every call: half a second in a large process, if not frozen
        try:
            adjusted[known] = multipletests(values[known], method="holm")[1]
        finally:
            gc.unfreeze()
    return adjusted

"""Which of two laws do the data prefer? Likelihood-ratio tests on the frequencies from x_min on.

    R = sum_i ln p_a(x_i) - ln p_b(x_i)        R > 0 prefers a

Vuong's test (1989) where neither law is a special case of the other; chi-squared with 1 degree of freedom for
nested laws (Wilks 1938).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from analyses.laws._law_distributions import log_probabilities
from analyses.laws._power_laws import Sizes, TailFit


@dataclass(frozen=True)
class Comparison:
    """A likelihood-ratio test of two laws: log_ratio > 0 prefers `a`; p_value of no difference, by `test`; n
    terms.
    """

    a: str
    b: str
    log_ratio: float
    p_value: float
    test: str
    n: int


def compare_laws(sizes: Sizes, fits: list[TailFit]) -> list[Comparison]:
    """Every law against every later one, on the frequencies from x_min on."""
    if not fits:
        return []
    tail = sizes.above(fits[0].x_min)
    logs = {fit.law: log_probabilities(fit.law, fit.a, fit.b, fit.x_min, tail.values) for fit in fits}
    comparisons = []
    for a, b in combinations(fits, 2):
        nested = (a.law, b.law) == ("power_law", "truncated_power_law")
        compare = nested_test if nested else vuong_test
        ratio, p_value = compare(logs[a.law], logs[b.law], tail.counts)
        test = "chi-squared, 1 degree of freedom (nested)" if nested else "Vuong, two-sided"
        comparisons.append(Comparison(a.law, b.law, ratio, p_value, test, tail.n))
    return comparisons


def vuong_test(
    a: NDArray[np.float64], b: NDArray[np.float64], counts: NDArray[np.int64]
) -> tuple[float, float]:
    """sum(a - b) of log-likelihoods, and p = erfc(|sum| / (s sqrt(2 n))), s their deviation (Vuong 1989)."""
    from scipy.special import erfc

    n, each = counts.sum(), a - b
    ratio = float(counts @ each)
    variance = float(counts @ np.square(each - ratio / n)) / n
    if variance <= 1e-18:
        return ratio, 1.0
    return ratio, float(erfc(abs(ratio) / np.sqrt(2 * n * variance)))


def nested_test(
    a: NDArray[np.float64], b: NDArray[np.float64], counts: NDArray[np.int64]
) -> tuple[float, float]:
    """sum(a - b) where b holds a as a special case, and p = P(chi-squared_1 >= 2 |sum|) (Wilks 1938).

    The special case lies on the edge of what b may be, which makes the test conservative.
    """
    from scipy.special import erfc

    ratio = min(float(counts @ (a - b)), 0.0)
    return ratio, float(erfc(np.sqrt(-ratio)))

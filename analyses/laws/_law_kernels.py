"""Compiled parts of the power laws: likelihoods and survival functions of whole numbers from x_min on.

Laws of a whole number x >= x_min, by number, with two parameters a and b each (see
`analyses.laws._law_distributions`):

    POWER       p(x) = x^-a / zeta(a, x_min)
    TRUNCATED   p(x) = x^-a exp(-e^b x) / sum of the same from x_min
    LOGNORMAL   p(x) = P(x - 1/2 <= X < x + 1/2 | X >= x_min - 1/2),  ln X normal of mean a and deviation e^b
    STRETCHED   p(x) of the same form,  P(X >= x) = exp(-(e^a x)^(e^b))

Values come as distinct x (rising) with how many terms have each, so that a sum is over hundreds and not thousands.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from retrieval.kernels import kernel

POWER, TRUNCATED, LOGNORMAL, STRETCHED = 0, 1, 2, 3
LOWEST, HIGHEST = 1.0001, 15.0  # exponents that are looked at
FAR = 1e300  # minus the log-likelihood of parameters out of range

_nodes, _weights = np.polynomial.legendre.leggauss(16)
NODES, WEIGHTS = tuple(_nodes.tolist()), tuple(_weights.tolist())


@kernel
def zeta(a: float, x: float) -> float:
    """Hurwitz's zeta(a, x) = sum_{i >= 0} (x + i)^-a, by Euler and Maclaurin's formula from 20 on; a > 1."""
    total = 0.0
    while x < 20.0:
        total += math.exp(-a * math.log(x))
        x += 1.0
    y = math.exp(-a * math.log(x))
    z = (
        a
        / (12.0 * x)
        * (1.0 - (a + 1) * (a + 2) / (60.0 * x * x) * (1.0 - (a + 3) * (a + 4) / (42.0 * x * x)))
    )
    return total + y * (x / (a - 1.0) + 0.5 + z)


@kernel
def cut_sum(a: float, cut: float, x: float) -> float:
    """sum_{y >= x} y^-a exp(-cut y): 40 terms as they are, the rest by the midpoint rule's integral over ln y."""
    total = 0.0
    for _ in range(40):
        total += math.exp(-a * math.log(x) - cut * x)
        x += 1.0
    low = math.log(x - 0.5)
    high = max(math.log(x + 45.0 / cut), low + 1.0)
    panels = 4
    half = (high - low) / panels / 2.0
    for panel in range(panels):
        centre = low + (2 * panel + 1) * half
        for i in range(16):
            u = centre + half * NODES[i]
            total += half * WEIGHTS[i] * math.exp((1.0 - a) * u - cut * math.exp(u))
    return total


@kernel
def survival(law: int, a: float, b: float, x_min: float, x: float) -> float:
    """P(X >= x | X >= x_min)."""
    if x <= x_min:
        return 1.0
    if law == POWER:
        return zeta(a, x) / zeta(a, x_min)
    if law == TRUNCATED:
        return cut_sum(a, math.exp(b), x) / cut_sum(a, math.exp(b), x_min)
    if law == LOGNORMAL:
        scale = math.exp(b) * math.sqrt(2.0)
        return math.erfc((math.log(x - 0.5) - a) / scale) / math.erfc((math.log(x_min - 0.5) - a) / scale)
    rate, power = math.exp(a), math.exp(b)
    return math.exp((rate * (x_min - 0.5)) ** power - (rate * (x - 0.5)) ** power)


@kernel
def log_norm(law: int, a: float, b: float, x_min: float) -> float:
    """The log of the normalising sum that `log_probability` subtracts; FAR for parameters out of range."""
    if law == POWER:
        return math.log(zeta(a, x_min)) if LOWEST <= a <= HIGHEST else FAR
    if law == TRUNCATED:
        if not (-2.0 <= a <= HIGHEST and -30.0 <= b <= 3.0):
            return FAR
        total = cut_sum(a, math.exp(b), x_min)
        return math.log(total) if total > 0 else FAR
    if law == LOGNORMAL:
        z = (math.log(x_min - 0.5) - a) / (math.exp(b) * math.sqrt(2.0)) if -7.0 <= b <= 4.0 else 99.0
        return math.log(0.5 * math.erfc(z)) if z < 25.0 else FAR
    if not (-60.0 <= a <= 90.0 and -6.0 <= b <= 3.0):
        return FAR
    return -math.exp(math.exp(b) * (a + math.log(x_min - 0.5)))


@kernel
def log_probability(law: int, a: float, b: float, norm: float, x: float) -> float:
    """ln p(x), `norm` from `log_norm`."""
    if law == POWER:
        return -a * math.log(x) - norm
    if law == TRUNCATED:
        return -a * math.log(x) - math.exp(b) * x - norm
    if law == LOGNORMAL:
        deviation = math.exp(b)
        if x > 100.0:
            z = (math.log(x) - a) / deviation
            return -0.5 * z * z - math.log(x * deviation * math.sqrt(2.0 * math.pi)) - norm
        low = (math.log(x - 0.5) - a) / (deviation * math.sqrt(2.0))
        high = (math.log(x + 0.5) - a) / (deviation * math.sqrt(2.0))
        if high < 0.0:
            part = 0.5 * (math.erfc(-high) - math.erfc(-low))
        else:
            part = 0.5 * (math.erfc(low) - math.erfc(high))
        return math.log(part) - norm if part > 0.0 else -FAR
    rate, power = math.exp(a), math.exp(b)
    below = (rate * (x - 0.5)) ** power
    step = (rate * (x + 0.5)) ** power - below
    part = -math.expm1(-step)
    return -below + math.log(part) - norm if part > 0.0 else -FAR


@kernel
def loss(
    law: int, a: float, b: float, x_min: float, values: NDArray[np.float64], counts: NDArray[np.int64]
) -> float:
    """Minus the mean log-likelihood of the values of at least x_min."""
    norm = log_norm(law, a, b, x_min)
    if norm == FAR:
        return FAR
    total, n = 0.0, 0
    for i in range(len(values)):
        if values[i] >= x_min:
            total += counts[i] * log_probability(law, a, b, norm, values[i])
            n += counts[i]
    result = -total / max(n, 1)
    return result if result < FAR else FAR


@kernel
def power_exponent(x_min: float, mean_log: float) -> float:
    """The most likely exponent of POWER for values whose mean ln x is `mean_log`: golden sections."""
    ratio = (math.sqrt(5.0) - 1.0) / 2.0
    low, high = LOWEST, HIGHEST
    c, d = high - ratio * (high - low), low + ratio * (high - low)
    at_c, at_d = math.log(zeta(c, x_min)) + c * mean_log, math.log(zeta(d, x_min)) + d * mean_log
    while high - low > 1e-7:
        if at_c < at_d:
            high, d, at_d = d, c, at_c
            c = high - ratio * (high - low)
            at_c = math.log(zeta(c, x_min)) + c * mean_log
        else:
            low, c, at_c = c, d, at_d
            d = low + ratio * (high - low)
            at_d = math.log(zeta(d, x_min)) + d * mean_log
    return (low + high) / 2.0


@kernel
def distance(
    law: int, a: float, b: float, x_min: float, values: NDArray[np.float64], counts: NDArray[np.int64]
) -> float:
    """Kolmogorov and Smirnov's: the largest difference of P(X >= x) from the share of values, over x >= x_min."""
    n = 0
    for i in range(len(values)):
        if values[i] >= x_min:
            n += counts[i]
    largest, left = 0.0, n
    for i in range(len(values)):
        if values[i] < x_min:
            continue
        # just before the value, from the value before it on; and just after it
        largest = max(largest, abs(survival(law, a, b, x_min, values[i]) - left / n))
        left -= counts[i]
        largest = max(largest, abs(survival(law, a, b, x_min, values[i] + 1.0) - left / n))
    return largest


@kernel
def power_distance(
    a: float, first: int, values: NDArray[np.float64], counts: NDArray[np.int64], n: int, stop: float
) -> float:
    """`distance` of POWER from values[first:], n in all, given up once it passes `stop`."""
    norm, largest, left = zeta(a, values[first]), 0.0, n
    for i in range(first, len(values)):
        here = zeta(a, values[i])
        largest = max(largest, abs(here / norm - left / n))
        left -= counts[i]
        largest = max(largest, abs((here - values[i] ** -a) / norm - left / n))
        if largest > stop:
            break
    return largest


@kernel
def scan(
    values: NDArray[np.float64], counts: NDArray[np.int64], candidates: NDArray[np.int64]
) -> tuple[int, float, float]:
    """The candidate (position in `values`) of least distance from its most likely power law, exponent, distance."""
    best, exponent, least = candidates[0], 2.0, FAR
    n_above = np.zeros(len(values) + 1, np.int64)
    log_above = np.zeros(len(values) + 1, np.float64)
    for i in range(len(values) - 1, -1, -1):
        n_above[i] = n_above[i + 1] + counts[i]
        log_above[i] = log_above[i + 1] + counts[i] * math.log(values[i])
    for first in candidates:
        a = power_exponent(values[first], log_above[first] / n_above[first])
        d = power_distance(a, first, values, counts, n_above[first], least)
        if d < least:
            best, exponent, least = first, a, d
    return best, exponent, least


@kernel
def fit_two(
    law: int,
    a: float,
    b: float,
    x_min: float,
    values: NDArray[np.float64],
    counts: NDArray[np.int64],
    step: float,
) -> tuple[float, float, float]:
    """a, b and loss of least loss, by Nelder and Mead's simplex from (a, b) with that step."""
    x = np.array([[a, b], [a + step, b], [a, b + step]])
    f = np.empty(3)
    for i in range(3):
        f[i] = loss(law, x[i, 0], x[i, 1], x_min, values, counts)
    for _ in range(400):
        order = np.argsort(f)
        x, f = x[order], f[order]
        size = np.abs(x[1:] - x[0]).max()
        if size < 1e-7 or (abs(f[2] - f[0]) < 1e-11 and size < 1e-3):
            break
        centre = (x[0] + x[1]) / 2.0
        trial = 2.0 * centre - x[2]
        at_trial = loss(law, trial[0], trial[1], x_min, values, counts)
        if at_trial < f[0]:
            further = 3.0 * centre - 2.0 * x[2]
            at_further = loss(law, further[0], further[1], x_min, values, counts)
            if at_further < at_trial:
                trial, at_trial = further, at_further
        elif at_trial >= f[1]:
            nearer = (centre + trial) / 2.0 if at_trial < f[2] else (centre + x[2]) / 2.0
            at_nearer = loss(law, nearer[0], nearer[1], x_min, values, counts)
            if at_nearer < min(at_trial, f[2]):
                trial, at_trial = nearer, at_nearer
            else:
                for i in range(1, 3):
                    x[i] = (x[0] + x[i]) / 2.0
                    f[i] = loss(law, x[i, 0], x[i, 1], x_min, values, counts)
                continue
        x[2], f[2] = trial, at_trial
    best = np.argmin(f)
    return x[best, 0], x[best, 1], f[best]

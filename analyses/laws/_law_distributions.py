"""Four laws of a whole number x >= x_min as distributions: their parameters, ln p(x), P(X >= x), and samples.

    power law              p(x) ~ x^-exponent                      the law of which Zipf's is the rank form
    truncated power law    p(x) ~ x^-exponent exp(-x / cutoff)
    lognormal              ln X normal, mean mu and deviation sigma, rounded to whole numbers
    stretched exponential  P(X >= x) = exp(-(x / scale)^power), rounded to whole numbers

The compiled parts (analyses.laws._law_kernels) know each law by two parameters a and b.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from analyses.laws._law_kernels import (
    LOGNORMAL,
    POWER,
    STRETCHED,
    TRUNCATED,
    log_norm,
    log_probability,
    survival,
)
from retrieval.kernels import kernel

Law = Literal["power_law", "truncated_power_law", "lognormal", "stretched_exponential"]
LAWS: tuple[Law, ...] = get_args(Law)
CODES = {
    "power_law": POWER,
    "truncated_power_law": TRUNCATED,
    "lognormal": LOGNORMAL,
    "stretched_exponential": STRETCHED,
}


def parameters_of(law: Law, a: float, b: float) -> dict[str, float]:
    """a and b by the names in the module's docstring."""
    if law == "power_law":
        return {"exponent": a}
    if law == "truncated_power_law":
        return {"exponent": a, "cutoff": float(np.exp(-b))}
    if law == "lognormal":
        return {"mu": a, "sigma": float(np.exp(b))}
    return {"scale": float(np.exp(-a)), "power": float(np.exp(b))}


def values_to_a_b(law: str, values: Mapping[str, float]) -> tuple[float, float]:
    """The inverse of `parameters_of`: named parameters -> a, b."""
    if law == "power_law":
        return values["exponent"], 0.0
    if law == "truncated_power_law":
        return values["exponent"], -float(np.log(values["cutoff"]))
    if law == "lognormal":
        return values["mu"], float(np.log(values["sigma"]))
    return -float(np.log(values["scale"])), float(np.log(values["power"]))


def log_probabilities(
    law: Law, a: float, b: float, x_min: float, values: NDArray[Any]
) -> NDArray[np.float64]:
    """ln p(x) of whole numbers of at least x_min, float64 (n,)."""
    return _log_probabilities(CODES[law], float(a), float(b), float(x_min), np.asarray(values, np.float64))


def survivals(law: Law, a: float, b: float, x_min: float, values: NDArray[Any]) -> NDArray[np.float64]:
    """P(X >= x | X >= x_min) of each value, float64 (n,)."""
    return _survivals(CODES[law], float(a), float(b), float(x_min), np.asarray(values, np.float64))


def draw(
    law: Law, a: float, b: float, x_min: float, n: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    """n whole numbers of at least x_min under a law, by the inverse of P(X >= x): float64 (n,).

    Exact up to 2,000 above x_min; beyond, P(X >= x) is a straight line on log-log axes between points 1% apart.
    """
    rarity, logs, least = _inverse(law, a, b, x_min)
    uniform = np.log(np.maximum(generator.random(n), least))
    drawn: NDArray[np.float64] = np.interp(-uniform, rarity, logs)
    return np.floor(np.exp(drawn) * (1 + 1e-12))


@lru_cache(maxsize=8)  # a goodness of fit draws hundreds of samples of one law
def _inverse(
    law: Law, a: float, b: float, x_min: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """-ln P(X >= x | X >= x_min) and ln x at points of rising x, each float64 (n_points,), and the least P."""
    reach = np.geomspace(x_min + 2000, (x_min + 2000) * 1e9, 2083)
    grid = np.concatenate([np.arange(x_min, x_min + 2000), np.unique(np.floor(reach))])
    rare = survivals(law, a, b, x_min, grid)
    known = np.isfinite(rare) & (rare > 1e-14)
    rare = np.minimum.accumulate(rare[known])
    return -np.log(rare), np.log(grid[known]), float(rare[-1])


@kernel
def _log_probabilities(
    law: int, a: float, b: float, x_min: float, values: NDArray[np.float64]
) -> NDArray[np.float64]:
    norm = log_norm(law, a, b, x_min)
    found = np.empty(len(values))
    for i in range(len(values)):
        found[i] = log_probability(law, a, b, norm, values[i])
    return found


@kernel
def _survivals(
    law: int, a: float, b: float, x_min: float, values: NDArray[np.float64]
) -> NDArray[np.float64]:
    found = np.empty(len(values))
    for i in range(len(values)):
        found[i] = survival(law, a, b, x_min, values[i])
    return found

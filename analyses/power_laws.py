"""How often terms occur, as a power law and as its rivals: most likely fits that can fail.

    power law              p(x) ~ x^-exponent                      the law of which Zipf's is the rank form
    truncated power law    p(x) ~ x^-exponent exp(-x / cutoff)
    lognormal              ln X normal, mean mu and deviation sigma, rounded to whole numbers
    stretched exponential  P(X >= x) = exp(-(x / scale)^power), rounded to whole numbers

x is the frequency of a term, of at least x_min: where the power law's Kolmogorov-Smirnov distance is least,
among all frequencies or, where there are more than `N_CANDIDATES`, that many spread over a log axis; the rivals are
fitted to the same terms. Goodness of fit is a bootstrap: samples of the fitted law (below x_min, of the data), each
with an x_min of its own for the power law, and `p_value` is the share of them, the data counted in, that lie as far
from their own fit as the data do. Two laws are compared by Vuong's test of their likelihood ratio, nested ones by
chi-squared with 1 degree of freedom. Clauset, Shalizi and Newman (2009); Vuong (1989).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from analyses.law_kernels import (
    LOGNORMAL,
    POWER,
    STRETCHED,
    TRUNCATED,
    distance,
    fit_two,
    log_norm,
    log_probability,
    loss,
    power_exponent,
    scan,
    survival,
    zeta,
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
N_CANDIDATES = 200
LEAST_TAIL = 50  # terms above x_min; of fewer nothing can be said
N_BOOTSTRAP = 1000
N_RIVAL_BOOTSTRAP = 200
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Sizes:
    """Frequencies as distinct whole numbers: values float64, rising, 1 or more; counts int64, terms of each."""

    values: NDArray[np.float64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, frequencies: NDArray[Any]) -> Sizes:
        """Of the frequency of each term; terms that do not occur are left out, fractions are rounded."""
        values, counts = np.unique(np.rint(np.asarray(frequencies, np.float64)), return_counts=True)
        kept = values > 0
        return cls(values[kept], counts[kept].astype(np.int64))

    def above(self, x_min: float) -> Sizes:
        kept = self.values >= x_min
        return Sizes(self.values[kept], self.counts[kept])

    @property
    def n(self) -> int:
        """Terms."""
        return int(self.counts.sum())


@dataclass(frozen=True)
class TailFit:
    """One law on the frequencies of at least x_min.

    a, b: its parameters as `law_kernels` has them. distance: Kolmogorov and Smirnov's. p_value: of n_bootstrap
    samples (NaN where there are none). n: terms that occur, n_tail: those from x_min on.
    """

    law: Law
    x_min: float
    n: int
    n_tail: int
    a: float
    b: float
    log_likelihood: float
    distance: float
    p_value: float
    n_bootstrap: int

    @property
    def parameters(self) -> dict[str, float]:
        return parameters_of(self.law, self.a, self.b)

    @property
    def standard_error(self) -> float:
        """Of the power law's exponent, were other terms drawn: from the curvature of the likelihood. Else NaN."""
        if self.law != "power_law":
            return float("nan")
        step = 1e-3
        at = [np.log(zeta(self.a + change, self.x_min)) for change in (-step, 0.0, step)]
        return float(1 / np.sqrt(self.n_tail * (at[0] - 2 * at[1] + at[2]) / step**2))


@dataclass(frozen=True)
class Comparison:
    """Which of two laws the data prefer: log_ratio > 0 for `a`; p_value of no difference, by `test`."""

    a: str
    b: str
    log_ratio: float
    p_value: float
    test: str
    n: int


def parameters_of(law: Law, a: float, b: float) -> dict[str, float]:
    """The parameters by the names that the module's text gives them."""
    if law == "power_law":
        return {"exponent": a}
    if law == "truncated_power_law":
        return {"exponent": a, "cutoff": float(np.exp(-b))}
    if law == "lognormal":
        return {"mu": a, "sigma": float(np.exp(b))}
    return {"scale": float(np.exp(-a)), "power": float(np.exp(b))}


def candidates_of(sizes: Sizes, n_candidates: int = N_CANDIDATES) -> NDArray[np.int64]:
    """Positions in `sizes.values` that may be x_min: enough terms and two distinct frequencies above."""
    least = min(LEAST_TAIL, max(sizes.n // 2, 2))
    enough = np.cumsum(sizes.counts[::-1])[::-1] >= least
    enough[-1:] = False
    places = np.flatnonzero(enough)
    if len(places) > n_candidates:
        wanted = np.geomspace(sizes.values[0], sizes.values[places[-1]], n_candidates)
        places = np.unique(np.minimum(np.searchsorted(sizes.values, wanted - 1e-9), places[-1]))
    return places.astype(np.int64)


def fit_tails(
    sizes: Sizes,
    n_bootstrap: int = N_BOOTSTRAP,
    n_rival_bootstrap: int = N_RIVAL_BOOTSTRAP,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[TailFit]:
    """Every law on one set of frequencies, the power law first; none where too few terms occur.

    progress: bootstrap samples done, of all.
    """
    places = candidates_of(sizes)
    if not len(places):
        return []
    first, exponent, least = scan(sizes.values, sizes.counts, places)
    x_min, total = float(sizes.values[first]), n_bootstrap + 3 * n_rival_bootstrap
    tail = sizes.above(x_min)
    fits = []
    for number, law in enumerate(LAWS):
        n_samples = n_rival_bootstrap if number else n_bootstrap
        before = 0 if number == 0 else n_bootstrap + (number - 1) * n_rival_bootstrap
        a, b = (exponent, 0.0) if number == 0 else fit_rival(law, tail, x_min, exponent)
        far = least if number == 0 else distance(CODES[law], a, b, x_min, tail.values, tail.counts)
        further = 0
        for sample in range(n_samples):
            generator = np.random.default_rng([seed, number, sample])
            drawn = _drawn(law, a, b, x_min, sizes if number == 0 else tail, generator)
            further += _distance_of(law, a, b, x_min, drawn) >= far
            if progress:
                progress(before + sample + 1, total)
        value = (further + 1) / (n_samples + 1) if n_samples else float("nan")
        likelihood = -loss(CODES[law], a, b, x_min, tail.values, tail.counts) * tail.n
        fits.append(TailFit(law, x_min, sizes.n, tail.n, a, b, likelihood, far, value, n_samples))
    return fits


def fit_at(law: Law, sizes: Sizes, x_min: float, exponent: float = 2.0) -> tuple[float, float]:
    """The most likely a and b on the frequencies of at least x_min; `exponent` is where a rival's search starts."""
    tail = sizes.above(x_min)
    if law == "power_law":
        return power_exponent(x_min, float(tail.counts @ np.log(tail.values)) / tail.n), 0.0
    return fit_rival(law, tail, x_min, exponent)


def fit_rival(law: Law, tail: Sizes, x_min: float, exponent: float) -> tuple[float, float]:
    """The most likely a and b of a law of two parameters: the best of a few simplexes from different starts."""
    logs = np.log(tail.values)
    mean = float(tail.counts @ logs) / tail.n
    spread = max(float(tail.counts @ np.square(logs - mean)) / tail.n, 1e-2) ** 0.5
    cut = -np.log(tail.values[-1])
    starts = {
        "truncated_power_law": [(exponent, cut), (max(exponent - 1, 0.5), cut + 2), (exponent, -29.0)],
        "lognormal": [
            (mean, np.log(spread)),
            (np.log(x_min) - 2 * spread, np.log(2 * spread)),
            (np.log(x_min) - 12, 1.3),
        ],
        "stretched_exponential": [
            (-mean, -0.5),
            (-np.log(x_min) + 2, -1.3),
            (-np.log(x_min) + 8, -2.0),
            (30.0, -2.4),
        ],
    }[law]
    found = [
        fit_two(CODES[law], float(a), float(b), x_min, tail.values, tail.counts, 0.25) for a, b in starts
    ]
    a, b, _ = min(found, key=lambda one: one[2])
    return a, b


def compare_laws(sizes: Sizes, fits: list[TailFit]) -> list[Comparison]:
    """Every law with every later one, on the frequencies from x_min on."""
    if not fits:
        return []
    tail = sizes.above(fits[0].x_min)
    logs = {fit.law: log_probabilities(fit, tail.values) for fit in fits}
    found = []
    for place, one in enumerate(fits):
        for other in fits[place + 1 :]:
            nested = (one.law, other.law) == ("power_law", "truncated_power_law")
            compare = nested_test if nested else vuong_test
            ratio, p_value = compare(logs[one.law], logs[other.law], tail.counts)
            test = "chi-squared, 1 degree of freedom (nested)" if nested else "Vuong, two-sided"
            found.append(Comparison(one.law, other.law, ratio, p_value, test, tail.n))
    return found


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


def log_probabilities(fit: TailFit, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """ln p(x) of whole numbers of at least x_min, (n,)."""
    return _log_probabilities(CODES[fit.law], fit.a, fit.b, fit.x_min, np.asarray(values, np.float64))


def survivals(law: Law, a: float, b: float, x_min: float, values: NDArray[Any]) -> NDArray[np.float64]:
    """P(X >= x | X >= x_min) of each value, (n,)."""
    return _survivals(CODES[law], a, b, x_min, np.asarray(values, np.float64))


def draw(
    law: Law, a: float, b: float, x_min: float, n: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    """n whole numbers of at least x_min under a law, by the inverse of P(X >= x): float64 (n,).

    Exact up to 2,000 above x_min; beyond, P(X >= x) is a straight line on log-log axes between points 1% apart.
    """
    reach = np.geomspace(x_min + 2000, (x_min + 2000) * 1e9, 2083)
    grid = np.concatenate([np.arange(x_min, x_min + 2000), np.unique(np.floor(reach))])
    rare = survivals(law, a, b, x_min, grid)
    known = np.isfinite(rare) & (rare > 1e-14)
    grid, rare = grid[known], np.minimum.accumulate(rare[known])
    uniform = np.log(np.maximum(generator.random(n), rare[-1]))
    logs: NDArray[np.float64] = np.interp(-uniform, -np.log(rare), np.log(grid))
    return np.floor(np.exp(logs) * (1 + 1e-12))


def _drawn(law: Law, a: float, b: float, x_min: float, sizes: Sizes, generator: np.random.Generator) -> Sizes:
    """As many terms as the data have: those from x_min on by the law, those below as the data's."""
    below = sizes.values < x_min
    n_below = int(sizes.counts[below].sum())
    n = sizes.n
    n_low = int(generator.binomial(n, n_below / n)) if n_below else 0
    drawn = Sizes.of(draw(law, a, b, x_min, n - n_low, generator))
    if not n_low:
        return drawn
    counts = generator.multinomial(n_low, sizes.counts[below] / n_below)
    kept = counts > 0
    return Sizes(
        np.concatenate([sizes.values[below][kept], drawn.values]),
        np.concatenate([counts[kept].astype(np.int64), drawn.counts]),
    )


def _distance_of(law: Law, a: float, b: float, x_min: float, drawn: Sizes) -> float:
    """How far a sample lies from its own fit."""
    if law == "power_law":
        places = candidates_of(drawn)
        return scan(drawn.values, drawn.counts, places)[2] if len(places) else 0.0
    a, b, _ = fit_two(CODES[law], a, b, x_min, drawn.values, drawn.counts, 0.1)
    return distance(CODES[law], a, b, x_min, drawn.values, drawn.counts)


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

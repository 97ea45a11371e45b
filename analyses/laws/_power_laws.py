"""Maximum-likelihood fits of four laws to how often terms occur, with a goodness-of-fit test that they can fail.

    L(a, b) = sum_i ln p(x_i; a, b)        over frequencies x_i >= x_min, p as in _law_distributions

x_min is where the power law's Kolmogorov-Smirnov distance is least, among all frequencies or, where there are more
than `N_CANDIDATES`, that many spread over a log axis; the rival laws are fitted to the same terms. Goodness of fit
is a bootstrap: samples of the fitted law (below x_min, of the data), each with an x_min of its own for the power
law; `p_value` is the share of samples, the data included, that are at least as far from their own fit as the data
are. Clauset, Shalizi and Newman 2009, "Power-law distributions in empirical data".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyses.laws._law_distributions import CODES, LAWS, Law, draw, parameters_of
from analyses.laws._law_kernels import (
    distance,
    fit_two,
    loss,
    power_exponent,
    scan,
    zeta,
)
from data.progress import StepProgress

N_CANDIDATES = 200
LEAST_TAIL = 50  # terms above x_min that a fit needs
N_BOOTSTRAP = 1000
N_RIVAL_BOOTSTRAP = 200


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

    a, b: parameters as in `_law_kernels`. distance: Kolmogorov and Smirnov's. p_value: of n_bootstrap
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
        """Standard error of the power law's exponent over terms, 1 / sqrt(-L''); NaN for other laws."""
        if self.law != "power_law":
            return float("nan")
        step = 1e-3
        at = [np.log(zeta(self.a + change, self.x_min)) for change in (-step, 0.0, step)]
        return float(1 / np.sqrt(self.n_tail * (at[0] - 2 * at[1] + at[2]) / step**2))


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
    progress: StepProgress | None = None,
    laws: Sequence[Law] = LAWS,
) -> list[TailFit]:
    """Every law fitted to one set of frequencies, the power law first; empty where too few terms occur.

    progress: bootstrap samples done, of all. laws: those to fit, the power law first.
    """
    places = candidates_of(sizes)
    if not len(places):
        return []
    first, exponent, least = scan(sizes.values, sizes.counts, places)
    x_min, total = float(sizes.values[first]), n_bootstrap + 3 * n_rival_bootstrap
    tail = sizes.above(x_min)
    fits = []
    for number, law in enumerate(laws):
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
    x_min = float(x_min)  # a whole number would have the loops compiled once more
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
    fits = [fit_two(CODES[law], float(a), float(b), x_min, tail.values, tail.counts, 0.25) for a, b in starts]
    a, b, _ = min(fits, key=lambda fit: fit[2])
    return a, b


def _drawn(law: Law, a: float, b: float, x_min: float, sizes: Sizes, generator: np.random.Generator) -> Sizes:
    """A sample as large as the data: from x_min on drawn from the law, below x_min from the data."""
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
    """Kolmogorov-Smirnov distance of a sample from its own fit."""
    if law == "power_law":
        places = candidates_of(drawn)
        return scan(drawn.values, drawn.counts, places)[2] if len(places) else 0.0
    a, b, _ = fit_two(CODES[law], a, b, x_min, drawn.values, drawn.counts, 0.1)
    return distance(CODES[law], a, b, x_min, drawn.values, drawn.counts)

"""Zipf's law in its rank form: how a vocabulary's frequency falls from its first term to its last.

    zipf               p_r = r^-exponent / sum over all ranks                1 <= r <= V, Zipf (1949)
    zipf_mandelbrot    p_r = (r + shift)^-exponent / sum over all ranks      Mandelbrot (1953)

Maximum-likelihood fits to each rank's share of all occurrences, V the terms that occur. The likelihood ratio
is tested by chi-squared with 1 degree of freedom, as the first law is the second at shift 0. Ranks are
computed from the same frequencies, which makes the curve smoother than the truth (Piantadosi 2014): so the
samples of the goodness-of-fit bootstrap are ranked by their own frequencies, and fitted again. Occurrences
are assumed independent; those of a document are not, so that a low `p_value` may be due to that.
`naive_slope` is the straight line by least squares on log-log axes: no estimate, shown because it is common.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from analyses.laws._law_comparison import Comparison
from data.progress import StepProgress
from retrieval.kernels import kernel

RankLaw = Literal["zipf", "zipf_mandelbrot"]
RANK_LAWS: tuple[RankLaw, ...] = get_args(RankLaw)
N_BOOTSTRAP = 1000
LEAST_TERMS = 10
HIGHEST_EXPONENT = 60.0  # that is searched


@dataclass(frozen=True)
class RankFit:
    """One law on all ranks; shift is 0 for Zipf's. distance: Kolmogorov and Smirnov's, over occurrences by rank.

    n: terms that occur. n_occurrences: of all terms. p_value: of n_bootstrap samples, NaN where there are none.
    """

    law: RankLaw
    n: int
    n_occurrences: int
    exponent: float
    shift: float
    log_likelihood: float
    distance: float
    p_value: float
    n_bootstrap: int

    @property
    def parameters(self) -> dict[str, float]:
        return {"exponent": self.exponent} | ({"shift": self.shift} if self.law == "zipf_mandelbrot" else {})


def ranked(frequencies: NDArray[Any]) -> NDArray[np.int64]:
    """Whole frequencies of the terms that occur, falling."""
    whole = np.rint(np.asarray(frequencies, np.float64)).astype(np.int64)
    return np.sort(whole[whole > 0])[::-1]


def fit_ranks(
    frequencies: NDArray[Any],
    n_bootstrap: int = N_BOOTSTRAP,
    seed: int = 0,
    progress: StepProgress | None = None,
) -> list[RankFit]:
    """Both laws on the frequency of each term; none where fewer than 10 terms occur, or all as often."""
    falling = ranked(frequencies)
    if len(falling) < LEAST_TERMS or falling[0] == falling[-1]:
        return []
    n, fits = int(falling.sum()), []
    for number, law in enumerate(RANK_LAWS):
        exponent, shift = fit_rank(law, falling)
        far, further = rank_distance(falling, exponent, shift), 0
        shares = rank_shares(len(falling), exponent, shift)
        for sample in range(n_bootstrap):
            generator = np.random.default_rng([seed, 10 + number, sample])
            drawn = np.sort(generator.multinomial(n, shares))[::-1]
            drawn = drawn[drawn > 0]
            further += rank_distance(drawn, *fit_rank(law, drawn, (exponent, shift))) >= far
            if progress:
                progress(number * n_bootstrap + sample + 1, 2 * n_bootstrap)
        likelihood = -_rank_loss(exponent, shift, *_runs(falling)) * n
        value = (further + 1) / (n_bootstrap + 1) if n_bootstrap else float("nan")
        fits.append(RankFit(law, len(falling), n, exponent, shift, likelihood, far, value, n_bootstrap))
    return fits


def compare_rank_laws(fits: list[RankFit]) -> list[Comparison]:
    """Zipf's law with Mandelbrot's, of which it is a special case."""
    if len(fits) < 2:
        return []
    zipf, mandelbrot = fits
    ratio = min(zipf.log_likelihood - mandelbrot.log_likelihood, 0.0)
    test = "chi-squared, 1 degree of freedom (nested)"
    return [
        Comparison(zipf.law, mandelbrot.law, ratio, math.erfc(math.sqrt(-ratio)), test, zipf.n_occurrences)
    ]


def fit_rank(
    law: RankLaw, falling: NDArray[np.int64], start: tuple[float, float] | None = None
) -> tuple[float, float]:
    """The most likely exponent and shift, of falling frequencies."""
    runs = _runs(falling)
    if law == "zipf":
        return float(_fit_exponent(0.0, *runs)), 0.0
    exponent, shift = _fit_shift(start[1] if start else -1.0, *runs)
    return float(exponent), float(shift)


def rank_shares(n_terms: int, exponent: float, shift: float) -> NDArray[np.float64]:
    """p_r of ranks 1 to n_terms."""
    weights = (np.arange(1, n_terms + 1) + shift) ** -exponent
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares


def rank_distance(falling: NDArray[np.int64], exponent: float, shift: float) -> float:
    """The largest difference between the share of occurrences in the first r ranks and the law's, over r."""
    observed = np.cumsum(falling) / falling.sum()
    return float(np.abs(observed - np.cumsum(rank_shares(len(falling), exponent, shift))).max())


def naive_slope(frequencies: NDArray[Any]) -> float:
    """Minus the slope of ln frequency on ln rank by least squares over all ranks: no estimate, but common."""
    falling = ranked(frequencies)
    if len(falling) < 2:
        return float("nan")
    x, y = np.log(np.arange(1, len(falling) + 1)), np.log(falling)
    return float(-((x - x.mean()) @ (y - y.mean())) / np.square(x - x.mean()).sum())


def _runs(falling: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Runs of terms of equal frequency: each term's share of the occurrences, and the last rank of the run."""
    last = np.flatnonzero(np.append(falling[1:] != falling[:-1], True))
    return falling[last] / falling.sum(), (last + 1).astype(np.float64)


@kernel
def _log_total(exponent: float, shift: float, n_terms: float) -> float:
    """ln sum_{r=1}^n (r + shift)^-exponent: 50 terms as they are, the rest by the midpoint rule's integral."""
    total, r = 0.0, 1.0
    while r <= n_terms and r <= 50.0:
        total += (r + shift) ** -exponent
        r += 1.0
    if r <= n_terms:
        low, high, power = r - 0.5 + shift, n_terms + 0.5 + shift, 1.0 - exponent
        if abs(power) < 1e-9:
            total += math.log(high / low)
        else:
            total += (high**power - low**power) / power
    return math.log(total)


@kernel
def _mean_log(shift: float, share: NDArray[np.float64], last: NDArray[np.float64]) -> float:
    """Mean of ln(r + shift) over occurrences; sums over a run of ranks are differences of ln Gamma."""
    total = 0.0
    before = math.lgamma(1.0 + shift)
    for i in range(len(share)):
        after = math.lgamma(last[i] + 1.0 + shift)
        total += share[i] * (after - before)
        before = after
    return total


@kernel
def _rank_loss(exponent: float, shift: float, share: NDArray[np.float64], last: NDArray[np.float64]) -> float:
    """Minus the mean log-likelihood of an occurrence."""
    return exponent * _mean_log(shift, share, last) + _log_total(exponent, shift, last[-1])


@kernel
def _fit_exponent(shift: float, share: NDArray[np.float64], last: NDArray[np.float64]) -> float:
    mean_log, n_terms = _mean_log(shift, share, last), last[-1]
    ratio = (math.sqrt(5.0) - 1.0) / 2.0
    low, high = 0.0, HIGHEST_EXPONENT
    c, d = high - ratio * (high - low), low + ratio * (high - low)
    at_c = c * mean_log + _log_total(c, shift, n_terms)
    at_d = d * mean_log + _log_total(d, shift, n_terms)
    while high - low > 1e-7:
        if at_c < at_d:
            high, d, at_d = d, c, at_c
            c = high - ratio * (high - low)
            at_c = c * mean_log + _log_total(c, shift, n_terms)
        else:
            low, c, at_c = c, d, at_d
            d = low + ratio * (high - low)
            at_d = d * mean_log + _log_total(d, shift, n_terms)
    return (low + high) / 2.0


@kernel
def _loss_at(log_shift: float, share: NDArray[np.float64], last: NDArray[np.float64]) -> float:
    shift = math.expm1(log_shift)
    return _rank_loss(_fit_exponent(shift, share, last), shift, share, last)


@kernel
def _fit_shift(start: float, share: NDArray[np.float64], last: NDArray[np.float64]) -> tuple[float, float]:
    """Exponent and shift: golden sections over ln(1 + shift), about the best of a grid, or about `start`."""
    top = math.log1p(10.0 * last[-1])
    centre, width = math.log1p(max(start, 0.0)), 1.0
    if start < 0.0:
        least = 1e300
        for i in range(41):
            at = _loss_at(top * i / 40.0, share, last)
            if at < least:
                centre, least = top * i / 40.0, at
        width = top / 40.0
    ratio = (math.sqrt(5.0) - 1.0) / 2.0
    low, high = max(centre - width, 0.0), min(centre + width, top)
    c, d = high - ratio * (high - low), low + ratio * (high - low)
    at_c, at_d = _loss_at(c, share, last), _loss_at(d, share, last)
    while high - low > 1e-6:
        if at_c < at_d:
            high, d, at_d = d, c, at_c
            c = high - ratio * (high - low)
            at_c = _loss_at(c, share, last)
        else:
            low, c, at_c = c, d, at_d
            d = low + ratio * (high - low)
            at_d = _loss_at(d, share, last)
    shift = math.expm1((low + high) / 2.0)
    if _rank_loss(_fit_exponent(0.0, share, last), 0.0, share, last) <= _loss_at(
        math.log1p(shift), share, last
    ):
        shift = 0.0
    return _fit_exponent(shift, share, last), shift

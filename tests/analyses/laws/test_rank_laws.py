"""Zipf's and Mandelbrot's laws on ranks: the sums are sums, known laws come back, the wrong one is ruled out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import linregress

from analyses.laws._rank_laws import (
    _log_total,
    compare_rank_laws,
    fit_rank,
    fit_ranks,
    naive_slope,
    rank_shares,
    ranked,
)


@given(st.floats(0, 4), st.floats(0, 500), st.integers(1, 3000))
def test_the_total_is_the_sum(exponent: float, shift: float, n_terms: int) -> None:
    total = ((np.arange(1, n_terms + 1) + shift) ** -exponent).sum()
    assert _log_total(exponent, shift, n_terms) == pytest.approx(np.log(total), abs=1e-4)


@pytest.mark.parametrize(("exponent", "shift"), [(1.0, 0.0), (1.2, 8.0)])
def test_fits_are_the_likeliest_and_give_the_law_back(exponent: float, shift: float) -> None:
    """Against scipy's optimiser on the plain sum."""
    drawn = np.random.default_rng(0).multinomial(400_000, rank_shares(800, exponent, shift))
    falling = ranked(drawn)

    def loss(x: np.ndarray) -> float:
        return -float(falling @ np.log(rank_shares(len(falling), x[0], np.exp(x[1]))))

    theirs = minimize(loss, [1.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-6})
    ours = fit_rank("zipf_mandelbrot", falling)
    assert loss(np.array([ours[0], np.log(max(ours[1], 1e-9))])) <= theirs.fun + 0.5
    assert ours[0] == pytest.approx(exponent, abs=0.03)
    assert ours[1] == pytest.approx(shift, abs=0.6)


def test_a_true_law_stands_and_a_wrong_one_is_ruled_out() -> None:
    drawn = np.random.default_rng(1).multinomial(100_000, rank_shares(500, 1.1, 12.0))
    zipf, mandelbrot = fits = fit_ranks(drawn, n_bootstrap=59)
    assert zipf.p_value < 0.05
    assert mandelbrot.p_value > 0.05
    (pair,) = compare_rank_laws(fits)
    assert pair.log_ratio < 0
    assert pair.p_value < 1e-6
    values = [
        fit_ranks(np.random.default_rng([2, seed]).multinomial(20_000, rank_shares(150, 1.0, 0)), 19)[
            0
        ].p_value
        for seed in range(15)
    ]
    assert np.mean(values) > 0.25


def test_the_naive_line_is_scipys() -> None:
    frequencies = np.random.default_rng(3).zipf(2.0, 500)
    falling = np.sort(frequencies)[::-1]
    theirs = linregress(np.log(np.arange(1, 501)), np.log(falling))
    assert naive_slope(frequencies) == pytest.approx(-theirs.slope)


def test_too_little_is_not_fitted() -> None:
    assert fit_ranks(np.array([5, 3, 1])) == []
    assert fit_ranks(np.full(50, 4)) == []
    assert compare_rank_laws([]) == []
    assert np.isnan(naive_slope(np.array([3])))

"""Medians and slopes are numpy's and scipy's, and intervals hold as often as they say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import linregress, spearmanr

from analyses.statistics.log_bins import FEWEST, binned_medians, power_law


def test_slope_and_rank_correlation_are_scipys() -> None:
    generator = np.random.default_rng(0)
    x = generator.pareto(1.2, 300) + 1
    y = 2 * x**0.5 * np.exp(generator.normal(0, 0.3, 300))
    ours, line, rank = power_law(x, y, 50), linregress(np.log(x), np.log(y)), spearmanr(x, y)
    assert ours.slope == pytest.approx(line.slope)
    assert (ours.rho, ours.p_value) == pytest.approx((rank.statistic, rank.pvalue))
    assert ours.low < 0.5 < ours.high
    assert ours.n == 300


def test_the_slopes_interval_holds_as_often_as_it_says() -> None:
    generator, held = np.random.default_rng(1), []
    for seed in range(150):
        x = np.exp(generator.uniform(0, 6, 120))
        fitted = power_law(x, x**0.5 * np.exp(generator.normal(0, 0.5, 120)), 200, seed)
        held.append(fitted.low <= 0.5 <= fitted.high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.05)


@pytest.mark.parametrize("points", [[], [1.0, 2.0], [3.0] * 9])
def test_too_little_to_fit_is_not_a_number(points: list[float]) -> None:
    assert np.isnan(power_law(np.array(points), np.array(points)).slope)


def test_what_never_varies_has_no_slope_and_no_correlation() -> None:
    fitted = power_law(np.arange(1.0, 20), np.ones(19))
    assert fitted.slope == 0
    assert np.isnan(fitted.rho)


def test_medians_are_numpys_in_each_doubling() -> None:
    generator = np.random.default_rng(2)
    x, y = np.exp(generator.uniform(0, 5, 2000)), generator.normal(0, 1, 2000)
    table = binned_medians(np.append(x, [0, np.nan]), np.append(y, [9, 9]))
    assert table["n"].sum() == 2000 - sum(
        int(n) for n in np.bincount(np.floor(np.log2(x)).astype(int)) if n < FEWEST
    )
    for row in table.to_dict("records"):
        inside = np.floor(np.log2(x)) == np.floor(np.log2(row["x"]))
        assert row["median"] == pytest.approx(np.median(y[inside]))
        assert row["low"] <= row["median"] <= row["high"]
        assert row["lower"] <= row["median"] <= row["upper"]


def test_a_medians_interval_holds_as_often_as_it_says_however_many_points_there_are() -> None:
    generator, held = np.random.default_rng(3), []
    for seed in range(60):
        table = binned_medians(np.full(5000, 1.5), generator.normal(0, 1, 5000), 100, seed)
        held.append(table["low"][0] <= 0 <= table["high"][0])
    assert np.mean(held) >= 0.85

"""The randomisation test against scipy's, and Holm's correction against its definition."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest, permutation_test

from analyses.statistics.significance import holm, paired_randomisation


@pytest.mark.parametrize("seed", range(3))
def test_it_agrees_with_scipys_exact_test(seed: int) -> None:
    random = np.random.default_rng(seed)
    one = random.random(12).round(2)
    other = (one + random.normal(0.08, 0.2, 12)).round(2)
    exact = permutation_test(
        (one, other),
        lambda a, b, axis: (a - b).mean(axis=axis),
        permutation_type="samples",
        n_resamples=np.inf,
    ).pvalue
    assert paired_randomisation(one - other) == pytest.approx(exact, abs=0.02)


def test_nothing_differs_and_nobody_was_asked() -> None:
    assert paired_randomisation(np.zeros(20)) == 1
    assert np.isnan(paired_randomisation([]))
    assert paired_randomisation(np.ones(40), n=999) == 1 / 1000


def test_under_the_null_it_rejects_at_its_level() -> None:
    random = np.random.default_rng(0)
    p_values = [paired_randomisation(random.normal(size=30), n=500, seed=seed) for seed in range(300)]
    assert kstest(p_values, "uniform").pvalue > 0.01


@given(st.lists(st.one_of(st.floats(0, 1), st.just(float("nan"))), max_size=7))
def test_holm_rejects_what_its_steps_reject(p_values: list[float]) -> None:
    """Holm 1979: from the smallest on, reject while p_(i) <= level / (m - i + 1)."""
    adjusted, given_ones = holm(p_values), sorted(p for p in p_values if p == p)
    for level, (place, p) in product((0.01, 0.05, 0.5), enumerate(p_values)):
        if p != p:
            assert np.isnan(adjusted[place])
            continue
        rejected = 0
        while rejected < len(given_ones) and given_ones[rejected] * (len(given_ones) - rejected) <= level:
            rejected += 1
        assert (adjusted[place] <= level) == (p in given_ones[:rejected])

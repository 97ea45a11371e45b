"""Intervals against scipy's, and what they must hold."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from analyses.statistics.intervals import bootstrap_mean, wilson


@given(st.integers(1, 100_000), st.floats(0, 1))
def test_wilson_is_scipys(total: int, part: float) -> None:
    count = round(part * total)
    theirs = scipy.stats.binomtest(count, total).proportion_ci(0.95, "wilson")
    low, high = wilson(count, total)
    assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert 0 <= low <= count / total <= high <= 1


def test_nothing_counted_is_nothing_known() -> None:
    assert wilson(0, 0) == (0, 1)
    assert np.isnan(bootstrap_mean(np.zeros(0))).all()

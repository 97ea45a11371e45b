"""No sentence claims what its interval does not bear."""

from __future__ import annotations

import pytest

from analyses.why.wording import NO_DIFFERENCE, difference


@pytest.mark.parametrize(
    ("low", "high", "p", "expected"),
    [
        (0.01, 0.09, 0.01, "is above ranking by b by 0.050 (0.010 to 0.090)"),
        (-0.09, -0.01, 0.01, "is below ranking by b by 0.050 (0.010 to 0.090)"),
        (-0.01, 0.09, 0.01, NO_DIFFERENCE),
        (0.01, 0.09, 0.20, "p 0.200 after Holm"),
    ],
)
def test_a_side_is_named_only_where_the_interval_has_one(
    low: float, high: float, p: float, expected: str
) -> None:
    sentence = difference("a", "b", (low + high) / 2, low, high, p)
    assert expected in sentence
    assert (NO_DIFFERENCE in sentence) == (low <= 0 <= high)
    assert ("many comparisons" in sentence) == (p >= 0.05 and not low <= 0 <= high)

"""Rows that open in place: they sum to the whole, group by word, and hide nothing that they count."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from workbench.markup.breakdown_html import Row, breakdown, grouped

ROWS = st.lists(
    st.tuples(st.sampled_from(["date", "date (utc)", "date · year", "tree", ""]), st.floats(-9, 9)),
    max_size=14,
).map(lambda each: [Row(i, label, f"latent?latent={i}", value) for i, (label, value) in enumerate(each)])


@given(ROWS)
def test_groups_hold_every_row_once_and_fall_by_size(rows: list[Row]) -> None:
    groups = grouped(rows)
    assert sorted(row.latent for _, members in groups for row in members) == [row.latent for row in rows]
    sizes = [abs(sum(row.value for row in members)) for _, members in groups]
    assert sizes == sorted(sizes, reverse=True)
    assert all((word != "") == (len(members) > 1) for word, members in groups)
    assert all(row.label for _, members in groups if len(members) > 1 for row in members)


@given(ROWS, st.integers(1, 5), st.sampled_from(["waterfall", "diverging"]))
def test_every_latent_is_in_the_html_and_no_bar_leaves_its_track(
    rows: list[Row], top: int, form: Any
) -> None:
    html = breakdown(rows, top, form)
    assert sorted(re.findall(r'lt-number">(\d+)<', html)) == sorted(str(row.latent) for row in rows)
    for left, width in re.findall(r"margin-left:([\d.-]+)%;width:([\d.]+)%", html):
        assert float(left) >= -0.01
        assert float(left) + float(width) <= 100.03


def test_names_sums_and_pale_rows() -> None:
    rows = [
        Row(1, "date", "latent?latent=1", 3.0),
        Row(2, "date (utc)", "latent?latent=2", 2.0),
        Row(3, "<b>", "latent?latent=3", -1.0, "a < b"),
        Row(4, "tree", "latent?latent=4", 0.5),
    ]
    html = breakdown(rows, 2, "diverging", decisive=[3])
    assert "2 latents of date" in html
    assert "+5.00" in html
    assert "1 more" in html
    assert "<b>" not in html
    assert 'data-value="a &lt; b"' in html
    assert html.count(",1.000)") == 1  # the decisive one alone is in full colour

"""Words that a printed figure has no room for are broken into lines, and none is lost."""

from __future__ import annotations

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses.figures.style.fitting import LONGEST_LABEL, broken
from analyses.figures.style.print_style import Print, printed

WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=12), min_size=1, max_size=12)


@given(WORDS, st.integers(12, 60))
def test_lines_are_short_enough_and_hold_every_word(words: list[str], width: int) -> None:
    lines = broken(" ".join(words), width).split("<br>")
    assert all(len(line) <= width for line in lines)
    assert " ".join(lines).split() == words


def test_text_with_markup_stays_as_it_is() -> None:
    assert broken("a <i>very</i> long title of an axis", 10) == "a <i>very</i> long title of an axis"


@pytest.mark.parametrize("ticks", [True, False])
def test_a_title_wider_than_its_panel_is_broken(ticks: bool) -> None:
    label, title = "LIMIT, 1,000 documents · MiniLM · own text", "nDCG@10, Lucene's idf minus the clipped one"
    chart = go.Figure(go.Scatter(x=[0.1], y=[0 if ticks else label]))
    chart.update_xaxes(title=title)
    if ticks:
        chart.update_yaxes(tickvals=[0], ticktext=[label])
    narrow, wide = (printed(chart, Print(width)).layout for width in ("column", "double"))
    assert "<br>" in narrow.xaxis.title.text
    assert narrow.xaxis.title.text.replace("<br>", " ") == title
    assert wide.xaxis.title.text == title
    shown = narrow.yaxis.ticktext[0] if ticks else narrow.yaxis.labelalias[label]
    assert max(map(len, shown.split("<br>"))) <= LONGEST_LABEL

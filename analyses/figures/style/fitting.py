"""Words of a printed figure that would not fit beside or below its panels, broken into lines.

A browser measures text exactly, but only when it draws; here a character is taken to be EM of the type size wide,
which is Helvetica's mean.
"""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

import plotly.graph_objects as go

EM = 0.53
LONGEST_LABEL = 26  # characters of a category beside an axis
SHORTEST_LINE = 8  # characters, so that a narrow panel's title is no column of letters
MOST_BROKEN = 8  # categories, beyond which there is no height for a second line
LEFT_SHARE = 0.45  # of the figure's width, at most, is taken up by labels


def fit_words(chart: go.Figure, pixels: float, size: float, small: float) -> None:
    """Break long categories of y axes, and titles of x axes that are wider than their panel.

    pixels: width of the figure. size, small: of titles and of ticks, in pixels.
    """
    widest = 0
    for axis in chart.select_yaxes():
        labels = set(_categories(chart, axis))
        longest = LONGEST_LABEL if len(labels) <= MOST_BROKEN else len(max(labels, key=len))
        lines = {label: broken(label, longest) for label in labels}
        if axis.ticktext:
            axis.ticktext = [lines.get(label, label) for label in axis.ticktext]
        else:
            axis.labelalias = {label: text for label, text in lines.items() if text != label}
        widest = max([widest, *(len(line) for text in lines.values() for line in text.split("<br>"))])
    room = pixels - min(widest * EM * small, LEFT_SHARE * pixels)
    for axis in chart.select_xaxes():
        start, end = axis.domain or (0.0, 1.0)
        if text := axis.title.text:
            axis.title.text = broken(text, int(room * (end - start) / (EM * size)))


def broken(text: str, width: int) -> str:
    """The text in lines of at most `width` characters (and never under SHORTEST_LINE), broken at blanks alone; text
    with markup stays as it is.
    """
    if "<" in text or len(text) <= width:
        return text
    return "<br>".join(wrap(text, max(width, SHORTEST_LINE), break_long_words=False))


def _categories(chart: go.Figure, axis: go.layout.YAxis) -> Iterator[str]:
    """The texts that stand beside a y axis, each perhaps more than once."""
    name = axis.plotly_name.replace("axis", "")
    for trace in chart.data:
        if (getattr(trace, "yaxis", None) or "y") == name and getattr(trace, "y", None) is not None:
            yield from (label for label in trace.y if isinstance(label, str))
    yield from (label for label in axis.ticktext or () if isinstance(label, str))

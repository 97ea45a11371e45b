"""A chart of a page as a picture on a white ground: drawn by a headless browser, with nothing to click in it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from analyses.figures.style import theme
from analyses.figures.style.print_style import draw, drawing
from data.permissions import require

WIDTH, HEIGHT = 960, 460  # pixels
LINK = re.compile(
    r"</?a\b[^>]*>"
)  # plotly's small HTML knows links; an address of the app leads nowhere on paper


def chart_json(chart: go.Figure) -> str:
    """Plotly's JSON of a chart, without the theme that it was shown in."""
    bare = go.Figure(chart)
    bare.update_layout(template="none")
    bare.layout.template = None
    return str(bare.to_json())


def figure_of(text: str) -> go.Figure:
    """The chart of a JSON, in the light theme; what plotly does not know is left out."""
    value = _without_links(json.loads(text))
    chart = go.Figure(data=value.get("data"), layout=value.get("layout"), skip_invalid=True)
    chart.update_layout(template=theme.template(dark=False))
    return chart


def drawn(charts: Sequence[str], kind: str = "svg") -> list[bytes]:
    """Pictures of charts in one go, as .svg or .png; a `UserError` where no browser is, or none may be started."""
    require("start jobs")
    sheets = []
    for text in charts:
        chart = figure_of(text)
        height = chart.layout.height or HEIGHT
        margin = {"l": 20, "r": 20, "t": 30, "b": 20}
        chart.update_layout(
            width=WIDTH, height=height, paper_bgcolor="white", plot_bgcolor="white", margin=margin
        )
        sheets.append(chart)
    with drawing():
        return [draw(sheet, kind) for sheet in sheets]


def _without_links(value: Any) -> Any:
    if isinstance(value, str):
        return LINK.sub("", value) if "<" in value else value
    if isinstance(value, list):
        return (
            value if value and isinstance(value[0], int | float) else [_without_links(one) for one in value]
        )
    if isinstance(value, dict):
        return {name: _without_links(one) for name, one in value.items()}
    return value

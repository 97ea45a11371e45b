"""Parts that many figures share: a line with its interval, error bars, rows with names, notes, and log axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from analyses.figures.style.theme import QUIET, translucent


def panels(n: int, stacked: bool, between: float) -> dict[str, Any]:
    """What `make_subplots` reads for n panels: one above the other, or side by side, `between` of a width apart."""
    if stacked:
        return {"rows": n, "cols": 1, "vertical_spacing": 0.3 / n}
    return {"rows": 1, "cols": n, "horizontal_spacing": between}


def banded_line(
    chart: go.Figure,
    x: ArrayLike,
    y: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    name: str,
    colour: str = QUIET,
    hover: str = "",
    customdata: ArrayLike | None = None,
    legend: bool = True,
    opacity: float = 0.16,
    mode: str = "lines",
    dash: str = "solid",
    width: float = 2.5,
    cell: dict[str, int] | None = None,
) -> None:
    """Add y over x with its interval as a pale band; points without an interval have no band.

    cell: row and col of the panel in a figure of several.
    """
    x, y, low, high = (np.asarray(values, np.float64) for values in (x, y, low, high))
    known = np.isfinite(low) & np.isfinite(high)
    if known.any():
        chart.add_scatter(
            x=np.concatenate([x[known], x[known][::-1]]),
            y=np.concatenate([high[known], low[known][::-1]]),
            fill="toself",
            fillcolor=translucent(colour, opacity),
            line={"width": 0},
            mode="lines",
            hoverinfo="skip",
            showlegend=False,
            **(cell or {}),
        )
    chart.add_scatter(
        x=x,
        y=y,
        name=name,
        mode=mode,
        line={"color": colour, "width": width, "dash": dash},
        marker={"color": colour, "size": 7},
        customdata=None if customdata is None else np.asarray(customdata),
        hovertemplate=f"<b>{name}</b><br>{hover}<extra></extra>",
        showlegend=legend,
        **(cell or {}),
    )


def error_bars(
    value: ArrayLike, low: ArrayLike, high: ArrayLike, colour: str, thickness: float = 3, width: float = 0
) -> dict[str, Any]:
    """Plotly's error_x or error_y of values with intervals from low to high."""
    value, low, high = (np.atleast_1d(np.asarray(bound, np.float64)) for bound in (value, low, high))
    return {
        "type": "data",
        "symmetric": False,
        "array": high - value,
        "arrayminus": value - low,
        "color": colour,
        "thickness": thickness,
        "width": width,
    }


def row_axis(
    chart: go.Figure, names: Sequence[str], below: float = 0.4, above: float = 0.6, **axis: Any
) -> None:
    """Name the rows 0, 1, ... of a figure on its y axis, the first on top.

    below, above: space between the last and the first row and the edges, in rows.
    """
    chart.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=list(names),
        range=[len(names) - below, -above],
        zeroline=False,
        **axis,
    )


def note(chart: go.Figure, text: str, size: int = 12, colour: str = QUIET, **place: Any) -> None:
    """Add a text without an arrow; place: x, y, xanchor ... of plotly's annotation."""
    chart.add_annotation(text=text, showarrow=False, font={"size": size, "color": colour}, **place)


def log_axis(title: str, values: Sequence[float], **options: Any) -> dict[str, Any]:
    """A log axis with ticks at powers of ten, over less than three decades also at 2 and 5 times these."""
    positive = [value for value in values if value > 0]
    if not positive:
        return {"type": "log", "title": title, **options}
    low, high = min(positive), max(positive)
    digits = (1,) if high > 1000 * low else (1, 2, 5)
    ticks = [digit * 10.0**power for power in range(-5, 10) for digit in digits]
    shown = [tick for tick in ticks if low / 2.5 <= tick <= high * 2.5]
    return {
        "type": "log",
        "title": title,
        "tickvals": shown,
        "ticktext": [f"{tick:,.0f}" if tick >= 1 else f"{tick:g}" for tick in shown],
        **options,
    }

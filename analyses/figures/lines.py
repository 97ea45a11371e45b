"""A line and the 95% interval around it, as the vocabulary's figures draw them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from analyses.figures.theme import QUIET, translucent


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
    """Add y over x with its interval as a pale band under it; where the interval is unknown there is none.

    cell: row and col of a panel, where there are several.
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


def log_axis(title: str, values: Sequence[float], **options: Any) -> dict[str, Any]:
    """An axis on a log scale with ticks at powers of ten that people read, or 1, 2 and 5 of them over a short
    reach.
    """
    given = [value for value in values if value > 0]
    if not given:
        return {"type": "log", "title": title, **options}
    low, high = min(given), max(given)
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

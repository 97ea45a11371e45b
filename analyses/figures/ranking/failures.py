"""Missed relevant documents by reason, beside controls, and the lengths of found and missed documents."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from analyses.figures.style.lines import error_bars, row_axis
from analyses.figures.style.theme import AGAINST, QUIET, figure
from retrieval.systems import COSINE, LATENT

REASON_NAMES = {
    "no shared latent": "shares no latent",
    "only idf 0": "shares only latents with idf 0",
    "length": "ranked lower for its length",
    "outscored": "outscored",
    "found": "found by the latents",
}
GROUP_NAMES = {
    "missed": "missed by the latents",
    "cosine": "control: missed by cosine",
    "next": "control: next lower, not relevant",
}
GROUP_COLOURS = {"missed": LATENT.colour, "cosine": COSINE.colour, "next": QUIET}


def reasons_figure(classes: pd.DataFrame, chosen: str | None = None, height: int = 330) -> go.Figure:
    """The share of each reason with its 95% interval, one row per reason, one colour per group; the chosen
    row is shaded.

    classes: `analyses.comparison.failures.Failures.classes`. A point's customdata is its reason.
    """
    chart = figure(height)
    reasons = list(dict.fromkeys(classes["reason"]))
    for place, (group, name) in enumerate(GROUP_NAMES.items()):
        part = classes[classes["group"] == group]
        thickness = 3 if group == "missed" else 1.6
        y = [reasons.index(reason) + 0.24 * (place - 1) for reason in part["reason"]]
        chart.add_scatter(
            x=part["share"],
            y=y,
            name=name,
            mode="markers",
            customdata=part["reason"],
            marker={"size": 15 if group == "missed" else 9, "color": GROUP_COLOURS[group]},
            error_x=error_bars(part["share"], part["low"], part["high"], GROUP_COLOURS[group], thickness),
            text=[
                f"{count:,} of {n:,}<br>95% interval {low:.0%} to {high:.0%}"
                for count, n, low, high in zip(
                    part["count"], part["n"], part["low"], part["high"], strict=True
                )
            ],
            hovertemplate="%{x:.1%}: %{text}<extra>" + name + "</extra>",
        )
    if chosen in reasons:
        middle = reasons.index(chosen)
        chart.add_hrect(
            y0=middle - 0.5, y1=middle + 0.5, line_width=0, fillcolor=QUIET, opacity=0.12, layer="below"
        )
    chart.update_xaxes(range=[-0.02, 1.02], tickformat=".0%", zeroline=False)
    row_axis(chart, [REASON_NAMES[reason] for reason in reasons], below=0.45, above=0.55, showgrid=False)
    chart.update_layout(hovermode="closest")
    return chart


def length_figure(found: NDArray[np.float64], missed: NDArray[np.float64], height: int = 330) -> go.Figure:
    """Cumulative shares of |d| / avg|d|, of the relevant documents found and of those missed."""
    chart = figure(height)
    for values, name, colour in (
        (found, "found", LATENT.colour),
        (missed, "missed", AGAINST),
    ):
        if len(values):
            chart.add_scatter(
                x=np.sort(values),
                y=np.arange(1, len(values) + 1) / len(values),
                mode="lines",
                name=name,
                line={"color": colour, "width": 2.5, "shape": "hv"},
                hovertemplate=f"{name}: %{{y:.0%}} have a |d| of %{{x:.2f}} avg|d| or less<extra></extra>",
            )
    chart.add_vline(x=1, line={"color": QUIET, "width": 1, "dash": "dot"})
    chart.update_xaxes(title="|d| / avg|d|", zeroline=False)
    chart.update_yaxes(title="share of relevant documents", tickformat=".0%", range=[0, 1.02])
    return chart

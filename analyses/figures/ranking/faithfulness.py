"""Faithfulness of credits: the score as words are deleted and inserted, beside random orders."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.figures.style.theme import ACTIVATION, FOR, QUIET, template, translucent

METHOD_NAMES = {
    "proportional": "Proportional",
    "leave-one-out": "Leave one out",
    "occlusion": "Occlusion",
    "random": "Random orders",
}
# A dash each, so that they differ in grey too.
METHOD_LINES = {
    "proportional": {"color": FOR, "dash": "solid"},
    "leave-one-out": {"color": ACTIVATION, "dash": "dash"},
    "occlusion": {"color": "#CC79A7", "dash": "dot"},
    "random": {"color": QUIET, "dash": "solid"},
}
TITLES = {"deletion": "Deleted, highest credit first", "insertion": "Inserted, highest credit first"}


def faithfulness_figure(curves: pd.DataFrame, height: int = 270) -> go.Figure:
    """One panel per curve; `curves`: curve, method, part, score, low, high, of
    `analyses.attribution.faithfulness`.
    """
    names = list(dict.fromkeys(curves["curve"]))
    chart = make_subplots(cols=max(len(names), 1), shared_yaxes=True, horizontal_spacing=0.09)
    chart.update_layout(template=template(), height=height)
    for column, name in enumerate(names, start=1):
        for method, points in curves[curves["curve"] == name].groupby("method", sort=False):
            if method == "random":
                chart.add_scatter(
                    x=[*points["part"], *points["part"][::-1]],
                    y=[*points["high"], *points["low"][::-1]],
                    fill="toself",
                    fillcolor=translucent(QUIET, 0.16),
                    line={"width": 0},
                    hoverinfo="skip",
                    showlegend=False,
                    row=1,
                    col=column,
                )
            chart.add_scatter(
                x=points["part"],
                y=points["score"],
                mode="lines",
                name=METHOD_NAMES[str(method)],
                line={**METHOD_LINES[str(method)], "width": 1.3 if method == "random" else 2.2},
                legendgroup=method,
                showlegend=column == 1,
                row=1,
                col=column,
                hovertemplate=f"{METHOD_NAMES[str(method)]}<br>%{{x:.0%}} of the wordpieces<br>score × %{{y:.2f}}"
                "<extra></extra>",
            )
        chart.update_xaxes(
            title=TITLES.get(name, name), tickformat=".0%", tickvals=[0, 0.5, 1], row=1, col=column
        )
    chart.update_yaxes(title="score, relative to the whole text's", row=1, col=1, rangemode="tozero")
    return chart

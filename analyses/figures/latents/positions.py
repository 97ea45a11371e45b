"""Where in its documents a latent fires, drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analyses.figures.style.theme import ACTIVATION, QUIET, figure, translucent


def position_figure(positions: pd.DataFrame, height: int = 230) -> go.Figure:
    """Share of the latent's tokens in each part of a document, from first to last, beside all tokens (a line).

    Columns low, high, count, share, share_of_all.
    """
    chart = figure(height)
    middle = (positions["low"] + positions["high"]) / 2
    chart.add_bar(
        x=middle,
        width=(positions["high"] - positions["low"]) * 0.92,
        y=positions["share"],
        marker={"color": translucent(ACTIVATION, 0.75), "cornerradius": 3},
        customdata=np.stack([positions["low"], positions["high"], positions["count"]], axis=1),
        hovertemplate=(
            "%{y:.1%} of the latent's tokens, %{customdata[2]:,}<br>"
            "%{customdata[0]:.0%} to %{customdata[1]:.0%} of a document<extra></extra>"
        ),
    )
    chart.add_scatter(
        x=middle,
        y=positions["share_of_all"],
        mode="lines",
        line={"color": QUIET, "width": 1.5, "dash": "dot"},
        hovertemplate="%{y:.1%} of all tokens<extra></extra>",
    )
    chart.update_xaxes(
        title="position in the document, in tokens", tickformat=".0%", range=[0, 1], showgrid=False
    )
    chart.update_yaxes(tickformat=".0%", rangemode="tozero", nticks=5, title="share of tokens")
    chart.update_layout(showlegend=False)
    return chart

"""How strongly a latent fires and where in its documents, drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analyses.figures.theme import ACTIVATION, QUIET, figure, translucent


def activation_histogram(
    histogram: pd.DataFrame, height: int = 260, counted: str = "tokens", quantity: str = "activation"
) -> go.Figure:
    """Bars of `histogram` (columns low, high, count) on a log axis; the stronger, the deeper the hue.

    counted: what a count is of; quantity: what low and high are.
    """
    chart = figure(height)
    low, high = histogram["low"].to_numpy(), histogram["high"].to_numpy()
    strength = np.sqrt(high / high.max()) if len(high) else high
    chart.add_bar(
        x=np.sqrt(low * high),
        width=(high - low) * 0.94,
        y=histogram["count"],
        marker={"color": [translucent(ACTIVATION, 0.25 + 0.75 * s) for s in strength], "cornerradius": 3},
        customdata=np.stack([low, high], axis=1) if len(low) else None,
        hovertemplate=(
            f"%{{y:,}} {counted}<br>{quantity} %{{customdata[0]:.2f}} to %{{customdata[1]:.2f}}<extra></extra>"
        ),
    )
    wide = len(high) > 0 and high.max() > 5 * low.min()
    digits = (1, 2, 5) if wide else range(1, 10)
    ticks = [digit * 10.0**power for power in range(-4, 6) for digit in digits]
    chart.update_xaxes(
        type="log",
        title=f"{quantity} (log scale)",
        showgrid=False,
        tickvals=ticks,
        ticktext=[f"{tick:g}" for tick in ticks],
    )
    few = len(high) > 0 and histogram["count"].max() < 5
    chart.update_yaxes(title=counted, rangemode="tozero", **({"dtick": 1} if few else {"nticks": 5}))
    return chart


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
            "%{y:.1%} of its tokens, %{customdata[2]:,}<br>"
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
        title="place in the document, by tokens", tickformat=".0%", range=[0, 1], showgrid=False
    )
    chart.update_yaxes(tickformat=".0%", rangemode="tozero", nticks=5, title="share of tokens")
    chart.update_layout(showlegend=False)
    return chart

"""Growth of vocabularies, drawn: Heaps' curve, and the share of each study's latents that its documents use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analyses.figures.laws.laws import COLOURS, DASHES, NAMES, WIDTHS
from analyses.figures.style.lines import log_axis, note
from analyses.figures.style.theme import QUIET, figure, plain
from analyses.laws.growth import Heaps


def growth_figure(curve: pd.DataFrame, heaps: Sequence[Heaps], height: int = 420) -> go.Figure:
    """Distinct terms over tokens, log-log: the exact mean over all orders, the corpus's own order (points),
    and the fitted power law (dotted).

    curve: `analyses.laws.growth.growth_curve` of several systems.
    """
    chart = figure(height)
    for one in heaps:
        rows = curve[curve["system"] == one.system]
        colour = COLOURS.get(one.system, QUIET)
        name = NAMES.get(one.system, plain(one.system.replace("_", " ")))
        chart.add_scatter(
            x=rows["tokens"],
            y=rows["expected"],
            name=f"{name}: β = {one.exponent:.2f}, at the end {one.last_exponent:.2f}",
            mode="lines",
            line={
                "color": colour,
                "width": WIDTHS.get(one.system, 2),
                "dash": DASHES.get(one.system, "solid"),
            },
            customdata=rows["n_docs"],
            hovertemplate=f"<b>{name}</b><br>%{{y:,.0f}} after %{{x:,.0f}} tokens, %{{customdata:,}} documents"
            "<extra></extra>",
        )
        chart.add_scatter(
            x=rows["observed_tokens"],
            y=rows["observed"],
            mode="markers",
            showlegend=False,
            marker={"color": colour, "size": 4, "opacity": 0.55},
            hovertemplate=f"<b>{name}</b>, the corpus's own order<br>%{{y:,}} after %{{x:,}} tokens<extra></extra>",
        )
        chart.add_scatter(
            x=rows["tokens"],
            y=one.constant * np.power(rows["tokens"], one.exponent),
            mode="lines",
            showlegend=False,
            line={"color": colour, "width": 1, "dash": "dot"},
            hoverinfo="skip",
        )
        if one.capacity and one.system in ("latents", "sample"):
            chart.add_hline(y=one.capacity, line={"color": colour, "width": 1, "dash": "dot"})
            place: dict[str, Any] = {"x": 1, "xref": "x domain", "xanchor": "right", "yanchor": "bottom"}
            note(chart, f"all {one.capacity:,} latents", y=np.log10(one.capacity), **place)
    chart.update_xaxes(log_axis("tokens (log scale)", curve["tokens"].tolist()), showgrid=False)
    chart.update_yaxes(log_axis("distinct terms (log scale)", curve["expected"].tolist()))
    return chart


def filling_figure(curves: pd.DataFrame, height: int = 340) -> go.Figure:
    """Share of all latents that occur, over documents, one line per study; columns study, n_docs, share, name."""
    chart = figure(height)
    shades = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#3A3F47", "#9CCFEE"]
    for place, (study, rows) in enumerate(curves.groupby("study", sort=False)):
        name, colour = plain(rows["name"].iloc[0]), shades[place % len(shades)]
        chart.add_scatter(
            x=rows["n_docs"],
            y=rows["share"],
            name=name,
            mode="lines",
            line={"color": colour, "width": 2.5, "dash": "solid" if place < len(shades) else "dot"},
            hovertemplate=f"<b>{plain(study)}</b><br>%{{y:.1%}} of its latents in %{{x:,}} documents"
            "<extra></extra>",
        )
    chart.update_xaxes(log_axis("documents (log scale)", curves["n_docs"].tolist()), showgrid=False)
    chart.update_yaxes(
        title="share of all latents that occur", tickformat=".0%", range=[0, 1.02], showgrid=True
    )
    return chart

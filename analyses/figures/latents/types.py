"""Types of latents, drawn: how much of a vocabulary is lexical, narrow and broad, and by what threshold.

The three colours are Paul Tol's high-contrast scheme (SRON/EPS/TN/09-002), distinct for colour-blind readers and in
grey; latents without a type are grey.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from analyses.figures.style.theme import INK, QUIET, figure, plain, translucent

TYPE_COLOURS = {
    "lexical": "#004488",
    "narrow": "#BB5566",
    "broad": "#DDAA33",
    "subword": "#1A655E",
    "rare": "#8B929A",
    "dead": "#D9DCDF",
}
TYPE_NAMES = {
    "lexical": "Lexical",
    "narrow": "Narrow semantic",
    "broad": "Broad topical",
    "subword": "Subword",
    "rare": "Too rare to tell",
    "dead": "Dead",
}
CONTROL_NAMES = {
    "sample": "These latents, on a sample",
    "random_directions": "Random directions, same sample",
    "wordpieces": "Wordpieces",
}
PAPER = "the paper"


def type_shares_figure(shares: Mapping[str, pd.DataFrame], height: int | None = None) -> go.Figure:
    """A stacked bar per vocabulary (its name -> `type_shares`), and the paper's, paler, as the last.

    Columns type, count, share, low, high, paper; each vocabulary's shares sum to 1.
    """
    names = [*shares, PAPER]
    chart = figure(height or 90 + 46 * len(names))
    for kind in next(iter(shares.values()))["type"]:
        rows = [table.set_index("type").loc[kind] for table in shares.values()]
        values = [float(row["share"]) for row in rows] + [float(rows[0]["paper"])]
        notes = [
            f"{int(row['count']):,} latents<br>95% interval {row['low']:.1%} to {row['high']:.1%}"
            for row in rows
        ]
        colour = TYPE_COLOURS[kind]
        chart.add_bar(
            y=[plain(name) for name in names],
            x=values,
            orientation="h",
            name=TYPE_NAMES[kind],
            marker={"color": [colour] * len(rows) + [translucent(colour, 0.55)], "line": {"width": 0}},
            text=[f"{value:.0%}" for value in values],
            textposition="inside",
            insidetextanchor="middle",
            textfont={"color": [INK if kind == "broad" else "#FFFFFF"] * len(rows) + [INK], "size": 14},
            customdata=[*notes, "as reported; its procedure is not known"],
            hovertemplate=f"<b>{TYPE_NAMES[kind]}</b> %{{x:.1%}}<br>%{{customdata}}<extra></extra>",
        )
    # a share too small for its number goes without
    chart.update_layout(
        barmode="stack",
        bargap=0.3,
        legend={"traceorder": "normal"},
        uniformtext={"minsize": 9, "mode": "hide"},
    )
    chart.update_xaxes(
        range=[0, 1.015], tickformat=".0%", showgrid=False, title="of the latents that have a type"
    )
    chart.update_yaxes(autorange="reversed", tickfont={"size": 14}, showgrid=False)
    return chart


def threshold_figure(curves: pd.DataFrame, chosen: float, height: int = 190) -> go.Figure:
    """Shares of the types over one threshold, one line per type, with a rule at the chosen value.

    curves: rows of one threshold of `analyses.latents.types.shares_by_threshold`, columns value, type, share.
    """
    chart = figure(height)
    chart.add_vline(x=chosen, line={"color": QUIET, "width": 1.5, "dash": "dot"}, layer="below")
    for kind, line in curves.groupby("type", sort=False):
        name = TYPE_NAMES[str(kind)]
        chart.add_scatter(
            x=line["value"],
            y=line["share"],
            name=name,
            mode="lines",
            line={"color": TYPE_COLOURS[str(kind)], "width": 2.5},
            hovertemplate=f"<b>{name}</b> %{{y:.1%}}<br>at %{{x:.3f}}<extra></extra>",
        )
    chart.update_layout(showlegend=False)
    chart.update_xaxes(range=[0, 1], nticks=6, showgrid=False)
    chart.update_yaxes(range=[0, 1], tickformat=".0%", nticks=4)
    return chart

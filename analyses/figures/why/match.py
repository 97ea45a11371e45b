"""Matches, drawn: of which kinds scores and nDCG@10 are made, and rankings by one kind alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from analyses.figures.style.lines import error_bars, row_axis
from analyses.figures.style.theme import INK, QUIET, TERM_COLOURS, figure
from retrieval.vocabularies import LATENTS

KIND_COLOURS: Mapping[str, str] = {  # the closer the match, the darker
    "exact": "#45267A",
    "inflected": "#8C6BBE",
    "soft": "#D3C2EA",
    "special": "#A3A9B0",
}
KIND_NAMES: Mapping[str, str] = {
    "exact": "exact: the same word",
    "inflected": "inflected: the same stem",
    "soft": "soft: other words",
    "special": "special tokens",
}
SPLITS: Mapping[str, str] = {
    "share_relevant": "score of relevant<br>documents in the first ten",
    "share_other": "score of other<br>documents in the first ten",
    "nDCG_part": "nDCG@10, gains<br>shared as scores",
}
ALONE: Mapping[str, str] = {
    "all": "all matches",
    "exact": "exact alone",
    "inflected": "inflected alone",
    "soft": "soft alone",
    "forms": "only counts from forms<br>of the query's words",
    "others": "only counts from<br>all other words",
}


def split_figure(table: pd.DataFrame, height: int = 250) -> go.Figure:
    """Of which kinds the scores of the first ten and nDCG@10 are made; each bar is 100%.

    table: `analyses.why.match.Match.table`.
    """
    chart = figure(height)
    parts = table[table["about"] == "part"]
    shares = {
        (row["measure"], row["name"]): {end: float(row[end]) for end in ("value", "low", "high")}
        for row in parts.to_dict("records")
    }
    whole = {
        measure: sum(shares[measure, kind]["value"] for kind in KIND_COLOURS) or 1.0 for measure in SPLITS
    }
    for kind, colour in KIND_COLOURS.items():
        rows = [
            {end: value / whole[measure] for end, value in shares[measure, kind].items()}
            for measure in SPLITS
        ]
        chart.add_bar(
            x=[row["value"] for row in rows],
            y=list(range(len(SPLITS))),
            orientation="h",
            width=0.6,
            name=KIND_NAMES[kind],
            marker={"color": colour, "line": {"width": 0}},
            text=[f"{row['value']:.0%}" if row["value"] >= 0.03 else "" for row in rows],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": INK if kind in ("soft", "special") else "#FFFFFF", "size": 13},
            customdata=[(row["low"], row["high"]) for row in rows],
            hovertemplate=f"<b>{KIND_NAMES[kind]}</b><br>%{{x:.1%}} (%{{customdata[0]:.1%}} to "
            "%{customdata[1]:.1%})<extra></extra>",
        )
    row_axis(chart, list(SPLITS.values()), below=0.5, above=0.5, showgrid=False, ticklabelstandoff=8)
    chart.update_xaxes(tickformat=".0%", range=[0, 1.001], showgrid=False, zeroline=False)
    chart.update_layout(barmode="stack", legend={"traceorder": "normal"})
    return chart


def alone_figure(table: pd.DataFrame, height: int = 300) -> go.Figure:
    """nDCG@10 of rankings of all documents by one kind of match alone, with 95% intervals; a line at the whole.

    table: `analyses.why.match.Match.table`.
    """
    chart = figure(height)
    found = table[(table["about"] == "part") & (table["measure"] == "nDCG@10")].set_index("name")
    rows: dict[Any, dict[Any, Any]] = found.to_dict("index")
    names = [name for name in ALONE if name in rows]
    for place, name in enumerate(names):
        row = rows[name]
        colour = KIND_COLOURS.get(name, TERM_COLOURS[LATENTS.name] if name == "all" else QUIET)
        colour = "#B79BDD" if name == "soft" else colour  # a dot is smaller than a bar: a little darker
        chart.add_scatter(
            x=[row["value"]],
            y=[place],
            mode="markers",
            showlegend=False,
            marker={
                "size": 12,
                "color": colour,
                "symbol": "diamond" if name in ("forms", "others") else "circle",
            },
            error_x=error_bars(row["value"], row["low"], row["high"], colour, 2.5),
            hovertemplate=f"{row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f})<extra></extra>",
        )
    chart.add_vline(x=rows["all"]["value"], line={"color": QUIET, "width": 1, "dash": "dot"})
    row_axis(chart, [ALONE[name] for name in names])
    chart.update_xaxes(title="nDCG@10", tickformat=".2f", rangemode="tozero", zeroline=False)
    return chart

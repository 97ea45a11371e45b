"""Importance, drawn: nDCG@10 lost without each latent over its document frequency, and families beside controls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analyses.figures.latents.types import TYPE_COLOURS, TYPE_NAMES
from analyses.figures.style.lines import error_bars, row_axis
from analyses.figures.style.theme import QUIET, figure, plain, translucent

BY_CHANCE = "Within chance"


def importance_figure(latents: pd.DataFrame, n_docs: int, height: int = 380) -> go.Figure:
    """nDCG@10 lost without a latent over its document frequency; above zero the latent helps.

    latents: `importance.Importance.latents`. Those beyond chance are large and coloured by type, the others small
    and grey; all are coloured where chance is not measured. The dotted line: where the clipped idf becomes 0.
    """
    chart = figure(height)
    coloured = latents["beyond_chance"] | latents["p_adjusted"].isna()
    for is_coloured, group in latents.groupby(coloured, sort=True):
        for kind, part in group.groupby("type" if is_coloured else coloured, sort=True):
            name = str(kind)
            chart.add_scattergl(
                x=part["document_frequency"],
                y=part["lost"],
                mode="markers",
                name=TYPE_NAMES.get(name, name or "Latents") if is_coloured else BY_CHANCE,
                marker=_marker(TYPE_COLOURS.get(name, QUIET) if is_coloured else QUIET, bool(is_coloured)),
                text=[
                    f"{plain(label)}{'' if np.isnan(p) else f'<br>adjusted p {p:.2g}'}"
                    for label, p in zip(part["label"], part["p_adjusted"], strict=True)
                ],
                customdata=part["latent"],
                hovertemplate="<b>#%{customdata}</b>  %{text}<br>in %{x:,} documents<br>%{y:+.5f}<extra></extra>",
            )
    chart.add_hline(y=0, line={"color": QUIET, "width": 1})
    chart.add_vline(x=n_docs / 2, line={"color": QUIET, "width": 1, "dash": "dot"})
    chart.update_xaxes(type="log", title="documents with the latent (log scale)", dtick=1, tickformat=",")
    chart.update_yaxes(title="nDCG@10 lost without the latent", tickformat=".4f")
    return chart


def _marker(colour: str, beyond: bool) -> dict[str, Any]:
    return {"size": 9 if beyond else 5, "color": colour, "opacity": 0.85 if beyond else 0.3}


def families_figure(families: pd.DataFrame, height: int = 260) -> go.Figure:
    """Change of nDCG@10 without each type, and with it alone, with 95% intervals; random families in grey."""
    chart = figure(height)
    rows = families.to_dict("records")
    for place, row in enumerate(rows):
        colour = TYPE_COLOURS.get(str(row["family"]), QUIET)
        if not pd.isna(row["control_low"]):
            chart.add_shape(
                type="rect",
                x0=row["control_low"],
                x1=row["control_high"],
                y0=place - 0.32,
                y1=place + 0.32,
                line={"width": 0},
                fillcolor=translucent(QUIET, 0.22),
                layer="below",
            )
        chart.add_scatter(
            x=[row["change"]],
            y=[place],
            mode="markers",
            showlegend=False,
            marker={"size": 12, "color": colour},
            error_x=error_bars(row["change"], row["low"], row["high"], colour, 2.5),
            hovertemplate=f"{row['change']:+.4f} ({row['low']:+.4f} to {row['high']:+.4f})<extra></extra>",
        )
    names = [f"{TYPE_NAMES.get(str(row['family']), row['family'])} {row['kept']}" for row in rows]
    row_axis(chart, names)
    chart.update_xaxes(title="change of nDCG@10", zeroline=True, tickformat="+.2f")
    return chart

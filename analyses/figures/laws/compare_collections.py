"""Two collections compared, drawn: every latent by its share of documents in each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analyses.figures.style.lines import log_axis
from analyses.figures.style.theme import AGAINST, FOR, QUIET, figure, plain, translucent

KINDS = {"": (QUIET, 0.35), "a": (FOR, 0.6), "b": (AGAINST, 0.6)}


def collections_figure(table: pd.DataFrame, name_a: str, name_b: str, height: int = 480) -> go.Figure:
    """Share of the documents of b over that of a, log-log, one point per latent; over-represented ones in colour.

    table: `compare_collections.compare_frequencies`; a latent in no document of one stands on the figure's edge.
    """
    chart = figure(height)
    shown = table[table["log2_ratio"].notna()]
    least_a, least_b = (float(shown[c][shown[c] > 0].min()) / 2 for c in ("share_a", "share_b"))
    lowest = min(least_a, least_b)
    chart.add_scatter(
        x=[lowest, 1],
        y=[lowest, 1],
        mode="lines",
        line={"color": QUIET, "width": 1, "dash": "dot"},
        hoverinfo="skip",
        showlegend=False,
    )
    for kind, (colour, opacity) in KINDS.items():
        part = shown[shown["over"] == kind]
        names = {"": "No significant difference", "a": f"More in {name_a}", "b": f"More in {name_b}"}
        chart.add_scattergl(
            x=np.maximum(part["share_b"], lowest),
            y=np.maximum(part["share_a"], lowest),
            mode="markers",
            name=f"{plain(names[kind])} ({len(part):,})",
            marker={"color": translucent(colour, opacity), "size": 6},
            text=[plain(label) or "no label" for label in part["label"]],
            customdata=part[["latent", "n_a", "n_b", "log2_ratio", "low", "high"]].to_numpy(),
            hovertemplate="<b>%{text} #%{customdata[0]}</b><br>"
            f"%{{customdata[1]:,}} documents of {plain(name_a)}, %{{customdata[2]:,}} of {plain(name_b)}<br>"
            "log2 ratio %{customdata[3]:+.2f} (%{customdata[4]:+.2f} to %{customdata[5]:+.2f})<extra></extra>",
        )
    shares = [lowest, 1.0]
    form = {"tickformat": ".2%"}
    chart.update_xaxes(log_axis(f"share of the documents of {plain(name_b)} (log scale)", shares, **form))
    chart.update_yaxes(log_axis(f"share of the documents of {plain(name_a)}", shares, **form))
    for axis in (chart.update_xaxes, chart.update_yaxes):
        ticks = [t for t in (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1) if t >= lowest]
        axis(tickvals=ticks, ticktext=[f"{100 * t:g}%" for t in ticks])
    return chart


def shapes_figure(shapes: Mapping[str, pd.DataFrame], height: int = 380) -> go.Figure:
    """Share of the documents over rank, as a share of the dictionary, log-log: one line per study.

    shapes: name -> `analyses.laws.compare_collections.shape`.
    """
    chart = figure(height)
    for (name, table), colour in zip(shapes.items(), (FOR, AGAINST), strict=False):
        rows = np.unique(np.geomspace(1, max(len(table), 1), 400).round().astype(int)) - 1
        part = table.iloc[rows] if len(table) else table
        chart.add_scatter(
            x=part["rank"],
            y=part["share"],
            mode="lines",
            name=plain(name),
            line={"color": colour, "width": 2.5},
            hovertemplate=f"<b>{plain(name)}</b><br>the first %{{x:.2%}} of its latents are each in %{{y:.2%}} "
            "of the documents or more<extra></extra>",
        )
    for axis, title in (
        (chart.update_xaxes, "rank, as a share of the dictionary"),
        (chart.update_yaxes, "share of the documents"),
    ):
        ticks = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1]
        axis(
            type="log",
            title=f"{title} (log scale)",
            tickvals=ticks,
            ticktext=[f"{100 * t:g}%" for t in ticks],
        )
    return chart

"""A sweep over layers, drawn: what the latents of each layer are worth, beside what no layer changes."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.figures.style.theme import INK, plain, template, translucent
from retrieval.systems import COSINE, LATENT, LEXICAL, system_colour, system_title

LINES = (LATENT.name,)
CONTROLS = {COSINE.name: "dash", LEXICAL.name: "dot"}


def layers_figure(table: pd.DataFrame, height: int = 360) -> go.Figure:
    """One panel per measure over the layers, with 95% intervals, and one for FVU where it is known.

    table: as `analyses.saes.layers.layer_table` gives it.
    """
    table = table.sort_values("position")
    measures = list(dict.fromkeys(table["measure"]))
    fvu = table.drop_duplicates("position").dropna(subset="fvu")
    panels = [*measures, *(["FVU"] if len(fvu) else [])]
    chart = make_subplots(cols=max(len(panels), 1), horizontal_spacing=0.08)
    chart.update_layout(template=template(), height=height)
    for column, measure in enumerate(measures, start=1):
        part = table[table["measure"] == measure]
        for system in CONTROLS:
            _control(chart, part[part["system"] == system], system, measure, column)
        for system in LINES:
            _line(chart, part[part["system"] == system], system, measure, column)
    if len(fvu):
        chart.add_scatter(
            row=1,
            col=len(panels),
            x=[plain(layer) for layer in fvu["layer"]],
            y=fvu["fvu"],
            mode="lines+markers",
            line={"color": INK, "width": 2},
            marker={"size": 8},
            showlegend=False,
            customdata=fvu["n_alive_latents"],
            hovertemplate="<b>%{x}</b><br>FVU %{y:.3f}<br>%{customdata:,} active latents<extra></extra>",
        )
    for column, panel in enumerate(panels, start=1):
        chart.update_yaxes(title=panel, tickformat=".2f", row=1, col=column)
    labels = [plain(layer) for layer in dict.fromkeys(table["layer"])]
    chart.update_xaxes(
        title="layer", type="category", categoryorder="array", categoryarray=labels, showgrid=False
    )
    return chart


def _line(chart: go.Figure, part: pd.DataFrame, system: str, measure: str, column: int) -> None:
    chart.add_scatter(
        row=1,
        col=column,
        x=[plain(layer) for layer in part["layer"]],
        y=part["mean"],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": part["high"] - part["mean"],
            "arrayminus": part["mean"] - part["low"],
            "thickness": 2,
            "width": 0,
        },
        name=system_title(system),
        mode="lines+markers",
        line={"color": system_colour(system), "width": 3},
        marker={"size": 10},
        legendgroup=system,
        showlegend=column == 1,
        customdata=part[["low", "high", "n_alive_latents"]],
        hovertemplate=f"<b>%{{x}}</b><br>{measure} %{{y:.3f}}<br>95% interval %{{customdata[0]:.3f}} to "
        "%{customdata[1]:.3f}<br>%{customdata[2]:,} active latents<extra></extra>",
    )


def _control(chart: go.Figure, part: pd.DataFrame, system: str, measure: str, column: int) -> None:
    """A level line with its interval as a band: the same ranking at every layer."""
    labels = [plain(layer) for layer in part["layer"]]
    colour = system_colour(system)
    chart.add_scatter(
        row=1,
        col=column,
        x=labels + labels[::-1],
        y=[*part["high"], *part["low"][::-1]],
        fill="toself",
        fillcolor=translucent(colour, 0.1),
        line={"width": 0},
        mode="lines",
        legendgroup=system,
        showlegend=False,
        hoverinfo="skip",
    )
    chart.add_scatter(
        row=1,
        col=column,
        x=labels,
        y=part["mean"],
        name=system_title(system),
        mode="lines",
        line={"color": colour, "width": 2, "dash": CONTROLS[system]},
        legendgroup=system,
        showlegend=column == 1,
        hovertemplate=f"<b>{system_title(system)}</b><br>{measure} %{{y:.3f}}<extra></extra>",
    )

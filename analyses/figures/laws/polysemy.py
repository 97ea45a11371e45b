"""The meaning-frequency law and repetition, drawn: the middle term of each doubling of frequency, beside chance."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.figures.latents.types import TYPE_COLOURS, TYPE_NAMES
from analyses.figures.style.lines import banded_line, log_axis, panels
from analyses.figures.style.theme import QUIET, TERM_COLOURS, figure, template
from analyses.latents.types import TYPES
from retrieval.vocabularies import vocabulary_title

TITLES = {"latents": "Latents: forms that they fire on", "words": "Words: latents that they activate"}


def polysemy_figure(
    medians: pd.DataFrame, measure: str, height: int = 360, stacked: bool = False
) -> go.Figure:
    """Meanings over frequency, log-log, a panel for latents and one for words, each beside its chance draw.

    medians: `analyses.laws.polysemy.polysemy_medians`; measure: number or effective. stacked: one panel above the
    other.
    """
    cells = [{"row": i, "col": 1} if stacked else {"row": 1, "col": i} for i in (1, 2)]
    chart = make_subplots(**panels(2, stacked, 0.09), subplot_titles=list(TITLES.values()))
    chart.update_layout(template=template(), height=height * (2 if stacked else 1))
    rows = medians[medians["measure"] == measure]
    for cell, system in zip(cells, TITLES, strict=True):
        part = rows[rows["system"] == system]
        for control, colour, name in (
            (True, QUIET, "As many tokens drawn at random"),
            (False, TERM_COLOURS[system], vocabulary_title(system)),
        ):
            line = part[part["control"] == control]
            banded_line(
                chart,
                line["x"],
                line["median"],
                line["low"],
                line["high"],
                name,
                colour,
                "%{x:,.0f} tokens: median %{y:,.1f}<br>"
                "95% interval %{customdata[0]:,.1f} to %{customdata[1]:,.1f}<br>"
                "middle half %{customdata[2]:,.1f} to %{customdata[3]:,.1f}, of %{customdata[4]:,}",
                line[["low", "high", "lower", "upper", "n"]].to_numpy(),
                legend=not control or cell is cells[0],
                mode="lines+markers",
                dash="dot" if control else "solid",
                cell=cell,
            )
        chart.update_xaxes(log_axis("tokens (log scale)", part["x"].tolist()), showgrid=False, **cell)
        chart.update_yaxes(log_axis("", part["median"].tolist()), **cell)
    chart.update_yaxes(title="effective number" if measure == "effective" else "number", col=1)
    chart.update_annotations(font={"size": 14, "color": QUIET}, yshift=2)
    chart.update_layout(legend={"y": 1.12}, margin={"t": 56})
    return chart


def types_by_frequency_figure(table: pd.DataFrame, height: int = 260) -> go.Figure:
    """Shares of the types in each doubling of document frequency: `analyses.laws.polysemy.types_by_frequency`."""
    chart = figure(height)
    for kind in TYPES:
        part = table[table["type"] == kind]
        chart.add_bar(
            x=[f"{low:,}" for low in part["low"]],
            y=part["share"],
            name=TYPE_NAMES[kind],
            marker={"color": TYPE_COLOURS[kind], "line": {"width": 0}},
            customdata=part[["count", "n", "high"]].to_numpy(),
            hovertemplate=f"<b>{TYPE_NAMES[kind]}</b> %{{y:.1%}}<br>%{{customdata[0]:,}} of %{{customdata[1]:,}} "
            "latents<br>in %{x} to %{customdata[2]:,} documents<extra></extra>",
        )
    chart.update_layout(barmode="stack", bargap=0.12, legend={"traceorder": "normal"})
    chart.update_xaxes(title="documents with the latent, from", type="category", showgrid=False)
    chart.update_yaxes(range=[0, 1], tickformat=".0%", nticks=5)
    return chart


def repetition_figure(medians: pd.DataFrame, height: int = 360) -> go.Figure:
    """Adaptation over document frequency, one line per system, and what a Poisson of the same rate does (dotted).

    medians: `analyses.bm25_assumptions.repetition.repetition_by_frequency`.
    """
    chart = figure(height)
    for system in [name for name in TERM_COLOURS if name in set(medians["system"])]:
        for measure, dash in (("chance", "dot"), ("adaptation", "solid")):
            line = medians[(medians["system"] == system) & (medians["measure"] == measure)]
            name = vocabulary_title(system) + (", by chance" if measure == "chance" else "")
            banded_line(
                chart,
                line["x"],
                line["median"],
                line["low"],
                line["high"],
                name,
                TERM_COLOURS[system],
                "in %{x:,.0f} documents: median %{y:.1%} of these have the term twice<br>95% interval "
                "%{customdata[0]:.1%} to %{customdata[1]:.1%}, of %{customdata[2]:,} terms",
                line[["low", "high", "n"]].to_numpy(),
                dash=dash,
                width=2.5 if dash == "solid" else 1.5,
                opacity=0.16 if dash == "solid" else 0.06,
            )
    chart.update_xaxes(log_axis("documents with the term (log scale)", medians["x"].tolist()), showgrid=False)
    chart.update_yaxes(
        title="share of these with the term twice or more", tickformat=".0%", rangemode="tozero", nticks=6
    )
    return chart

"""The quality card, drawn: each headline number of an SAE beside its two controls, and two distributions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.figures.style.lines import error_bars, row_axis
from analyses.figures.style.theme import INK, QUIET, figure, template, translucent
from analyses.saes.card_record import VARIANTS, describe_measure
from retrieval.systems import COSINE, LATENT, LEXICAL

# The controls' greys and the SAE's blue differ in lightness, dash and sign, so that print without colour will do.
COLOURS = {"sae": LATENT.colour, "random_directions": "#4A5058", "random_encoder": "#A3A9B0"}
SIGNS = {"sae": "circle", "random_directions": "square", "random_encoder": "diamond"}
DASHES = {"sae": "solid", "random_directions": "solid", "random_encoder": "dash"}


class Panel(NamedTuple):
    """measure and text of the numbers to draw; title, and how they are written."""

    measure: str
    text: str
    title: str
    form: str


PANELS = (
    Panel("fvu", "held_out", "FVU, held-out text<br>lower is better", ".3f"),
    Panel("spearman_rho", "queries", "cosine ranking kept<br>Spearman, higher is better", ".3f"),
    Panel("latent nDCG@10", "queries", "nDCG@10 of the latents<br>bar: cosine, dots: lexical BM25", ".3f"),
    Panel("dead_share", "documents", "dead latents<br>in the documents", ".1%"),
    Panel("dense_share", "documents", "dense latents<br>in over half of them", ".1%"),
)


def quality_figure(summary: pd.DataFrame, height: int = 250) -> go.Figure:
    """Dots in one panel per headline number, one row per variant, with the 95% interval of means over queries.

    summary: `QualityCard.summary_table()`; a panel whose numbers it does not hold is left out, and FVU without
    held-out text is that of the documents. Beside the latents' nDCG@10 stand each encoder's own cosine (a bar) and
    lexical BM25 (a dotted line).
    """
    panels = [found for panel in PANELS if (found := _present(panel, summary))]
    variants = [name for name in VARIANTS if name in set(summary["variant"])]
    chart = make_subplots(
        cols=max(len(panels), 1),
        shared_yaxes=True,
        horizontal_spacing=0.035,
        subplot_titles=[panel.title for panel in panels],
    )
    chart.update_layout(template=template(), height=height, showlegend=False, margin={"t": 52})
    chart.update_annotations(font={"size": 13, "color": INK})
    for column, panel in enumerate(panels, start=1):
        part = _numbers(summary, panel.measure, panel.text)
        if panel.measure == "latent nDCG@10":
            _add_references(chart, summary, variants, column)
        for row, variant in enumerate(variants):
            if variant in part:
                _add_dot(chart, part[variant], variant, row, column, panel)
        ends = [end for number in part.values() for end in number.values() if not np.isnan(end)]
        lowest, top = min(0.0, *ends), max(ends)
        chart.update_xaxes(
            range=[lowest * 1.15 - 0.06 * top, max(top * 1.15, 0.01)],
            tickformat=panel.form if panel.form.endswith("%") else ".2f",
            nticks=4,
            showgrid=True,
            zeroline=False,
            row=1,
            col=column,
        )
    names = [VARIANTS[variant] for variant in variants]
    row_axis(chart, names, below=0.5, above=0.7, tickfont={"size": 14, "color": INK}, showgrid=True)
    return chart


def density_figure(table: pd.DataFrame, height: int = 320) -> go.Figure:
    """How many latents fire on what share of the tokens; table: `QualityCard.density_table()`."""
    chart = _overlay(table, height, "fire on %{customdata[0]:.2g} to %{customdata[1]:.2g} of the tokens")
    chart.update_xaxes(
        type="log", title="share of the tokens on which a latent fires (log scale)", dtick=1, tickformat="~g"
    )
    return chart


def similarity_figure(table: pd.DataFrame, height: int = 320) -> go.Figure:
    """Cosine of each latent's decoder direction with the one most like it; `QualityCard.similarity_table()`.

    The random encoder is left out: its directions are the SAE's own.
    """
    part = table[table["variant"] != "random_encoder"]
    chart = _overlay(part, height, "at a cosine of %{customdata[0]:.3f} to %{customdata[1]:.3f}")
    chart.update_xaxes(title="cosine with the nearest other decoder direction")
    return chart


def _overlay(table: pd.DataFrame, height: int, where: str) -> go.Figure:
    """An outline of each variant's bins, the SAE's filled; columns variant, low, high, latents."""
    chart = figure(height)
    filled = table[table["latents"] > 0]
    shown = table[(table["low"] >= filled["low"].min()) & (table["high"] <= filled["high"].max())]
    for variant, bins in shown.groupby("variant", sort=False):
        name = str(variant)
        low, high, latents = (bins[column].to_numpy() for column in ("low", "high", "latents"))
        chart.add_scatter(
            x=np.append(low, high[-1:]),
            y=np.append(latents, latents[-1:]),
            customdata=np.stack([np.append(low, low[-1:]), np.append(high, high[-1:])], axis=1),
            name=VARIANTS.get(name, name),
            mode="lines",
            line={
                "color": COLOURS.get(name, QUIET),
                "width": 2.5,
                "dash": DASHES.get(name, "solid"),
                "shape": "hv",
            },
            fill="tozeroy" if name == "sae" else None,
            fillcolor=translucent(COLOURS["sae"], 0.18) if name == "sae" else None,
            hovertemplate=f"<b>{VARIANTS.get(name, name)}</b><br>%{{y:,}} latents {where}<extra></extra>",
        )
    chart.update_yaxes(title="latents", rangemode="tozero", nticks=5)
    return chart


def _numbers(summary: pd.DataFrame, measure: str, text: str) -> dict[str, dict[str, float]]:
    """variant -> value, low and high of one number; low and high are NaN where it has no interval."""
    chosen = summary[(summary["measure"] == measure) & (summary["text"] == text)]
    return {
        str(row["variant"]): {end: float(row[end]) for end in ("value", "low", "high")}
        for row in chosen.to_dict("records")
    }


def _present(panel: Panel, summary: pd.DataFrame) -> Panel | None:
    if _numbers(summary, panel.measure, panel.text):
        return panel
    if panel.text == "held_out" and _numbers(summary, panel.measure, "documents"):
        return panel._replace(text="documents", title=panel.title.replace("held-out text", "documents"))
    return None


def _add_dot(
    chart: go.Figure, number: dict[str, float], variant: str, row: int, column: int, panel: Panel
) -> None:
    value, low, high = number.values()
    has_interval = not np.isnan(low)
    interval = f"<br>95% interval {low:{panel.form}} to {high:{panel.form}}" if has_interval else ""
    chart.add_scatter(
        row=1,
        col=column,
        x=[value],
        y=[row],
        mode="markers+text",
        cliponaxis=False,
        text=[f"<b>{value:{panel.form}}</b>" if variant == "sae" else f"{value:{panel.form}}"],
        textposition="top center",
        textfont={"size": 13, "color": INK},
        marker={"size": 12, "color": COLOURS[variant], "symbol": SIGNS[variant]},
        error_x=error_bars(value, low, high, COLOURS[variant]) if has_interval else None,
        hovertemplate=f"<b>{VARIANTS[variant]}</b><br>{describe_measure(panel.measure).meaning}<br>"
        f"{value:{panel.form}}{interval}<extra></extra>",
    )


def _add_references(chart: go.Figure, summary: pd.DataFrame, variants: list[str], column: int) -> None:
    cosine, words = (
        _numbers(summary, f"{system} nDCG@10", "queries") for system in (COSINE.name, LEXICAL.name)
    )
    rows = [row for row, variant in enumerate(variants) if variant in cosine]
    chart.add_scatter(
        row=1,
        col=column,
        x=[cosine[variants[row]]["value"] for row in rows],
        y=rows,
        mode="markers",
        marker={"size": 14, "symbol": "line-ns", "line": {"width": 3, "color": COSINE.colour}},
        hovertemplate="<b>Cosine of the encoder</b><br>nDCG@10 %{x:.3f}<extra></extra>",
    )
    for number in words.values():
        chart.add_vline(
            x=number["value"],
            layer="below",
            row=1,
            col=column,
            line={"color": LEXICAL.colour, "width": 1.5, "dash": "dot"},
        )

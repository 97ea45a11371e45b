"""Rank and frequency of every vocabulary, drawn, with a fitted law over each."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from analyses.figures.style.lines import log_axis
from analyses.figures.style.theme import QUIET, TERM_COLOURS, figure, plain
from analyses.text.latent_names import latent_name
from retrieval.vocabularies import RANDOM_DIRECTIONS, RANDOM_ENCODER, VOCABULARIES, WORDPIECES

NAMES = {name: kind.title for name, kind in VOCABULARIES.items()}
COLOURS = TERM_COLOURS
DASHES = {WORDPIECES.name: "dot", RANDOM_ENCODER.name: "dash", RANDOM_DIRECTIONS.name: "dashdot"}
WIDTHS = {"latents": 3.0}
AXES = {
    "documents": "share of the {texts} with the term (log scale)",
    "tokens": "share of all tokens with the term (log scale)",
    "activation": "share of all activation (log scale)",
}


def laws_figure(
    ranks: pd.DataFrame,
    lines: pd.DataFrame,
    measure: str,
    texts: str = "documents",
    latent: int | None = None,
    height: int = 480,
) -> go.Figure:
    """Share over rank, log-log, one line per vocabulary; hover names the term, customdata is its latent (-1: none).

    ranks: `laws.Laws.ranks`. lines: `law_sentences.law_line` of some of them, dotted. `latent`,
    where given, is marked.
    """
    chart = figure(height)
    systems = list(dict.fromkeys(ranks["system"]))
    # the latents last, on top, where they can be clicked
    for place, system in reversed(list(enumerate(systems))):
        part, name = ranks[ranks["system"] == system], str(system)
        chart.add_scatter(
            x=part["rank"],
            y=part["share"],
            name=NAMES.get(name, plain(name)),
            legendrank=place,
            # points under the line, so that one can be clicked
            mode="lines+markers" if name == "latents" else "lines",
            marker={"size": 4, "color": COLOURS.get(name, QUIET)},
            line={
                "color": COLOURS.get(name, QUIET),
                "width": WIDTHS.get(name, 1.8),
                "dash": DASHES.get(name, "solid"),
            },
            text=[
                plain(latent_name(latent, term) if latent >= 0 else term)
                for latent, term in zip(part["latent"].tolist(), part["term"].tolist(), strict=True)
            ],
            customdata=part[["latent", "frequency"]],
            hovertemplate=f"<b>%{{text}}</b><br>{NAMES.get(name, plain(name))}, rank %{{x:,}}: %{{y:.3%}}"
            "<br>frequency %{customdata[1]:,.0f}<extra></extra>",
        )
    silent = {"showlegend": False, "hoverinfo": "skip"}
    for system, part in lines.groupby("system", sort=False):
        line = {"color": COLOURS.get(str(system), QUIET), "width": 1.4, "dash": "dot"}
        chart.add_scatter(x=part["rank"], y=part["share"], mode="lines", line=line, **silent)
    chosen = ranks[(ranks["system"] == "latents") & (ranks["latent"] == latent)]
    if latent is not None and len(chosen):
        marker = {"color": TERM_COLOURS["latents"], "size": 12, "line": {"color": "#FFFFFF", "width": 2}}
        chart.add_scatter(x=chosen["rank"], y=chosen["share"], mode="markers", marker=marker, **silent)
    chart.update_xaxes(log_axis("rank (log scale)", ranks["rank"].tolist()), showgrid=False)
    chart.update_yaxes(type="log", title=AXES[measure].format(texts=texts), tickformat="~%", dtick=1)
    if len(ranks):
        low, high = (math.log10(float(ranks["share"].agg(edge))) for edge in ("min", "max"))
        chart.update_yaxes(range=[low - 0.25, high + 0.25])
    return chart


def labelled(ranks: pd.DataFrame, labels: Mapping[int, str]) -> pd.DataFrame:
    """The ranks with the user's labels of the latents."""
    pairs = zip(ranks["latent"].tolist(), ranks["term"].tolist(), strict=True)
    return ranks.assign(term=[labels.get(latent, term) if latent >= 0 else term for latent, term in pairs])

"""Rank and frequency of every vocabulary, drawn, with a fitted law over each."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from analyses.figures.lines import log_axis
from analyses.figures.theme import QUIET, SYSTEM_COLOURS, TERM_COLOURS, figure, plain

NAMES = {
    "latents": "Latents",
    "words": "Words",
    "wordpieces": "Wordpieces",
    "learned_sparse": "Learned sparse",
    "sample": "Latents, the controls' sample",
    "random_directions": "Random directions",
    "random_encoder": "Random encoder",
}
COLOURS = {
    **TERM_COLOURS,
    "learned_sparse": "#E69F00",
    "sample": SYSTEM_COLOURS["latent_lucene_idf"],
    "random_directions": "#009E73",
    "random_encoder": "#A3A9B0",
}
DASHES = {"wordpieces": "dot", "random_encoder": "dash", "random_directions": "dashdot"}
WIDTHS = {"latents": 3.0}
AXES = {
    "documents": "share of the {texts} that hold it (log scale)",
    "tokens": "share of all tokens it stands on (log scale)",
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
    """Share over rank, log-log, a line a vocabulary; hover names the term, customdata is its latent (-1: none).

    ranks: `analyses.study_laws.Laws.ranks`. lines: `analyses.law_lines.law_line` of some of them, dotted. `latent`,
    where given, is marked.
    """
    chart = figure(height)
    systems = list(dict.fromkeys(ranks["system"]))
    for place, system in reversed(
        list(enumerate(systems))
    ):  # the latents last, on top, where they can be clicked
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
            text=[plain(term) or "no label" for term in part["term"]],
            customdata=part[["latent", "frequency"]],
            hovertemplate=f"<b>%{{text}}</b><br>{NAMES.get(name, plain(name))}, rank %{{x:,}}: %{{y:.3%}}"
            "<br>frequency %{customdata[1]:,.0f}<extra></extra>",
        )
    for system, part in lines.groupby("system", sort=False):
        chart.add_scatter(
            x=part["rank"], y=part["share"], mode="lines", showlegend=False, hoverinfo="skip",
            line={"color": COLOURS.get(str(system), QUIET), "width": 1.4, "dash": "dot"},
        )  # fmt: skip
    chosen = ranks[(ranks["system"] == "latents") & (ranks["latent"] == latent)]
    if latent is not None and len(chosen):
        chart.add_scatter(
            x=chosen["rank"], y=chosen["share"], mode="markers", showlegend=False, hoverinfo="skip",
            marker={"color": TERM_COLOURS["latents"], "size": 12, "line": {"color": "#FFFFFF", "width": 2}},
        )  # fmt: skip
    chart.update_xaxes(log_axis("rank (log scale)", ranks["rank"].tolist()), showgrid=False)
    chart.update_yaxes(type="log", title=AXES[measure].format(texts=texts), tickformat="~%", dtick=1)
    if len(ranks):
        low, high = (math.log10(float(ranks["share"].agg(edge))) for edge in ("min", "max"))
        chart.update_yaxes(range=[low - 0.25, high + 0.25])
    return chart


def labelled(ranks: pd.DataFrame, labels: Mapping[int, str]) -> pd.DataFrame:
    """The ranks with the reader's own labels of the latents."""
    pairs = zip(ranks["latent"].tolist(), ranks["term"].tolist(), strict=True)
    return ranks.assign(term=[labels.get(latent, term) if latent >= 0 else term for latent, term in pairs])

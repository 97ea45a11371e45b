"""nDCG@10 along k1 drawn, in units of the mean weight: latents under either idf, words beside them."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from analyses.figures.style.lines import banded_line, log_axis
from analyses.figures.style.theme import TERM_COLOURS, figure
from retrieval.vocabularies import LATENTS, STEMS

NAMES = {
    (LATENTS.name, "clipped"): ("latents, the paper's idf", "solid"),
    (LATENTS.name, "lucene"): ("latents, Lucene's idf", "dash"),
    (STEMS.name, "lucene"): ("words (lexical BM25)", "solid"),
}


def k1_figure(table: pd.DataFrame, height: int = 380) -> go.Figure:
    """A line per vocabulary and idf with its 95% band; a ring where the vocabulary's own parameters are.

    table: `analyses.why.k1.K1Curve.table`.
    """
    chart = figure(height)
    for (vocabulary, idf), (name, dash) in NAMES.items():
        rows = table[(table["vocabulary"] == vocabulary) & (table["idf"] == idf)]
        if not len(rows):
            continue
        colour = TERM_COLOURS[vocabulary]
        x, y, low, high = (rows[column] for column in ("units", "value", "low", "high"))
        hover = "k1 %{customdata:.3g}, %{x:.3g} times the mean weight<br>nDCG@10 %{y:.4f}"
        banded_line(
            chart,
            x,
            y,
            low,
            high,
            name,
            colour,
            hover,
            rows["k1"],
            opacity=0.08,
            mode="lines+markers",
            dash=dash,
        )
        own = rows[rows["is_own"]]
        chart.add_scatter(
            x=own["units"],
            y=own["value"],
            mode="markers",
            marker={"symbol": "circle-open", "size": 15, "color": colour, "line": {"width": 2}},
            hoverinfo="skip",
            showlegend=False,
        )
    chart.update_xaxes(log_axis("k1 in units of the mean weight", table["units"].tolist()))
    chart.update_yaxes(title="nDCG@10 (95% interval)", tickformat=".2f")
    return chart

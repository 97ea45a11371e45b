"""Document frequency over rank, drawn: are latents as unevenly distributed as words?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analyses.figures.style.theme import TERM_COLOURS, figure, plain
from analyses.text.latent_names import latent_name
from retrieval.vocabularies import vocabulary_title

WIDTHS = {"latents": 3.0, "words": 1.8, "wordpieces": 1.8}
POINTS = 500
DASHES = {"latents": "solid", "words": "solid", "wordpieces": "dot"}


def rank_frequency_figure(table: pd.DataFrame, latent: int | None = None, height: int = 380) -> go.Figure:
    """Document frequency over rank, log-log, one line per system; hover names the term.

    table: columns system, rank, document_frequency, term, latent (-1 outside the latents). `latent`, where
    given, is marked on its line.
    """
    chart = figure(height)
    for system, whole in table.groupby("system", sort=False):
        name, part = str(system), _thinned(whole)
        chart.add_scatter(
            x=part["rank"],
            y=part["document_frequency"],
            name=vocabulary_title(name),
            mode="lines",
            line={
                "color": TERM_COLOURS.get(name),
                "width": WIDTHS.get(name, 2),
                "dash": DASHES.get(name, "solid"),
            },
            text=[
                plain(latent_name(latent, term) if latent >= 0 else term)
                for latent, term in zip(part["latent"].tolist(), part["term"].tolist(), strict=True)
            ],
            customdata=part["latent"],
            hovertemplate="<b>%{text}</b><br>in %{y:,} documents, rank %{x:,}<extra></extra>",
        )
    chosen = table[(table["system"] == "latents") & (table["latent"] == latent)]
    if latent is not None and len(chosen):
        chart.add_scatter(
            x=chosen["rank"],
            y=chosen["document_frequency"],
            mode="markers",
            marker={"color": TERM_COLOURS["latents"], "size": 12, "line": {"color": "#FFFFFF", "width": 2}},
            showlegend=False,
            hoverinfo="skip",
        )
    chart.update_xaxes(type="log", title="rank (log scale)", dtick=1, tickformat=",")
    chart.update_yaxes(type="log", title="documents with the term (log scale)", dtick=1, tickformat=",")
    return chart


def _thinned(part: pd.DataFrame) -> pd.DataFrame:
    """POINTS ranks evenly spread over a log axis, the first and last included."""
    rows = np.geomspace(1, len(part), POINTS).round().astype(int) - 1
    return part.iloc[np.unique(rows)] if len(part) else part

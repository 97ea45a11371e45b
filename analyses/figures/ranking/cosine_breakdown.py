"""The same latents in two breakdowns: each latent's share of BM25's score and of the cosine."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import plotly.graph_objects as go

from analyses.figures.ranking.score_breakdown import latent_name
from analyses.figures.style.theme import figure, plain
from analyses.text import latent_names
from retrieval.systems import system_colour


def shares_figure(
    beside: pd.DataFrame,
    labels: Mapping[int, str],
    top: int = 12,
    link: Callable[[int], str] | None = None,
) -> go.Figure:
    """Two bars per latent, the first `top` of `beside`: latent, part, contribution, share_cosine, share_bm25."""
    head = beside.head(top)
    rows = list(range(len(head)))
    hover = [
        f"<b>{plain(latent_names.latent_name(row['latent'], labels.get(row['latent'], '')))}</b>"
        f"<br>BM25: {row['contribution']:.3f}, {row['share_bm25']:.1%} of its score"
        f"<br>cosine: {row['part']:+.4f}, {row['share_cosine']:+.1%} of its latents"
        for row in head.to_dict("records")
    ]
    chart = figure(height=74 + 31 * len(head))
    for name, system, column in (
        ("of the latents' BM25 score", "latent", "share_bm25"),
        ("of the latents' parts in the cosine", "cosine", "share_cosine"),
    ):
        chart.add_bar(
            y=rows,
            x=head[column],
            orientation="h",
            name=name,
            hovertext=hover,
            hoverinfo="text",
            marker={"color": system_colour(system), "cornerradius": 2},
        )
    chart.update_yaxes(
        tickvals=rows,
        ticktext=[latent_name(latent, labels, link, 26) for latent in head["latent"].tolist()],
        autorange="reversed",
        showgrid=False,
        tickfont={"size": 13},
    )
    chart.update_xaxes(tickformat=".0%", title="share")
    chart.update_layout(barmode="group", bargap=0.3, bargroupgap=0.05)
    return chart

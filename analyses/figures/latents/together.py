"""Which latents are in the same documents: a square for each pair, with its share in it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from analyses.figures.style.names import cut
from analyses.figures.style.theme import ACTIVATION, figure, plain

LONGEST = 30


def together_figure(pairs: pd.DataFrame, names: Mapping[int, str]) -> go.Figure:
    """Of the documents of a row's latent, the share that the column's latent is in too.

    pairs: latent, other, share, both, cosine (`analyses.dictionary.several_latents.together`).
    names: labels of latents.
    """
    share = pairs.pivot(index="latent", columns="other", values="share")
    order = pairs["latent"].drop_duplicates().tolist()
    share = share.loc[order, order]
    rows = [f"{cut(plain(names[latent]), LONGEST)}  #{latent}" for latent in order]
    both, cosine = (
        pairs.pivot(index="latent", columns="other", values=name).loc[order, order]
        for name in ("both", "cosine")
    )
    hover = [
        [
            f"<b>{plain(names[row])}</b><br>and {plain(names[column])}<br>"
            f"{both.loc[row, column]:,} documents have both, {share.loc[row, column]:.0%} of the first's<br>"
            f"cosine of directions {cosine.loc[row, column]:.2f}"
            for column in order
        ]
        for row in order
    ]
    chart = figure(height=110 + 34 * len(order))
    chart.add_heatmap(
        z=share.to_numpy(),
        x=[f"#{latent}" for latent in order],
        y=rows,
        zmin=0,
        zmax=1,
        colorscale=[[0, "rgba(0,158,115,0.04)"], [1, ACTIVATION]],
        showscale=False,
        xgap=2,
        ygap=2,
        text=share.map(lambda value: "" if pd.isna(value) else f"{value:.0%}").to_numpy(),
        texttemplate="%{text}",
        customdata=hover,
        hovertemplate="%{customdata}<extra></extra>",
    )
    chart.update_xaxes(side="top", type="category", showgrid=False)
    chart.update_yaxes(autorange="reversed", type="category", showgrid=False, automargin=True)
    return chart

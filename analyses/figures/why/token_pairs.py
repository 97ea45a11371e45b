"""Pairs of words, drawn: a heat map of what each word of the query and of the document make of a score together."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from analyses.figures.style.names import cut
from analyses.figures.style.theme import AGAINST, FOR, INK, QUIET, plain, template
from analyses.text.latent_names import latent_name
from analyses.why.matches.grid import Grid, Layer

TITLES: Mapping[str, str] = {
    "latent": "latent terms",
    "cosine": "cosine",
    "maxsim": "MaxSim",
    "words": "lexical BM25, by words",
}
MARKS = {"exact": "square-open", "inflected": "circle-open"}
ROW, GAP, NAMES = 21, 40, 96  # pixels of a row, between two maps, and of the names below
LONGEST = 18  # letters of a name
DARK = 0.6  # of the strongest colour, from which marks are white


def pairs_figure(grid: Grid, labels: Mapping[int, str]) -> go.Figure:
    """A map per layer over the same words; squares mark exact, circles inflected pairs. labels: of latents.

    Blue adds to the score and orange takes from it, as dark as the root of the credit; each map has its own scale.
    """
    n_rows, n_maps = len(grid.rows), len(grid.layers)
    height = n_maps * n_rows * ROW + (n_maps - 1) * GAP + NAMES + GAP
    chart = make_subplots(
        n_maps,
        1,
        shared_xaxes=True,
        vertical_spacing=GAP / max(height - NAMES - GAP, 1) if n_maps > 1 else 0,
        subplot_titles=[_title(layer) for layer in grid.layers],
    )
    chart.update_layout(template=template(), height=height, showlegend=False, margin={"t": 30})
    chart.update_annotations(font={"size": 13, "color": QUIET}, x=0, xanchor="left")
    for place, layer in enumerate(grid.layers, start=1):
        _add_map(chart, grid, layer, labels, place)
    columns = [plain(cut(word, LONGEST)) for word in grid.columns]
    chart.update_xaxes(tickvals=list(range(len(columns))), ticktext=columns, tickangle=-60, showgrid=False)
    chart.update_xaxes(range=[-0.5, max(len(columns), 1) - 0.5], zeroline=False, tickfont={"size": 11})
    chart.update_yaxes(
        tickvals=list(range(n_rows)),
        ticktext=[plain(cut(word, LONGEST)) for word in grid.rows],
        range=[n_rows - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
        tickfont={"size": 12},
    )
    return chart


def _title(layer: Layer) -> str:
    total, left = layer.pairs.score, float(layer.left_out.sum())
    digits = ".3f" if abs(total) < 2 else ".1f"
    rest = f", of which {left:{digits}} in words that have no column" if abs(left) > 1e-9 else ""
    return f"{TITLES[layer.pairs.system]}: {total:{digits}}{rest}"


def _add_map(chart: go.Figure, grid: Grid, layer: Layer, labels: Mapping[int, str], place: int) -> None:
    rooted = np.sign(layer.credit) * np.sqrt(np.abs(layer.credit))
    strongest = float(np.abs(rooted).max(initial=0.0)) or 1.0
    chart.add_heatmap(
        z=rooted,
        zmid=0,
        zmin=-strongest,
        zmax=strongest,
        colorscale=[[0, AGAINST], [0.5, "rgba(255,255,255,0)"], [1, FOR]],
        showscale=False,
        xgap=1,
        ygap=1,
        text=_hover(grid, layer, labels),
        hovertemplate="%{text}<extra></extra>",
        row=place,
        col=1,
    )
    for kind, symbol in MARKS.items():
        row, column = np.nonzero((grid.kind == kind) & (layer.credit != 0))
        chart.add_scatter(
            x=column,
            y=row,
            mode="markers",
            marker={
                "symbol": symbol,
                "size": 9,
                "color": np.where(np.abs(rooted[row, column]) > DARK * strongest, "#FFFFFF", INK),
                "line": {"width": 1.2},
            },
            hoverinfo="skip",
            row=place,
            col=1,
        )


def _hover(grid: Grid, layer: Layer, labels: Mapping[int, str]) -> NDArray[np.object_]:
    """What a cell says: the two words, the kind of their match, the credit, and the latents that make it."""
    total = layer.pairs.score or 1.0
    text = np.empty(layer.credit.shape, object)
    for row, query in enumerate(grid.rows):
        for column, document in enumerate(grid.columns):
            credit = float(layer.credit[row, column])
            lines = [
                f"<b>{plain(query)}</b> and <b>{plain(document)}</b>: {grid.kind[row, column]}",
                f"{credit:.4g}, {credit / total:.1%} of the score",
            ]
            for latent, of_latent in layer.latents[row][column] if layer.latents else ():
                lines.append(
                    f"{of_latent:.3g}  {plain(latent_name(latent, cut(labels.get(latent, ''), 40)))}"
                )
            text[row, column] = "<br>".join(lines)
    return text

"""A LIMIT query, drawn: how pooling averages a few tokens away, and which latents keep them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from analyses.figures.style.lines import note, row_axis
from analyses.figures.style.names import cut, linked
from analyses.figures.style.theme import ACTIVATION, QUIET, figure, plain, translucent
from analyses.text.latent_names import latent_name
from retrieval.systems import COSINE

LONGEST = 26


def pooled_figure(
    documents: pd.DataFrame,
    tokens: pd.DataFrame,
    bound: float,
    link: Callable[[str], str] | None = None,
) -> go.Figure:
    """Cosine with the query's vector, one row per document: of single tokens, of the attribute's tokens, of all.

    documents: document, doc_id, relevant, cosine, named_cosine, share. tokens: document, cosine, named. bound: the
    cosine of the tenth document of the collection.
    """
    rows = documents.to_dict("records")
    chart = figure(height=110 + 54 * len(rows))
    row_of = {row["document"]: number for number, row in enumerate(rows)}
    y = tokens["document"].map(row_of)
    shown = tokens[y.notna()].assign(y=y[y.notna()])
    for named, name, size, colour in (
        (False, "each other token", 15, translucent(QUIET, 0.55)),
        (True, "a token that names the attribute", 24, ACTIVATION),
    ):
        part = shown[shown["named"] == named]
        width = 3 if named else 1
        marker = {"symbol": "line-ns-open", "size": size, "color": colour, "line": {"width": width}}
        _add_dots(chart, part["cosine"], part["y"], name, marker)
    for column, name, symbol, colour in (
        ("named_cosine", "mean of the tokens that name the attribute", "diamond", ACTIVATION),
        ("cosine", "mean of all tokens: the document's vector", "circle", COSINE.colour),
    ):
        outline = {"color": "#FFFFFF", "width": 1.5}
        marker = {"symbol": symbol, "size": 15, "color": colour, "line": outline}
        _add_dots(chart, [row[column] for row in rows], list(range(len(rows))), name, marker)
    chart.add_vline(x=bound, line={"color": COSINE.colour, "width": 1.2, "dash": "dot"})
    place: dict[str, Any] = {"yanchor": "bottom", "xanchor": "left", "xshift": 4}
    note(chart, "cosine of the tenth document", x=bound, y=len(rows) - 0.42, **place)
    names = [_name(row["doc_id"], row["relevant"], link) for row in rows]
    row_axis(chart, names, below=0.35, showgrid=False)
    chart.update_xaxes(title="cosine with the query's vector", zeroline=False)
    chart.update_layout(hovermode="closest")
    return chart


def _add_dots(chart: go.Figure, x: Any, y: Any, name: str, marker: dict[str, Any]) -> None:
    hover = f"{name}: %{{x:.3f}}<extra></extra>"
    chart.add_scatter(x=x, y=y, mode="markers", name=name, marker=marker, hovertemplate=hover)


def firing_figure(
    contributions: NDArray[np.float32],
    latents: pd.DataFrame,
    documents: pd.DataFrame,
    labels: Mapping[int, str],
    link: Callable[[int], str] | None = None,
) -> go.Figure:
    """Contribution of each latent (a row) to each document (a column), the relevant documents on the left.

    contributions: (n_latents, n_documents), in the orders of the tables; latents: latent, power. documents: doc_id,
    relevant.
    """
    names = [
        linked(latent_name(latent, cut(labels[latent], LONGEST)), link(latent) if link else None)
        for latent in latents["latent"]
    ]
    ids = [plain(cut(str(doc_id), LONGEST)) for doc_id in documents["doc_id"]]
    chart = figure(height=150 + 32 * len(names))
    chart.add_heatmap(
        z=contributions,
        x=list(range(len(ids))),
        y=list(range(len(names))),
        xgap=2,
        ygap=2,
        zmin=0,
        colorscale=[[0, translucent(ACTIVATION, 0.04)], [1, ACTIVATION]],
        colorbar={"title": {"text": "contribution"}, "thickness": 10, "outlinewidth": 0},
        customdata=[
            [[doc, plain(latent_name(latent, labels[latent]))] for doc in ids] for latent in latents["latent"]
        ],
        hovertemplate="<b>%{customdata[1]}</b><br>%{customdata[0]}: %{z:.3f}<extra></extra>",
    )
    n_relevant = int(documents["relevant"].sum())
    chart.add_vline(x=n_relevant - 0.5, line={"color": QUIET, "width": 1.5})
    chart.update_yaxes(
        tickvals=list(range(len(names))), ticktext=names, autorange="reversed", showgrid=False, zeroline=False
    )
    chart.update_xaxes(
        tickvals=list(range(len(ids))), ticktext=ids, tickangle=-50, showgrid=False, zeroline=False
    )
    return chart


def _name(doc_id: str, relevant: bool, link: Callable[[str], str] | None) -> str:
    mark = "◆ " if relevant else ""
    return mark + linked(cut(doc_id, LONGEST), link(doc_id) if link else None)

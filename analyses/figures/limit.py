"""A LIMIT query under the microscope, drawn: what the mean does to a few tokens, and which latents keep them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from analyses.figures.theme import ACTIVATION, QUIET, SYSTEM_COLOURS, figure, plain, translucent

LONGEST = 26


def pooled_figure(
    documents: pd.DataFrame,
    tokens: pd.DataFrame,
    bound: float,
    link: Callable[[str], str] | None = None,
) -> go.Figure:
    """Cosine with the query's vector, a row a document: of each token (a tick), of the attribute's tokens, of all.

    documents: document, doc_id, relevant, cosine, named_cosine, share. tokens: document, cosine, named. bound: the
    cosine of the tenth document of the collection.
    """
    rows = documents.to_dict("records")
    chart = figure(height=110 + 54 * len(rows))
    place = {row["document"]: number for number, row in enumerate(rows)}
    y = tokens["document"].map(place)
    shown = tokens[y.notna()].assign(y=y[y.notna()])
    for named, name, size, colour in (
        (False, "each other token", 15, translucent(QUIET, 0.55)),
        (True, "a token that names it", 24, ACTIVATION),
    ):
        part = shown[shown["named"] == named]
        chart.add_scatter(
            x=part["cosine"], y=part["y"], mode="markers", name=name,
            marker={"symbol": "line-ns-open", "size": size, "color": colour, "line": {"width": 3 if named else 1}},
            hovertemplate=f"{name}: %{{x:.3f}}<extra></extra>",
        )  # fmt: skip
    for column, name, symbol, colour in (
        ("named_cosine", "the mean of those that name it", "diamond", ACTIVATION),
        ("cosine", "the mean of all: the document's vector", "circle", SYSTEM_COLOURS["cosine"]),
    ):
        chart.add_scatter(
            x=[row[column] for row in rows], y=list(range(len(rows))), mode="markers", name=name,
            marker={"symbol": symbol, "size": 15, "color": colour, "line": {"color": "#FFFFFF", "width": 1.5}},
            hovertemplate=f"{name}: %{{x:.3f}}<extra></extra>",
        )  # fmt: skip
    chart.add_vline(x=bound, line={"color": SYSTEM_COLOURS["cosine"], "width": 1.2, "dash": "dot"})
    chart.add_annotation(
        x=bound, y=len(rows) - 0.42, text="the tenth place asks for this", showarrow=False, yanchor="bottom",
        xanchor="left", xshift=4, font={"size": 12, "color": QUIET},
    )  # fmt: skip
    chart.update_yaxes(
        tickvals=list(range(len(rows))), ticktext=[_name(row["doc_id"], row["relevant"], link) for row in rows],
        range=[len(rows) - 0.35, -0.6], zeroline=False, showgrid=False,
    )  # fmt: skip
    chart.update_xaxes(title="cosine with the query's vector", zeroline=False)
    chart.update_layout(hovermode="closest")
    return chart


def firing_figure(
    contributions: NDArray[np.float32],
    latents: pd.DataFrame,
    documents: pd.DataFrame,
    labels: Mapping[int, str],
    link: Callable[[int], str] | None = None,
) -> go.Figure:
    """What each latent gives each document: a row a latent, a column a document, the relevant ones on the left.

    contributions: (n_latents, n_documents), in the orders of the tables; latents: latent, power. documents: doc_id,
    relevant.
    """
    names = [
        f"{_linked(_cut(labels[latent]), link(latent) if link else None)}  {latent}"
        for latent in latents["latent"]
    ]
    ids = [plain(_cut(str(doc_id))) for doc_id in documents["doc_id"]]
    chart = figure(height=150 + 32 * len(names))
    chart.add_heatmap(
        z=contributions, x=list(range(len(ids))), y=list(range(len(names))), xgap=2, ygap=2, zmin=0,
        colorscale=[[0, translucent(ACTIVATION, 0.04)], [1, ACTIVATION]],
        colorbar={"title": {"text": "contribution"}, "thickness": 10, "outlinewidth": 0},
        customdata=[[[doc, plain(labels[latent])] for doc in ids] for latent in latents["latent"]],
        hovertemplate="<b>%{customdata[1]}</b><br>%{customdata[0]}: %{z:.3f}<extra></extra>",
    )  # fmt: skip
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
    return mark + _linked(_cut(doc_id), link(doc_id) if link else None)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _linked(text: str, address: str | None) -> str:
    return f'<a href="{plain(address)}">{plain(text)}</a>' if address else plain(text)

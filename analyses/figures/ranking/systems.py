"""Rankings of several systems side by side, and the difference of two systems query by query."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analyses.figures.style.lines import note
from analyses.figures.style.names import cut, is_beyond, linked, rank_text
from analyses.figures.style.theme import ACTIVATION, AGAINST, FOR, QUIET, figure, plain, translucent
from retrieval.systems import system_colour, system_title

LONGEST = 28


def bump_figure(
    ranking: pd.DataFrame,
    systems: Sequence[str],
    depth: int = 10,
    chosen: str | None = None,
    link: Callable[[str], str] | None = None,
    longest: int = LONGEST,
) -> go.Figure:
    """One column per system, one line per document through its ranks; relevant documents are green.

    ranking: doc_id, title, relevant, NAME_rank (<NA> for none). Ranks beyond `depth` are drawn below the
    dotted line. link: the address behind a document's name; longest: characters of it that are shown. A marker's
    customdata is its document's id.
    """
    beyond = depth + 1.7
    chart = figure(height=96 + 30 * (depth + 2))
    for row in ranking.sort_values("relevant", kind="stable").to_dict("records"):
        _add_document(chart, row, systems, depth, beyond, row["doc_id"] == chosen)
        for name, side, x in ((systems[0], "right", -0.06), (systems[-1], "left", len(systems) - 0.94)):
            rank = row[f"{name}_rank"]
            if not is_beyond(rank, depth):
                label = _name(row, int(rank), side, link, longest)
                chart.add_annotation(
                    x=x, y=int(rank), text=label, xanchor=side, showarrow=False, font={"size": 13}
                )
    chart.add_hline(y=depth + 0.8, line={"color": QUIET, "width": 0.7, "dash": "dot"})
    note(chart, f"beyond the first {depth}", xref="paper", x=0.5, y=beyond + 0.55)
    last = len(systems) - 1
    chart.update_xaxes(
        range=[-0.95 - 0.25 * last, last + 0.95 + 0.25 * last],
        tickvals=list(range(len(systems))),
        ticktext=[plain(system_title(name)) for name in systems],
        showgrid=False,
        zeroline=False,
        side="top",
    )
    chart.update_yaxes(range=[beyond + 0.9, 0.3], visible=False)
    chart.update_layout(hovermode="closest")
    return chart


def _add_document(
    chart: go.Figure, row: Mapping[Any, Any], systems: Sequence[str], depth: int, beyond: float, chosen: bool
) -> None:
    """The line of one document through its rank in each system."""
    relevant = bool(row["relevant"])
    ranks = [row[f"{name}_rank"] for name in systems]
    places = [beyond if is_beyond(rank, depth) else float(rank) for rank in ranks]
    colour = ACTIVATION if relevant else FOR if chosen else QUIET
    hover = "<br>".join(
        f"{plain(system_title(name))}: {rank_text(rank)}" for name, rank in zip(systems, ranks, strict=True)
    )
    chart.add_scatter(
        x=list(range(len(systems))),
        y=places,
        mode="lines+markers",
        showlegend=False,
        customdata=[row["doc_id"]] * len(systems),
        line={
            "color": translucent(colour, 0.9 if relevant or chosen else 0.38),
            "width": 4 if chosen else 3 if relevant else 1.8,
            "shape": "spline",
            "smoothing": 0.6,
        },
        marker={
            "size": [8 if place == beyond else 13 for place in places],
            "symbol": "diamond" if relevant else "circle",
            "color": [ACTIVATION if relevant else system_colour(name) for name in systems],
            "line": {"color": "#FFFFFF", "width": 1},
        },
        hovertemplate=f"<b>{plain(row['title'] or row['doc_id'])}</b><br>{hover}<extra></extra>",
    )


def differences_figure(
    queries: pd.DataFrame, one: str, other: str, chosen: str | None = None, height: int = 250
) -> go.Figure:
    """nDCG@10 of one system less another's, one bar per query, the greatest win first; grey where it is the same.

    queries: query_id, query, difference. A bar's customdata is its query's id.
    """
    chart = figure(height)
    rows = queries.dropna(subset=["difference"]).sort_values("difference", ascending=False, kind="stable")
    difference = rows["difference"].to_numpy(np.float64)
    chart.add_bar(
        x=np.arange(1, len(rows) + 1),
        y=difference,
        customdata=rows["query_id"],
        width=1,
        marker={"color": np.where(difference > 0, FOR, AGAINST), "line": {"width": 0}},
        text=[plain(cut(text, 90)) for text in rows["query"]],
        textposition="none",
        hovertemplate="%{text}<br>%{y:+.2f}<extra></extra>",
    )
    if chosen is not None and (rows["query_id"] == chosen).any():
        place = int(np.flatnonzero((rows["query_id"] == chosen).to_numpy())[0]) + 1
        chart.add_vline(x=place, line={"color": QUIET, "width": 1.5, "dash": "dot"})
    ahead, behind = plain(system_title(one)), plain(system_title(other))
    for y, text, anchor in ((1, f"{ahead} ahead", "top"), (-1, f"{behind} ahead", "bottom")):
        note(chart, text, 13, FOR if y > 0 else AGAINST, x=0.5, xref="paper", y=y, yanchor=anchor)
    chart.update_yaxes(range=[-1.05, 1.05], tickformat="+.1f", title="difference of nDCG@10")
    chart.update_xaxes(title="judged queries, by difference", showgrid=False)
    chart.update_layout(bargap=0, hovermode="closest")
    return chart


def _name(
    row: Mapping[Any, Any], rank: int, side: str, link: Callable[[str], str] | None, longest: int
) -> str:
    """A document's name beside its rank, left or right of it."""
    doc_id = str(row["doc_id"])
    name = linked(cut(str(row["title"] or doc_id), longest), link(doc_id) if link else None)
    return f"{name}  <b>{rank}</b>" if side == "right" else f"<b>{rank}</b>  {name}"

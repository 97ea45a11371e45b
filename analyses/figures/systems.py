"""Rankings of several systems beside each other, and the queries by where two of them differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analyses.figures.theme import (
    ACTIVATION,
    AGAINST,
    FOR,
    QUIET,
    figure,
    plain,
    system_colour,
    system_name,
    translucent,
)

LONGEST = 38


def bump_figure(
    ranking: pd.DataFrame,
    systems: Sequence[str],
    depth: int = 10,
    chosen: str | None = None,
    link: Callable[[str], str] | None = None,
) -> go.Figure:
    """A column a system, a line a document through the places that they give it; relevant documents are green.

    ranking: doc_id, title, relevant, NAME_rank (<NA> for none). A place beyond `depth` is drawn below the dotted
    line. link: the address behind a document's name. A marker's customdata is its document's id.
    """
    beyond = depth + 1.7
    chart = figure(height=96 + 30 * (depth + 2))
    for row in ranking.sort_values("relevant", kind="stable").to_dict("records"):
        marked, is_chosen = bool(row["relevant"]), row["doc_id"] == chosen
        ranks = [row[f"{name}_rank"] for name in systems]
        places = [beyond if _beyond(rank, depth) else float(rank) for rank in ranks]
        colour = ACTIVATION if marked else FOR if is_chosen else QUIET
        told = "<br>".join(
            f"{plain(system_name(name))}: {_told(rank)}" for name, rank in zip(systems, ranks, strict=True)
        )
        chart.add_scatter(
            x=list(range(len(systems))), y=places, mode="lines+markers", showlegend=False,
            customdata=[row["doc_id"]] * len(systems),
            line={
                "color": translucent(colour, 0.9 if marked or is_chosen else 0.38),
                "width": 4 if is_chosen else 3 if marked else 1.8, "shape": "spline", "smoothing": 0.6,
            },
            marker={
                "size": [8 if place == beyond else 13 for place in places],
                "symbol": "diamond" if marked else "circle",
                "color": [ACTIVATION if marked else system_colour(name) for name in systems],
                "line": {"color": "#FFFFFF", "width": 1},
            },
            hovertemplate=f"<b>{plain(row['title'] or row['doc_id'])}</b><br>{told}<extra></extra>",
        )  # fmt: skip
        for name, side, x in ((systems[0], "right", -0.06), (systems[-1], "left", len(systems) - 0.94)):
            rank = row[f"{name}_rank"]
            if not _beyond(rank, depth):
                chart.add_annotation(
                    x=x, y=int(rank), xanchor=side, showarrow=False, font={"size": 13},
                    text=_name(row, int(rank), side, link),
                )  # fmt: skip
    chart.add_hline(y=depth + 0.8, line={"color": QUIET, "width": 0.7, "dash": "dot"})
    chart.add_annotation(
        xref="paper", x=0.5, y=beyond + 0.55, text=f"beyond the first {depth}", showarrow=False,
        font={"size": 12, "color": QUIET},
    )  # fmt: skip
    last = len(systems) - 1
    chart.update_xaxes(
        range=[-0.95 - 0.25 * last, last + 0.95 + 0.25 * last], tickvals=list(range(len(systems))),
        ticktext=[plain(system_name(name)) for name in systems], showgrid=False, zeroline=False, side="top",
    )  # fmt: skip
    chart.update_yaxes(range=[beyond + 0.9, 0.3], visible=False)
    chart.update_layout(hovermode="closest")
    return chart


def differences_figure(
    queries: pd.DataFrame, one: str, other: str, chosen: str | None = None, height: int = 250
) -> go.Figure:
    """nDCG@10 of one system less another's, a bar a query, the greatest win first; grey where it is the same.

    queries: query_id, query, difference. A bar's customdata is its query's id.
    """
    chart = figure(height)
    rows = queries.dropna(subset=["difference"]).sort_values("difference", ascending=False, kind="stable")
    difference = rows["difference"].to_numpy(np.float64)
    chart.add_bar(
        x=np.arange(1, len(rows) + 1), y=difference, customdata=rows["query_id"], width=1,
        marker={"color": np.where(difference > 0, FOR, AGAINST), "line": {"width": 0}},
        text=[plain(text if len(text) < 90 else text[:89] + "…") for text in rows["query"]], textposition="none",
        hovertemplate="%{text}<br>%{y:+.2f}<extra></extra>",
    )  # fmt: skip
    if chosen is not None and (rows["query_id"] == chosen).any():
        place = int(np.flatnonzero((rows["query_id"] == chosen).to_numpy())[0]) + 1
        chart.add_vline(x=place, line={"color": QUIET, "width": 1.5, "dash": "dot"})
    ahead, behind = plain(system_name(one)), plain(system_name(other))
    for y, text, anchor in ((1, f"{ahead} ahead", "top"), (-1, f"{behind} ahead", "bottom")):
        chart.add_annotation(
            x=0.5, xref="paper", y=y, yanchor=anchor, text=text, showarrow=False,
            font={"size": 13, "color": FOR if y > 0 else AGAINST},
        )  # fmt: skip
    chart.update_yaxes(range=[-1.05, 1.05], tickformat="+.1f", title="difference of nDCG@10")
    chart.update_xaxes(title="judged queries, by difference", showgrid=False)
    chart.update_layout(bargap=0, hovermode="closest")
    return chart


def _beyond(rank: Any, depth: int) -> bool:
    return bool(pd.isna(rank)) or int(rank) > depth


def _told(rank: Any) -> str:
    return "not found" if pd.isna(rank) else f"place {int(rank):,}"


def _name(row: Any, rank: int, side: str, link: Callable[[str], str] | None) -> str:
    title = str(row["title"] or row["doc_id"])
    cut = plain(title if len(title) <= LONGEST else title[: LONGEST - 1] + "…")
    address = link(str(row["doc_id"])) if link else None
    named = f'<a href="{plain(address)}" style="color:#2A7AB5">{cut}</a>' if address else cut
    return f"{named}  <b>{rank}</b>" if side == "right" else f"<b>{rank}</b>  {named}"

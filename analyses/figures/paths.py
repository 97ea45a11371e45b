"""Where each document goes when something is changed: its place before, its place after, and the line between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from analyses.figures.theme import ACTIVATION, AGAINST, FOR, QUIET, figure, plain, translucent

LONGEST = 30


def paths_figure(
    ranking: pd.DataFrame,
    depth: int = 10,
    link: Callable[[str], str] | None = None,
    longest: int = LONGEST,
) -> go.Figure:
    """Ranks before on the left and after on the right; who rises is blue, who falls orange, who stays grey.

    ranking: doc_id, title, before, after (ranks from 1, <NA> for none), relevant. A place beyond `depth` is drawn
    below a gap; relevant documents have a green mark. link: the address behind a document's name. longest: letters
    of a name that are shown.
    """
    rows = ranking.to_dict("records")
    beyond = depth + 1.6
    chart = figure(height=96 + 30 * (depth + 2))
    for row in rows:
        before, after = (_place(row[side], depth, beyond) for side in ("before", "after"))
        moved = _moved(row["before"], row["after"])
        colour = QUIET if moved == 0 else FOR if moved > 0 else AGAINST
        mark = ACTIVATION if row["relevant"] else colour
        chart.add_scatter(
            x=[0, 1], y=[before, after], mode="lines+markers", showlegend=False,
            line={"color": translucent(colour, 0.75 if moved else 0.45), "width": 2.5, "shape": "spline"},
            marker={
                "size": [11, 11], "color": mark, "symbol": "diamond" if row["relevant"] else "circle",
                "line": {"color": "#FFFFFF", "width": 1},
            },
            hovertemplate=f"<b>{plain(row['title'] or row['doc_id'])}</b><br>"
            f"{_told(row['before'])} → {_told(row['after'])}<extra></extra>",
        )  # fmt: skip
    for side, x, anchor in (("before", -0.03, "right"), ("after", 1.03, "left")):
        for row in rows:
            rank = row[side]
            if not pd.isna(rank) and int(rank) <= depth:
                chart.add_annotation(
                    x=x, y=int(rank), xanchor=anchor, showarrow=False, font={"size": 13},
                    text=_name(row, int(rank), side, link, longest),
                )  # fmt: skip
    if any(pd.isna(row[side]) or int(row[side]) > depth for row in rows for side in ("before", "after")):
        chart.add_hline(y=depth + 0.8, line={"color": QUIET, "width": 0.7, "dash": "dot"})
        chart.add_annotation(
            x=0.5, y=beyond + 0.45, text=f"beyond the first {depth}", showarrow=False,
            font={"size": 12, "color": QUIET},
        )  # fmt: skip
    chart.update_xaxes(
        range=[-1.55, 2.55], tickvals=[0, 1], ticktext=["before", "after"], showgrid=False, zeroline=False,
        side="top",
    )  # fmt: skip
    chart.update_yaxes(range=[beyond + 0.8, 0.3], visible=False)
    chart.update_layout(hovermode="closest")
    return chart


def effects_figure(
    before: float, after: float, controls: pd.Series, axis: str, height: int = 150
) -> go.Figure:
    """A measure before and after, beside what matched controls do to it: a tick a draw, and their middle 95%."""
    chart = figure(height)
    if len(controls):
        low, high = controls.quantile([0.025, 0.975])
        chart.add_shape(
            type="rect", x0=low, x1=high, y0=-0.42, y1=0.42, line={"width": 0}, fillcolor=translucent(QUIET, 0.18),
            layer="below",
        )  # fmt: skip
        chart.add_scatter(
            x=controls, y=[0] * len(controls), mode="markers", name="matched controls",
            marker={"symbol": "line-ns-open", "size": 16, "color": translucent(QUIET, 0.8)},
            hovertemplate="a matched control: %{x:.3f}<extra></extra>",
        )  # fmt: skip
    for value, name, symbol, colour in (
        (before, "before", "circle-open", QUIET),
        (after, "after", "circle", FOR if after >= before else AGAINST),
    ):
        chart.add_scatter(
            x=[value], y=[0], mode="markers", name=name,
            marker={"size": 14, "symbol": symbol, "color": colour, "line": {"color": colour, "width": 2.5}},
            hovertemplate=f"{name}: %{{x:.3f}}<extra></extra>",
        )  # fmt: skip
    chart.update_yaxes(visible=False, range=[-0.6, 0.6])
    chart.update_xaxes(title=axis, range=[-0.03, 1.03], zeroline=False)
    return chart


def _place(rank: object, depth: int, beyond: float) -> float:
    return beyond if pd.isna(rank) or int(rank) > depth else float(int(rank))  # type: ignore[call-overload]


def _moved(before: object, after: object) -> int:
    """1 up, -1 down, 0 neither."""
    first, then = (float("inf") if pd.isna(rank) else float(rank) for rank in (before, after))  # type: ignore[call-overload,arg-type]
    return 0 if first == then else 1 if then < first else -1


def _told(rank: object) -> str:
    return "not found" if pd.isna(rank) else f"place {int(rank):,}"  # type: ignore[call-overload]


def _name(
    row: Mapping[Any, Any], rank: int, side: str, link: Callable[[str], str] | None, longest: int
) -> str:
    title = str(row["title"] or row["doc_id"])
    cut = plain(title if len(title) <= longest else title[: longest - 1] + "…")
    other = row["after" if side == "before" else "before"]
    from_ = "" if side == "before" or other == rank else f"  ({_short(other)})"
    named = f'<a href="{link(str(row["doc_id"]))}" style="color:#2A7AB5">{cut}</a>' if link else cut
    return f"{named}  <b>{rank}</b>" if side == "before" else f"<b>{rank}</b>  {named}{from_}"


def _short(rank: object) -> str:
    return "not found before" if pd.isna(rank) else f"from {int(rank):,}"  # type: ignore[call-overload]

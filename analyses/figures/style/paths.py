"""Each document's rank before and after a change, with a line between, and a measure beside its controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from analyses.figures.style.lines import note
from analyses.figures.style.names import cut, is_beyond, linked, rank_text
from analyses.figures.style.theme import ACTIVATION, AGAINST, FOR, QUIET, figure, plain, translucent

LONGEST = 21
SHORT, BRIEF = 12, ("{}", "–")  # `longest` and `origins` on a phone


def paths_figure(
    ranking: pd.DataFrame,
    depth: int = 10,
    link: Callable[[str], str] | None = None,
    longest: int = LONGEST,
    sides: tuple[str, str] = ("before", "after"),
    origins: tuple[str, str] = ("from {}", "not found before"),
    narrow: bool = False,
) -> go.Figure:
    """Ranks before on the left and after on the right; rising documents are blue, falling ones orange, others grey.

    ranking: doc_id, title, before, after (ranks from 1, <NA> for none), relevant. Ranks beyond `depth` are drawn
    below a gap; relevant documents have a green mark. link: the address behind a document's name. longest:
    characters of a name that are shown. sides: what stands over the two; origins: what is said of a document's rank
    on the left where no line shows it, and of one without a rank there. narrow: for a phone, with names and origins
    that are short.
    """
    if narrow:
        longest, origins = SHORT, BRIEF
    rows = ranking.to_dict("records")
    beyond = depth + 1.6
    chart = figure(height=96 + 30 * (depth + 2))
    for row in rows:
        _add_path(chart, row, depth, beyond)
    for side, x, anchor in (("before", -0.03, "right"), ("after", 1.03, "left")):
        for row in rows:
            rank = row[side]
            if not is_beyond(rank, depth):
                name = _name(row, int(rank), side, link, longest, depth, origins)
                chart.add_annotation(
                    x=x, y=int(rank), text=name, xanchor=anchor, showarrow=False, font={"size": 13}
                )
    if any(is_beyond(row[side], depth) for row in rows for side in ("before", "after")):
        chart.add_hline(y=depth + 0.8, line={"color": QUIET, "width": 0.7, "dash": "dot"})
        note(chart, f"beyond the first {depth}", x=0.5, y=beyond + 0.45)
    chart.update_xaxes(
        range=[-1.55, 2.55],
        tickvals=[0, 1],
        ticktext=[plain(side) for side in sides],
        showgrid=False,
        zeroline=False,
        side="top",
    )
    chart.update_yaxes(range=[beyond + 0.8, 0.3], visible=False)
    chart.update_layout(hovermode="closest")
    return chart


def _add_path(chart: go.Figure, row: Mapping[Any, Any], depth: int, beyond: float) -> None:
    """The line of one document from its rank before to its rank after."""
    before, after = (
        beyond if is_beyond(row[side], depth) else float(int(row[side])) for side in ("before", "after")
    )
    change = _direction(row["before"], row["after"])
    colour = QUIET if change == 0 else FOR if change > 0 else AGAINST
    chart.add_scatter(
        x=[0, 1],
        y=[before, after],
        mode="lines+markers",
        showlegend=False,
        line={"color": translucent(colour, 0.75 if change else 0.45), "width": 2.5, "shape": "spline"},
        marker={
            "size": [11, 11],
            "color": ACTIVATION if row["relevant"] else colour,
            "symbol": "diamond" if row["relevant"] else "circle",
            "line": {"color": "#FFFFFF", "width": 1},
        },
        hovertemplate=f"<b>{plain(row['title'] or row['doc_id'])}</b><br>"
        f"{rank_text(row['before'])} → {rank_text(row['after'])}<extra></extra>",
    )


def effects_figure(
    before: float, after: float, controls: pd.Series, axis: str, height: int = 150
) -> go.Figure:
    """A measure before and after, beside what matched controls do to it: one tick per draw, and their middle
    95%.
    """
    chart = figure(height)
    if len(controls):
        low, high = controls.quantile([0.025, 0.975])
        chart.add_shape(
            type="rect",
            x0=low,
            x1=high,
            y0=-0.42,
            y1=0.42,
            line={"width": 0},
            fillcolor=translucent(QUIET, 0.18),
            layer="below",
        )
        chart.add_scatter(
            x=controls,
            y=[0] * len(controls),
            mode="markers",
            name="matched controls",
            marker={"symbol": "line-ns-open", "size": 16, "color": translucent(QUIET, 0.8)},
            hovertemplate="a matched control: %{x:.3f}<extra></extra>",
        )
    for value, name, symbol, colour in (
        (before, "before", "circle-open", QUIET),
        (after, "after", "circle", FOR if after >= before else AGAINST),
    ):
        chart.add_scatter(
            x=[value],
            y=[0],
            mode="markers",
            name=name,
            marker={"size": 14, "symbol": symbol, "color": colour, "line": {"color": colour, "width": 2.5}},
            hovertemplate=f"{name}: %{{x:.3f}}<extra></extra>",
        )
    chart.update_yaxes(visible=False, range=[-0.6, 0.6])
    chart.update_xaxes(title=axis, range=[-0.03, 1.03], zeroline=False)
    return chart


def _direction(before: Any, after: Any) -> int:
    """1 where the rank improves, -1 where it worsens, 0 where it stays; <NA> is below every rank."""
    first, then = (float("inf") if pd.isna(rank) else float(rank) for rank in (before, after))
    return 0 if first == then else 1 if then < first else -1


def _name(
    row: Mapping[Any, Any],
    rank: int,
    side: str,
    link: Callable[[str], str] | None,
    longest: int,
    depth: int,
    origins: tuple[str, str],
) -> str:
    """A document's name beside its rank; after a change also the rank that it had where no line shows it."""
    doc_id = str(row["doc_id"])
    name = linked(cut(str(row["title"] or doc_id), longest), link(doc_id) if link else None)
    if side == "before":
        return f"{name}  <b>{rank}</b>"
    before = row["before"]
    if not is_beyond(before, depth):
        return f"<b>{rank}</b>  {name}"
    origin = origins[1] if pd.isna(before) else origins[0].format(f"{int(before):,}")
    return f"<b>{rank}</b>  {name}  ({origin})"

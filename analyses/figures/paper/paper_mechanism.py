"""Rankings explained, in print: a score breakdown, the same latents in the cosine, families, misses, idf 0.

What is measured is filled and in its system's colour; its controls are open, grey or crosses, so that print in grey
tells them apart. Whiskers are 95% intervals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.figures.latents.types import TYPE_NAMES
from analyses.figures.ranking.failures import REASON_NAMES
from analyses.figures.ranking.score_breakdown import latent_name
from analyses.figures.style.lines import error_bars, row_axis
from analyses.figures.style.theme import FOR, INK, QUIET, figure, plain, template, translucent
from retrieval.systems import COSINE, LATENT, LEXICAL

TOP = 12
LONGEST = 20  # letters of a latent's name
IDF_NAMES = {"clipped": "clipped idf", "lucene": "Lucene's idf"}
SHAPES: Mapping[str, tuple[str, str, float]] = {  # symbol, colour, size
    "own": ("circle", LATENT.colour, 7),
    "matched": ("diamond-open", LEXICAL.colour, 7),
    "random": ("x-thin-open", QUIET, 6),
    "cosine": ("diamond", COSINE.colour, 7),
}
AS_MUCH = "without random latents that contribute as much"
TREATED = (("silenced", "own", -0.2), ("matched", "matched", 0.0), ("random", "random", 0.2))
BESIDE = {
    "own": "latents with idf 0",
    "matched": "the most frequent others",
    "random": "others: all (left), random (right)",
}
REASONS_OF = {
    "missed": "missed by the latents",
    "cosine": "missed by cosine",
    "next": "next lower, not relevant",
}


def breakdown_print(
    breakdown: pd.DataFrame, labels: Mapping[int, str], score: float, top: int = TOP
) -> go.Figure:
    """A waterfall from zero to the score: the `top` contributions of latents, then the rest together.

    breakdown: `analyses.attribution.score_breakdown.Explanation.breakdown`, falling by contribution.
    """
    head, rest = breakdown.head(top), breakdown["contribution"].iloc[top:]
    names = [_numbered(latent, labels) for latent in head["latent"].tolist()]
    values = [*head["contribution"].tolist(), *([float(rest.sum())] if len(rest) else [])]
    names += [f"{len(rest):,} more"] if len(rest) else []
    starts = [sum(values[:place]) for place in range(len(values))]
    end = sum(values)
    chart = figure(320)
    chart.add_bar(
        x=[*values, end],
        y=list(range(len(values) + 1)),
        base=[*starts, 0.0],
        orientation="h",
        showlegend=False,
        marker={
            "color": [FOR] * len(head) + [translucent(FOR, 0.45)] * bool(len(rest)) + [INK],
            "line": {"width": 0},
        },
        text=[*(f"{value:.2f}" for value in values), f"{score:.3f}"],
        textposition="outside",
        cliponaxis=False,
    )
    ends = [start + value for start, value in zip(starts, values, strict=True)]
    chart.add_scatter(
        x=[x for one in ends for x in (one, one, None)],
        y=[y for place in range(len(ends)) for y in (place, place + 1, None)],
        mode="lines",
        line={"color": QUIET, "width": 0.7},
        showlegend=False,
    )
    chart.update_yaxes(
        tickvals=list(range(len(values) + 1)),
        ticktext=[*names, "<b>score</b>"],
        zeroline=False,
        showgrid=False,
        range=[len(values) + 0.6, -0.6],
    )
    chart.update_xaxes(title="score so far", range=[0, max(end, 1e-9) * 1.28], nticks=6)
    chart.update_layout(bargap=0.3)
    return chart


def shares_print(beside: pd.DataFrame, labels: Mapping[int, str], top: int = TOP) -> go.Figure:
    """What the same latents are of BM25's score and of the cosine: the `top` by the larger of the two shares.

    beside: `analyses.attribution.cosine_breakdown.beside_bm25`: latent, share_bm25, share_cosine.
    """
    larger = beside[["share_bm25", "share_cosine"]].abs().max(axis=1)
    head = beside.loc[larger.sort_values(ascending=False, kind="stable").index[:top]]
    head = head.sort_values("share_bm25", ascending=False, kind="stable")
    chart = figure(320)
    rows = list(range(len(head)))
    chart.add_scatter(
        x=[x for pair in zip(head["share_bm25"], head["share_cosine"], strict=True) for x in (*pair, None)],
        y=[y for row in rows for y in (row, row, None)],
        mode="lines",
        line={"color": QUIET, "width": 1},
        showlegend=False,
    )
    for name, column, shape in (
        ("of the latents' BM25 score", "share_bm25", "own"),
        ("of the latents' parts in the cosine", "share_cosine", "cosine"),
    ):
        chart.add_scatter(x=head[column], y=rows, mode="markers", name=name, marker=_marker(shape))
    row_axis(chart, [_numbered(latent, labels) for latent in head["latent"].tolist()])
    chart.update_xaxes(title="share", tickformat=".0%", nticks=6, zeroline=True)
    return chart


def families_print(table: pd.DataFrame) -> go.Figure:
    """Change of nDCG@10 without each family, and without random latents that contribute as much, one panel per idf.

    table: `analyses.interventions.family_ablation.write_families`.
    """
    names = list(dict.fromkeys(zip(table["kind"], table["family"], strict=True)))
    chart = make_subplots(cols=2, shared_yaxes=True, horizontal_spacing=0.04)
    chart.update_layout(template=template())
    for column, idf in enumerate(("clipped", "lucene"), start=1):
        for row in table[table["idf"] == idf].to_dict("records"):
            place = names.index((row["kind"], row["family"]))
            first = idf == "clipped" and place == 0
            own = (row["change"], row["low"], row["high"])
            control = (row["control"], row["control_low"], row["control_high"])
            _point(chart, place - 0.14, *own, "without the family", "own", column, first)
            _point(chart, place + 0.18, *control, AS_MUCH, "random", column, first)
        chart.update_xaxes(title=f"change of nDCG@10, {IDF_NAMES[idf]}", col=column)
    n_types = sum(kind == "type" for kind, _ in names)
    if 0 < n_types < len(names):
        chart.add_hline(y=n_types - 0.5, line={"color": QUIET, "width": 0.7})
    _rows(chart, [TYPE_NAMES.get(str(name), str(name)) for _, name in names])
    chart.update_xaxes(tickformat=".2f", zeroline=True, nticks=6)
    return chart


def reasons_print(classes: pd.DataFrame) -> go.Figure:
    """The share of each reason among what latents miss, what cosine misses, and the nearest documents below.

    classes: `analyses.comparison.failures.Failures.classes`.
    """
    chart, reasons = figure(320), list(dict.fromkeys(classes["reason"]))
    for number, (group, shape) in enumerate((("missed", "own"), ("cosine", "cosine"), ("next", "random"))):
        part = classes[(classes["group"] == group) & (classes["n"] > 0)]
        part = part[(part["reason"] != "found") | (group == "cosine")]  # nothing below a miss is found
        n = int(part["n"].iloc[0]) if len(part) else 0
        chart.add_scatter(
            x=part["share"],
            y=[reasons.index(reason) + 0.24 * (number - 1) for reason in part["reason"]],
            mode="markers",
            name=f"{REASONS_OF[group]} ({n:,})",
            marker=_marker(shape),
            error_x=_whisker(part["share"], part["low"], part["high"], shape),
        )
    row_axis(chart, [REASON_NAMES[reason] for reason in reasons], below=0.45, above=0.55, showgrid=False)
    chart.update_xaxes(
        title="share of them", range=[-0.03, 1.04], tickformat=".0%", dtick=0.25, zeroline=False
    )
    return chart


def zero_idf_print(groups: pd.DataFrame, effects: pd.DataFrame, names: Mapping[str, str]) -> go.Figure:
    """Left, how latents with idf 0 differ; right, the change of nDCG@10 where they are treated, beside others.

    groups: `zero_idf.compared_groups`; effects: `zero_idf_effects.effects`, those rows that have
    names.
    """
    chart = make_subplots(cols=2, horizontal_spacing=0.26)
    chart.update_layout(template=template())
    shown = groups[groups["measure"] != "document_share"]  # by which they were chosen
    for place, row in enumerate(shown.to_dict("records")):
        for other, shape, shift in (("matched", "matched", -0.16), ("other", "random", 0.2)):
            values = (row[f"over_{other}"], row[f"over_{other}_low"], row[f"over_{other}_high"])
            _point(chart, place + shift, *values, BESIDE[shape], shape, 1, False)
    chart.add_vline(x=0.5, line={"color": QUIET, "width": 1}, row=1, col=1)
    chart.update_xaxes(title="P(a latent with idf 0 has more than one of these)", col=1)
    chart.update_xaxes(range=[-0.04, 1.04], dtick=0.25, zeroline=False, col=1)
    _rows(chart, shown["description"].tolist(), 1)
    treated = effects[effects["treatment"].isin(list(names))].to_dict("records")
    for place, row in enumerate(treated):
        for column, shape, shift in TREATED:
            values = (row[column], row[f"{column}_low"], row[f"{column}_high"])
            _point(chart, place + shift, *values, BESIDE[shape], shape, 2, place == 0)
    chart.update_xaxes(title="change of nDCG@10", tickformat=".3f", nticks=5, zeroline=True, col=2)
    _rows(chart, [names[row["treatment"]] for row in treated], 2)
    return chart


def _numbered(latent: int, labels: Mapping[int, str]) -> str:
    """A latent's name on an axis, with its number, since several may bear one name."""
    return latent_name(latent, labels, None, LONGEST)


def _point(
    chart: go.Figure,
    y: float,
    value: float,
    low: float,
    high: float,
    name: str,
    shape: str,
    column: int,
    legend: bool,
) -> None:
    """A value with its interval; nothing where there is none."""
    chart.add_scatter(
        x=[value],
        y=[y],
        mode="markers",
        name=name,
        showlegend=legend,
        marker=_marker(shape),
        error_x=_whisker([value], [low], [high], shape),
        row=1,
        col=column,
    )


def _marker(shape: str) -> dict[str, Any]:
    symbol, colour, size = SHAPES[shape]
    return {"symbol": symbol, "color": colour, "size": size, "line": {"color": colour, "width": 1.3}}


def _whisker(value: Any, low: Any, high: Any, shape: str) -> dict[str, Any]:
    table = pd.DataFrame({"value": list(value), "low": list(low), "high": list(high)})
    return error_bars(table["value"], table["low"], table["high"], SHAPES[shape][1], 1.2)


def _rows(chart: go.Figure, names: Sequence[str], column: int | None = None) -> None:
    row_axis(chart, [plain(name) for name in names], col=column)

"""The parts of BM25, drawn: each factor's Shapley value of nDCG@10, over latents beside words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from analyses.figures.style.lines import error_bars, note, row_axis
from analyses.figures.style.theme import TERM_COLOURS, figure
from analyses.why.scoring import FACTORS
from retrieval.vocabularies import LATENTS, STEMS

NAMES = {LATENTS.name: "latents", STEMS.name: "words (lexical BM25)"}
FACTOR_NAMES: Mapping[str, str] = {
    "root": "root of counts",
    "idf": "idf",
    "saturation": "saturation",
    "length": "length normalisation",
    "query weights": "query weights",
}
THICKNESS = 0.32  # of a bar, in rows


def shapley_figure(table: pd.DataFrame, height: int = 340) -> go.Figure:
    """A row per factor, a bar per vocabulary with its 95% interval; a vocabulary without the factor says so.

    table: `analyses.why.scoring.Scoring.table`.
    """
    chart = figure(height)
    factors = table[table["kind"] == "factor"]
    for side, (vocabulary, name) in enumerate(NAMES.items()):
        rows = factors[factors["vocabulary"] == vocabulary].set_index("name").to_dict("index")
        known = [place for place, factor in enumerate(FACTORS) if factor in rows]
        offset = (side - 0.5) * (THICKNESS + 0.04)
        if not known:
            continue
        _bars(
            chart,
            [rows[FACTORS[place]] for place in known],
            [place + offset for place in known],
            name,
            vocabulary,
        )
        for place in set(range(len(FACTORS))) - set(known):
            note(
                chart,
                f"no {FACTORS[place]} in lexical BM25",
                x=0,
                y=place + offset,
                xanchor="left",
                xshift=6,
                yanchor="middle",
            )
    row_axis(chart, [FACTOR_NAMES[factor] for factor in FACTORS], below=0.45, above=0.55, showgrid=False)
    chart.update_xaxes(
        title="nDCG@10 that the factor adds (Shapley value, 95% interval)", tickformat="+.2f", zeroline=True
    )
    chart.update_layout(bargap=0)
    return chart


def _bars(
    chart: go.Figure, rows: Sequence[Mapping[Any, Any]], places: Sequence[float], name: str, vocabulary: str
) -> None:
    value, low, high = ([row[end] for row in rows] for end in ("value", "low", "high"))
    colour = TERM_COLOURS[vocabulary]
    chart.add_bar(
        x=value,
        y=list(places),
        orientation="h",
        width=THICKNESS,
        name=name,
        marker={"color": colour, "line": {"width": 0}},
        error_x=error_bars(value, low, high, "#9AA1A9", 2, 4),
        customdata=[
            (*bounds, f"{p:.4f}", lost)
            for *bounds, p, lost in zip(
                low, high, (row["p_holm"] for row in rows), (row["lost"] for row in rows), strict=True
            )
        ],
        hovertemplate=f"<b>{name}</b><br>%{{x:+.4f}} (%{{customdata[0]:+.4f}} to %{{customdata[1]:+.4f}})<br>"
        "p, Holm: %{customdata[2]}<br>switched off alone: %{customdata[3]:+.4f} lost<extra></extra>",
    )

"""The ladder, drawn: nDCG@10 by states and dictionary, and what each factor of BM25 adds by dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analyses.figures.style.lines import error_bars, row_axis
from analyses.figures.style.theme import QUIET, RULE, figure, plain
from analyses.figures.why.scoring import FACTOR_NAMES
from analyses.why.ladder.names import (
    COSINE_OF_MEAN,
    DRAWN,
    FROZEN,
    KMEANS,
    NEAREST,
    PRINCIPAL,
    RANDOM,
    TRAINED,
    WORDPIECE_MEANS,
)

# Okabe and Ito's colours; a symbol each beside them, since colour alone is not enough.
LOOKS: Mapping[str, tuple[str, str]] = {
    TRAINED: ("#0072B2", "circle"),
    FROZEN: ("#56B4E9", "circle-open"),
    KMEANS: ("#009E73", "square"),
    NEAREST: ("#009E73", "square-open"),
    WORDPIECE_MEANS: ("#E69F00", "diamond"),
    DRAWN: ("#CC79A7", "triangle-up"),
    PRINCIPAL: ("#8C510A", "cross"),
    RANDOM: ("#6B737D", "x"),
    COSINE_OF_MEAN: ("#D55E00", "star"),
}
OTHER = ("#3A3F47", "hexagon")
STEP, GAP = 18, 26  # pixels between dots of a band, and between bands


def ladder_figure(cells: pd.DataFrame, levels: Mapping[str, float], chosen: str | None = None) -> go.Figure:
    """nDCG@10 of every cell. cells: `Ladder.cells`, or `Ladder.under` an idf. levels: name -> nDCG@10 of what
    stands beside it, as lines.

    A dot's customdata is "states|dictionary"; chosen: the one to mark.
    """
    places, bands, y = {}, [], 0.0
    for states, band in cells.groupby("states", sort=False):
        first = y
        for key in band.sort_values("nDCG@10", ascending=False, kind="stable").index:
            places[key] = y
            y += STEP
        bands.append((str(states), (first + y - STEP) / 2, y - STEP / 2 + GAP / 2))
        y += GAP
    chart = figure(height=int(y) + 120)
    for dictionary, rows in cells.groupby("dictionary", sort=False):
        colour, symbol = LOOKS.get(str(dictionary), OTHER)
        names = rows["states"] + "|" + rows["dictionary"]
        chart.add_scatter(
            x=rows["nDCG@10"],
            y=[places[key] for key in rows.index],
            mode="markers",
            name=plain(dictionary),
            customdata=names,
            error_x=error_bars(rows["nDCG@10"], rows["low"], rows["high"], colour, 1.2),
            marker={
                "color": colour,
                "symbol": symbol,
                "size": np.where(names == chosen, 15, 10),
                "line": {"color": colour, "width": 1.5},
            },
            text=[_hover({str(k): v for k, v in row.items()}) for row in rows.to_dict("records")],
            hovertemplate="%{text}<extra></extra>",
        )
    below = {"y": y, "yanchor": "top", "showarrow": False, "font": {"size": 12, "color": QUIET}}
    for place, (name, value) in enumerate(levels.items()):
        chart.add_vline(
            x=value, line={"color": QUIET, "width": 1, "dash": ("dot", "dash", "dashdot")[place % 3]}
        )
        chart.add_annotation(x=value, text=plain(name), yshift=-14 * place, **below)
    for _, _, end in bands[:-1]:
        chart.add_hline(y=end, line={"color": RULE, "width": 1})
    chart.update_yaxes(
        range=[y + 34, -GAP],
        tickvals=[middle for _, middle, _ in bands],
        ticktext=[plain(name) for name, _, _ in bands],
        showgrid=False,
        zeroline=False,
    )
    chart.update_xaxes(title="nDCG@10, 95% interval over queries", tickformat=".2f", zeroline=False)
    chart.update_layout(hovermode="closest", legend={"y": 1.0, "itemwidth": 30})
    return chart


def factors_figure(factors: pd.DataFrame) -> go.Figure:
    """What each factor of BM25 adds, a row per factor and a dot per dictionary. factors: `Ladder.factors`."""
    rows, dictionaries = list(dict.fromkeys(factors["factor"])), list(dict.fromkeys(factors["dictionary"]))
    chart = figure(height=len(rows) * len(dictionaries) * 14 + 130)
    for place, dictionary in enumerate(dictionaries):
        part = factors[factors["dictionary"] == dictionary]
        colour, symbol = LOOKS.get(dictionary, OTHER)
        shift = 0.7 * ((place + 0.5) / len(dictionaries) - 0.5)
        chart.add_scatter(
            x=part["value"],
            y=[rows.index(factor) + shift for factor in part["factor"]],
            mode="markers",
            name=plain(dictionary),
            marker={"color": colour, "symbol": symbol, "size": 9, "line": {"color": colour, "width": 1.5}},
            error_x=error_bars(part["value"], part["low"], part["high"], colour, 1.2),
            customdata=part[["low", "high"]],
            hovertemplate=f"<b>{plain(dictionary)}</b><br>%{{x:+.3f}} (%{{customdata[0]:+.3f}} to "
            "%{customdata[1]:+.3f})<extra></extra>",
        )
    row_axis(chart, [FACTOR_NAMES[factor] for factor in rows], showgrid=False)
    for place in range(1, len(rows)):
        chart.add_hline(y=place - 0.5, line={"color": RULE, "width": 1})
    chart.update_xaxes(
        title="nDCG@10 that the factor adds (Shapley value, 95% interval)", tickformat="+.2f", zeroline=True
    )
    chart.update_layout(hovermode="closest", legend={"y": 1.0, "itemwidth": 30})
    return chart


def _hover(row: Mapping[str, Any]) -> str:
    hover = f"<b>{plain(row['dictionary'])}</b> on {plain(row['states'])}<br>"
    hover += f"nDCG@10 {row['nDCG@10']:.3f} ({row['low']:.3f} to {row['high']:.3f}), R@100 {row['R@100']:.3f}"
    for name, title in (("minus_sae", "less the trained SAE"), ("minus_cosine", "less the encoder's cosine")):
        if name in row:
            hover += f"<br>{title} {row[name]:+.3f} ({row[f'{name}_low']:+.3f} to {row[f'{name}_high']:+.3f})"
    return hover

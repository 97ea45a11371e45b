"""The known truth drawn: which of its directions are found, and what rankings are worth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray
from plotly.subplots import make_subplots

from analyses.figures.style.lines import error_bars, log_axis, row_axis
from analyses.figures.style.theme import ACTIVATION, QUIET, template
from analyses.why.reading.recovery import FOUND, TRAINED
from retrieval.systems import COSINE, LATENT

MEDIAN_OF = 33  # directions of neighbouring frequency in a running median


def known_truth_figure(measures: pd.DataFrame, directions: pd.DataFrame, height: int = 360) -> go.Figure:
    """Left, each true direction's highest cosine in the SAE and in random directions, over how often it fired;
    right, nDCG@10 by each dictionary.

    measures, directions: of `analyses.why.known_truth.KnownTruth`.
    """
    chart = make_subplots(cols=2, horizontal_spacing=0.2, column_widths=[0.6, 0.4])
    chart.update_layout(template=template(), height=height, hovermode="closest")
    cell = {"row": 1, "col": 1}
    ordered = directions.sort_values("tokens", kind="stable")
    tokens = ordered["tokens"].to_numpy()
    for column, name, colour, symbol in (
        ("trained", "trained SAE", LATENT.colour, "circle"),
        ("random", "random directions (control)", ACTIVATION, "x-thin-open"),
    ):
        chart.add_scatter(
            x=tokens,
            y=ordered[column],
            mode="markers",
            name=name,
            marker={"color": colour, "size": 4, "symbol": symbol, "opacity": 0.5, "line": {"color": colour}},
            hovertemplate=name + "<br>fires on %{x:,} tokens<br>cosine %{y:.2f}<extra></extra>",
            **cell,
        )
        chart.add_scatter(
            x=running_median(tokens),
            y=running_median(ordered[column]),
            mode="lines",
            line={"color": colour, "width": 2.2},
            showlegend=False,
            hoverinfo="skip",
            **cell,
        )
    chart.add_hline(y=FOUND, line={"color": QUIET, "width": 1, "dash": "dot"}, **cell)
    chart.update_xaxes(log_axis("tokens on which the true direction fires", tokens.tolist()), **cell)
    chart.update_yaxes(title="highest cosine in the dictionary", range=[0, 1.03], zeroline=False, **cell)
    _rankings(chart, measures)
    return chart


def running_median(values: ArrayLike, width: int = MEDIAN_OF) -> NDArray[np.float64]:
    """The median of each window of `width` values in a row, (n - width + 1,); of all where there are fewer."""
    whole = np.asarray(values, np.float64)
    windows = np.lib.stride_tricks.sliding_window_view(whole, min(width, max(len(whole), 1)))
    medians: NDArray[np.float64] = np.median(windows, axis=1)
    return medians


def _rankings(chart: go.Figure, measures: pd.DataFrame) -> None:
    rows = measures[measures["measure"] == "nDCG@10"]
    colours = {TRAINED: LATENT.colour, COSINE.name: COSINE.colour}
    for place, row in enumerate(rows.to_dict("records")):
        colour = colours.get(str(row["dictionary"]), QUIET)
        chart.add_scatter(
            x=[row["value"]],
            y=[place],
            mode="markers",
            showlegend=False,
            marker={"color": colour, "size": 9},
            error_x=error_bars([row["value"]], [row["low"]], [row["high"]], colour, 1.8),
            hovertemplate=f"{row['dictionary']}: %{{x:.3f}} ({row['low']:.3f} to {row['high']:.3f})<extra></extra>",
            row=1,
            col=2,
        )
    row_axis(chart, [str(name) for name in rows["dictionary"]], row=1, col=2)
    chart.update_xaxes(title="nDCG@10", rangemode="tozero", zeroline=True, row=1, col=2)

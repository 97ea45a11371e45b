"""How well each system retrieves, drawn: one point with its interval per system, one panel per measure."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.figures.style.lines import error_bars, row_axis
from analyses.figures.style.theme import QUIET, template
from retrieval.systems import system_colour, system_title

MEASURES = ("nDCG@10", "R@100")


def evaluation_figure(
    table: pd.DataFrame, measures: Sequence[str] = MEASURES, row_height: int = 48
) -> go.Figure:
    """Means with their 95% intervals, row_height pixels a system; table: system, measure, mean, low, high."""
    measures = [measure for measure in measures if measure in set(table["measure"])]
    systems = list(dict.fromkeys(table["system"]))
    chart = make_subplots(cols=max(len(measures), 1), shared_yaxes=True, horizontal_spacing=0.06)
    height = 90 + row_height * len(systems)
    chart.update_layout(template=template(), height=height, showlegend=False)
    for column, measure in enumerate(measures, start=1):
        part = table[table["measure"] == measure].set_index("system").loc[systems]
        for row, system in enumerate(systems):
            mean, low, high = (float(part.loc[system, name]) for name in ("mean", "low", "high"))
            chart.add_scatter(
                row=1,
                col=column,
                x=[mean],
                y=[row],
                mode="markers+text",
                cliponaxis=False,
                text=[f"<b>{mean:.3f}</b>"],
                textposition="top center",
                textfont={"size": 14},
                marker={"size": 13, "color": system_colour(system), "line": {"color": QUIET, "width": 1}},
                error_x=error_bars(mean, low, high, system_colour(system)),
                hovertemplate=f"<b>{system_title(system)}</b><br>{measure} {mean:.3f}"
                f"<br>95% interval {low:.3f} to {high:.3f}<extra></extra>",
            )
        chart.update_xaxes(
            title={"text": measure, "font": {"size": 15}}, tickformat=".2f", nticks=6, row=1, col=column
        )
    names = [system_title(system) for system in systems]
    row_axis(chart, names, below=0.5, above=0.7, tickfont={"size": 14}, showgrid=True)
    chart.update_xaxes(showgrid=True, zeroline=False, tickfont={"color": QUIET})
    return chart

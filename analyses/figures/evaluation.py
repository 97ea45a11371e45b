"""How well each system retrieves, drawn: a point and its interval a system, one panel a measure."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.figures.theme import QUIET, system_colour, system_name, template


def evaluation_figure(
    table: pd.DataFrame, measures: Sequence[str] = ("nDCG@10", "R@100"), height: int = 300
) -> go.Figure:
    """Means with their 95% intervals; table: columns system, measure, mean, low, high."""
    measures = [measure for measure in measures if measure in set(table["measure"])]
    systems = list(dict.fromkeys(table["system"]))
    chart = make_subplots(cols=max(len(measures), 1), shared_yaxes=True, horizontal_spacing=0.06)
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
                text=[f"<b>{mean:.3f}</b>"],
                textposition="top center",
                textfont={"size": 14},
                marker={"size": 13, "color": system_colour(system), "line": {"color": QUIET, "width": 1}},
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [high - mean],
                    "arrayminus": [mean - low],
                    "thickness": 3,
                    "width": 0,
                    "color": system_colour(system),
                },
                hovertemplate=f"<b>{system_name(system)}</b><br>{measure} {mean:.3f}"
                f"<br>95% interval {low:.3f} to {high:.3f}<extra></extra>",
            )
        chart.update_xaxes(
            title={"text": measure, "font": {"size": 15}}, tickformat=".2f", nticks=6, row=1, col=column
        )
    chart.update_yaxes(
        tickvals=list(range(len(systems))),
        ticktext=[system_name(system) for system in systems],
        tickfont={"size": 14},
        range=[len(systems) - 0.5, -0.7],
        showgrid=True,
        zeroline=False,
    )
    chart.update_xaxes(showgrid=True, zeroline=False, tickfont={"color": QUIET})
    return chart

"""How well an explanation predicts where its latent fires, beside its control: points with intervals."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from analyses.figures.style.lines import error_bars, row_axis
from analyses.figures.style.theme import ACTIVATION, QUIET, template

NAMES = {"explanation": "This explanation", "control": "Another latent's, as a control"}
COLOURS = {"explanation": ACTIVATION, "control": QUIET}
SIGNS = {"explanation": "circle", "control": "square"}


def detection_figure(table: pd.DataFrame, height: int = 230) -> go.Figure:
    """One row per measure. table: `Explanation.measures`: of, measure, value, low, high, n. Dotted: 0.5, chance."""
    measures = list(dict.fromkeys(table["measure"]))
    chart = go.Figure()
    for place, (name, part) in enumerate(table.groupby("of", sort=False)):
        rows = part.set_index("measure").loc[measures].reset_index().dropna(subset="value")
        value = rows["value"]
        chart.add_scatter(
            x=value,
            y=[measures.index(measure) - 0.13 + 0.26 * place for measure in rows["measure"]],
            mode="markers",
            name=NAMES[str(name)],
            marker={"size": 12, "color": COLOURS[str(name)], "symbol": SIGNS[str(name)]},
            error_x=error_bars(value, rows["low"], rows["high"], COLOURS[str(name)], 2.5),
            customdata=rows[["measure", "low", "high", "n"]].to_numpy(),
            hovertemplate="%{customdata[0]} %{x:.3f}<br>95% interval %{customdata[1]:.3f} to %{customdata[2]:.3f}"
            "<br>of %{customdata[3]} contexts<extra></extra>",
        )
    chart.add_vline(0.5, line={"dash": "dot", "color": QUIET, "width": 1})
    chart.update_layout(template=template(), height=height, legend={"orientation": "h", "y": 1.2, "x": 0})
    chart.update_xaxes(range=[-0.02, 1.02], tickformat=".1f", zeroline=False)
    names = [measure.capitalize() for measure in measures]
    row_axis(chart, names, below=0.5, above=0.5, tickfont={"size": 14}, showgrid=False)
    return chart

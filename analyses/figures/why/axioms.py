"""Agreement with axioms drawn: a dot a system, beside chance."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from analyses.figures.style.lines import row_axis
from analyses.figures.style.theme import QUIET, figure
from analyses.figures.why.dots import system_dots
from analyses.why.reading.axiom_rules import AXIOMS
from retrieval.systems import system_title


def axioms_figure(summary: pd.DataFrame, height: int = 440) -> go.Figure:
    """The share of pairs that each system orders as the axiom prefers, with its 95% interval; .5 by chance.

    summary: `analyses.why.axioms.Axioms.summary`.
    """
    chart = figure(height)
    names = [name for name in AXIOMS if name in set(summary["axiom"])]
    hover = [
        f"<b>{system_title(row['system'])}</b><br>{AXIOMS[row['axiom']].says}<br>{row['agree']:,} of "
        f"{row['pairs']:,} pairs, {row['low']:.0%} to {row['high']:.0%}"
        for row in summary.to_dict("records")
    ]
    system_dots(chart, summary, "axiom", names, "share", ("low", "high"), hover)
    chart.add_vline(x=0.5, line={"color": QUIET, "width": 1, "dash": "dot"})
    chart.update_xaxes(title="pairs ordered as the axiom prefers", tickformat=".0%", nticks=8, zeroline=False)
    row_axis(chart, [f"{AXIOMS[name].title}, {name}" for name in names])
    chart.update_layout(hovermode="closest")
    return chart

"""Minimal pairs drawn: how often, and by how much, each system's score moves as expected."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.figures.style.lines import row_axis
from analyses.figures.style.theme import QUIET, template
from analyses.figures.why.dots import system_dots
from analyses.why.reading.edits import KINDS
from retrieval.systems import system_title


def pairs_figure(summary: pd.DataFrame, height: int = 460) -> go.Figure:
    """Left, the share of documents that move as expected, .5 by chance; right, the mean effect beyond the control.

    summary: `analyses.why.pairs.Pairs.summary`. A row per kind; a system whose scores all tie has no share.
    """
    chart = make_subplots(cols=2, shared_yaxes=True, horizontal_spacing=0.04)
    chart.update_layout(template=template(), height=height, hovermode="closest")
    kinds = [kind for kind in KINDS if kind in set(summary["kind"])]
    hover = [
        f"<b>{system_title(row['system'])}</b><br>{KINDS[row['kind']].done}<br>as expected {row['as_expected']:,}, "
        f"against {row['against']:,}, tied {row['tied']:,}<br>effect {row['effect']:+.2%} "
        f"({row['low']:+.2%} to {row['high']:+.2%})"
        for row in summary.to_dict("records")
    ]
    shares = ("share_low", "share_high")
    system_dots(chart, summary, "kind", kinds, "share", shares, hover, {"row": 1, "col": 1})
    effects = ("low", "high")
    system_dots(chart, summary, "kind", kinds, "effect", effects, hover, {"row": 1, "col": 2}, legend=False)
    chart.add_vline(x=0.5, line={"color": QUIET, "width": 1, "dash": "dot"}, row=1, col=1)
    chart.update_xaxes(
        title="documents that move as expected", range=[-0.03, 1.03], tickformat=".0%", zeroline=False, col=1
    )
    chart.update_xaxes(title="effect beyond the control", tickformat="+.0%", nticks=6, zeroline=True, col=2)
    row_axis(chart, [KINDS[kind].title for kind in kinds])
    return chart

"""How a training goes, drawn: small multiples over the tokens seen, one line per run."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.figures.style.theme import FOR, plain, template, translucent

PANELS = {
    "fvu": ("Variance unexplained", ".3f"),
    "l0": ("Latents per token (L0)", ".1f"),
    "dead_latents": ("Dead latents", ",.0f"),
    "learning_rate": ("Learning rate", ".2~e"),
    "tokens_per_second": ("Tokens per second", ",.0f"),
}


def training_figure(log: pd.DataFrame, height: int = 230) -> go.Figure:
    """Curves of `analyses.saes.training_log.training_log`; runs after the first, other seeds of it, are paler."""
    chart = make_subplots(
        cols=len(PANELS), horizontal_spacing=0.045, subplot_titles=[title for title, _ in PANELS.values()]
    )
    chart.update_layout(template=template(), height=height, showlegend=False, margin={"t": 34})
    runs = list(dict.fromkeys(log["run"]))
    total = float((log["tokens"] * log["n_steps"] / log["step"]).max()) if len(log) else 1.0
    for place, run in reversed(list(enumerate(runs))):
        part = log[log["run"] == run]
        for column, (name, (title, digits)) in enumerate(PANELS.items(), start=1):
            chart.add_scatter(
                row=1,
                col=column,
                x=part["tokens"],
                y=part[name],
                name=plain(run),
                mode="lines" if len(part) > 1 else "markers",
                line={
                    "color": translucent(FOR, 1 if place == 0 else 0.45),
                    "width": 2 if place == 0 else 1.3,
                },
                hovertemplate=f"{title} %{{y:{digits}}}<br>after %{{x:.3s}} tokens<extra>{plain(run)}</extra>",
            )
    chart.update_xaxes(range=[0, total], nticks=4, tickformat="~s", showgrid=False, rangemode="tozero")
    chart.update_yaxes(rangemode="tozero", nticks=5, tickformat="~s")
    chart.update_yaxes(range=[0, _fvu_ceiling(log)], tickformat=".1f", row=1, col=1)
    chart.update_yaxes(
        range=[0, max(10, 1.1 * log["dead_latents"].max())] if len(log) else None, row=1, col=3
    )
    chart.update_yaxes(tickformat="~g", nticks=3, row=1, col=4)
    chart.update_annotations(font={"size": 13}, xanchor="left", yshift=6)
    for annotation, column in zip(chart.layout.annotations, range(1, len(PANELS) + 1), strict=True):
        annotation.x = chart.get_subplot(1, column).xaxis.domain[0]
    return chart


def _fvu_ceiling(log: pd.DataFrame) -> float:
    """An upper limit without the first steps, whose FVU is far above all that follow."""
    later = log["fvu"][log["step"] > 0.02 * log["n_steps"]]
    return 1.1 * float(later.max()) if len(later) else 1.0

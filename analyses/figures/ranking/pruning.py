"""nDCG@10 without the most, or the least, frequent latents, drawn."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from analyses.figures.style.lines import banded_line
from analyses.figures.style.theme import QUIET, figure
from retrieval.systems import LATENT

TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)
CONTROL = "Other latents with as many postings, drawn at random"
WITHOUT = {"head": "the most frequent", "tail": "the rarest"}


def pruning_figure(
    curve: pd.DataFrame, part: str, where: str, chosen: float | None = None, height: int = 340
) -> go.Figure:
    """Change of nDCG@10 over the share of pruned latents, beside its control; a rule at `chosen`.

    curve: as `analyses.interventions.pruning_effect.pruning_curve` gives it.
    """
    rows = curve[(curve["part"] == part) & (curve["where"] == where)].sort_values("share")
    chart = figure(height)
    chart.add_hline(y=0, line={"color": QUIET, "width": 1})
    if chosen:
        chart.add_vline(x=chosen, line={"color": QUIET, "width": 1.5, "dash": "dot"})
    hover = (
        "%{x:.2%} of the latents<br>nDCG@10 %{y:+.4f}"
        "<br>95% interval %{customdata[0]:+.4f} to %{customdata[1]:+.4f}"
    )
    for name, colour, dash, columns in (
        (CONTROL, QUIET, "dot", ("control", "control_low", "control_high")),
        (f"Without {WITHOUT[part]}", LATENT.colour, "solid", ("change", "low", "high")),
    ):
        value, low, high = (rows[column] for column in columns)
        banded_line(
            chart,
            rows["share"],
            value,
            low,
            high,
            name,
            colour,
            hover,
            rows[list(columns[1:])].to_numpy(),
            mode="lines+markers",
            dash=dash,
        )
    chart.update_xaxes(
        type="log",
        title="share of the occurring latents that are pruned (log scale)",
        tickvals=TICKS,
        ticktext=[f"{tick:.1%}" if tick < 0.01 else f"{tick:.0%}" for tick in TICKS],
        showgrid=False,
    )
    chart.update_yaxes(title="change of nDCG@10", tickformat="+.2f", nticks=6, zeroline=False)
    return chart

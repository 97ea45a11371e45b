"""SAEs side by side, drawn: what recurs, how similar partners are, and how alike the rankings are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.figures.latents.types import TYPE_COLOURS
from analyses.figures.style.lines import error_bars
from analyses.figures.style.theme import INK, QUIET, plain, template

MATCHINGS = {"decoder": "decoder direction", "activation": "activation over documents"}
COLOURS = {"decoder": "#0072B2", "activation": "#009E73"}
AXES = {"document_frequency": "documents with the latent", "type": "type of latent", "all": ""}
MEASURES = {
    "overlap@10": "overlap of the first 10",
    "rbo": "rank-biased overlap",
    "kendall_tau": "Kendall's tau",
}
CHANCE = "#D55E00"
GRID = np.linspace(0, 1, 201)


def recurrence_figure(
    recurrence: pd.DataFrame, group: str = "document_frequency", height: int = 340
) -> go.Figure:
    """Share of latents that recur, one bar per band or type and one panel per matching; a line marks the control's.

    recurrence: as `recurrence` gives it. Of one pair of SAEs the whisker is the 95% interval; of several the bar is
    the mean over pairs, and the whisker reaches from the lowest to the highest pair.
    """
    table = recurrence[recurrence["group"] == group]
    matchings = [by for by in MATCHINGS if by in set(table["by"])]
    chart = _panels([f"by {MATCHINGS[by]}" for by in matchings], height)
    for column, by in enumerate(matchings, start=1):
        rows = table[table["by"] == by].groupby("value", sort=False)
        several = rows.size().max() > 1
        share, low, high, chance = (
            rows[name].agg(how)
            for name, how in (
                ("share", "mean"),
                ("share" if several else "low", "min"),
                ("share" if several else "high", "max"),
                ("chance", "mean"),
            )
        )
        values = [str(value) for value in share.index]
        chart.add_bar(
            row=1,
            col=column,
            x=values,
            y=share,
            marker={"color": [_colour(by, group, str(value)) for value in share.index], "cornerradius": 3},
            error_y=error_bars(share, low, high, INK, 1.5, width=5),
            customdata=np.stack([low, high, chance, rows["n_latents"].sum()], axis=1),
            hovertemplate="<b>%{x}</b><br>%{y:.1%} recur (%{customdata[0]:.1%} to %{customdata[1]:.1%})"
            "<br>by chance %{customdata[2]:.1%}<br>%{customdata[3]:,} latents<extra></extra>",
            showlegend=False,
        )
        chart.add_scatter(
            row=1,
            col=column,
            x=values,
            y=chance,
            mode="markers",
            name="control: by chance",
            marker={"symbol": "line-ew", "size": 34, "line": {"width": 3, "color": CHANCE}},
            hoverinfo="skip",
            showlegend=column == 1,
        )
    chart.update_yaxes(tickformat=".0%", rangemode="tozero", range=[0, 1])
    chart.update_yaxes(title="latents that recur", col=1)
    chart.update_xaxes(title=AXES.get(group, group), showgrid=False, type="category")
    return chart


def similarity_figure(
    latents: pd.DataFrame, thresholds: Mapping[str, float] | None = None, height: int = 320
) -> go.Figure:
    """Share of latents whose partner is at least so similar, against the control's partners, one panel per
    matching.

    So the curve's height is what recurs at any threshold. latents: columns by, similarity, chance. thresholds: the
    least similarity that recurs, by matching, drawn as a line.
    """
    matchings = [by for by in MATCHINGS if by in set(latents["by"])]
    chart = _panels([f"by {MATCHINGS[by]}" for by in matchings], height)
    for column, by in enumerate(matchings, start=1):
        part = latents[latents["by"] == by]
        for name, label, line in (
            ("similarity", "partner", {"color": COLOURS[by], "width": 3}),
            ("chance", "control: by chance", {"color": CHANCE, "width": 2, "dash": "dot"}),
        ):
            values = np.sort(part[name].dropna())
            chart.add_scatter(
                row=1,
                col=column,
                x=GRID,
                y=(len(values) - np.searchsorted(values, GRID)) / max(len(part), 1),
                mode="lines",
                line=line,
                name=label,
                showlegend=name == "chance" and column == 1,
                hovertemplate=f"{label} of %{{x:.2f}} or more<br>%{{y:.1%}} of latents<extra></extra>",
            )
        if thresholds:
            chart.add_vline(
                thresholds[by], line={"color": INK, "width": 1, "dash": "dash"}, row=1, col=column
            )
    chart.update_xaxes(title="similarity of partners, at least", range=[0, 1], showgrid=False)
    chart.update_yaxes(tickformat=".0%", range=[0, 1.02])
    chart.update_yaxes(title="latents", col=1)
    return chart


def ranking_agreement_figure(means: pd.DataFrame, height: int | None = None) -> go.Figure:
    """Agreement of two SAEs' rankings, one row per pair and one panel per measure, with 95% intervals over queries.

    means: columns a, b, measure, mean, low, high, n_queries.
    """
    pairs = list(dict.fromkeys(zip(means["a"], means["b"], strict=True)))
    measures = [measure for measure in MEASURES if measure in set(means["measure"])]
    chart = _panels([MEASURES[measure] for measure in measures], height or 110 + 52 * len(pairs))
    for column, measure in enumerate(measures, start=1):
        part = means[means["measure"] == measure].set_index(["a", "b"]).loc[pairs]
        chart.add_scatter(
            row=1,
            col=column,
            x=part["mean"],
            y=[f"{plain(a)}<br>{plain(b)}" for a, b in pairs],
            mode="markers+text",
            text=[f"<b>{mean:.2f}</b>" for mean in part["mean"]],
            textposition="top center",
            marker={"size": 12, "color": "#0072B2"},
            error_x=error_bars(part["mean"], part["low"], part["high"], "#0072B2"),
            customdata=part[["low", "high", "n_queries"]],
            hovertemplate="<b>%{x:.3f}</b><br>95% interval %{customdata[0]:.3f} to %{customdata[1]:.3f}"
            "<br>%{customdata[2]:,} queries<extra></extra>",
            showlegend=False,
        )
    chart.update_xaxes(tickformat=".1f", range=[0, 1.05])
    chart.update_yaxes(range=[len(pairs) - 0.4, -0.7], tickfont={"size": 13})
    return chart


def _panels(titles: list[str], height: int) -> go.Figure:
    """Panels side by side with one y axis, each under its title."""
    chart = make_subplots(
        cols=max(len(titles), 1), shared_yaxes=True, horizontal_spacing=0.05, subplot_titles=titles or None
    )
    chart.update_layout(template=template(), height=height, margin={"t": 56}, legend={"y": 1.12})
    chart.update_annotations(font={"size": 14})
    return chart


def _colour(by: str, group: str, value: str) -> str:
    return TYPE_COLOURS.get(value, QUIET) if group == "type" else COLOURS[by]

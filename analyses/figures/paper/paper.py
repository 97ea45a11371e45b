"""The figures of a paper's measurements: points with intervals, curves over what was varied, a map of k1 and b.

Tables come from analyses.comparison.paper_tables. Systems differ by colour, dash and marker, so that they do in
grey print too; bands and whiskers are 95% intervals over queries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analyses.figures.style.lines import error_bars, row_axis
from analyses.figures.style.theme import INK, QUIET, figure, plain, translucent
from retrieval.systems import COSINE, LATENT, LATENT_LUCENE_IDF, LEXICAL, MAXSIM, system_colour, system_title

DASHES = {
    LATENT.name: "solid",
    LATENT_LUCENE_IDF.name: "dash",
    COSINE.name: "dot",
    MAXSIM.name: "longdash",
    LEXICAL.name: "dashdot",
    "control_clipped": "solid",
    "control_lucene": "dash",
}
MARKERS = {
    LATENT.name: "circle",
    LATENT_LUCENE_IDF.name: "circle-open",
    COSINE.name: "diamond",
    MAXSIM.name: "star-diamond",
    LEXICAL.name: "square",
    "control_clipped": "x",
    "control_lucene": "x-open",
}
CONTROL = "x-thin-open"


def systems_figure(table: pd.DataFrame, measure: str, height: int = 420) -> go.Figure:
    """Systems from above down, one panel per collection: means with intervals; controls are crosses.

    table: `analyses.comparison.paper_tables.retrieval_table` with a column name, what each row is called.
    """
    collections = list(dict.fromkeys(table["collection"]))
    names = list(dict.fromkeys(table["name"]))
    chart = figure(height)
    width = 1 / len(collections)
    for panel, collection in enumerate(collections):
        axis = "x" if panel == 0 else f"x{panel + 1}"
        for row in table[table["collection"] == collection].to_dict("records"):
            colour = QUIET if row["control"] else system_colour(row["system"])
            chart.add_scatter(
                x=[row["mean"]],
                y=[names.index(row["name"])],
                xaxis=axis,
                mode="markers",
                showlegend=False,
                marker={
                    "color": colour,
                    "size": 8,
                    "line": {"color": colour, "width": 1.5},
                    "symbol": CONTROL if row["control"] else MARKERS.get(row["system"], "circle"),
                },
                error_x=error_bars(row["mean"], row["low"], row["high"], colour, 1.5),
                hovertemplate=f"<b>{plain(row['name'])}</b><br>{plain(collection)}: {row['mean']:.3f} "
                f"({row['low']:.3f} to {row['high']:.3f})<extra></extra>",
            )
        chart.update_layout(
            {
                axis.replace("x", "xaxis"): {
                    "domain": [panel * width + 0.02, (panel + 1) * width - 0.02],
                    "title": {"text": f"{plain(collection)}, {measure}"},
                    "tickformat": ".2f",
                    "nticks": 5,
                    "anchor": "y",
                }
            }
        )
    row_axis(chart, [plain(name) for name in names], below=0.5, above=0.5)
    return chart


def curves_figure(
    table: pd.DataFrame,
    x: str,
    x_title: str,
    y_title: str,
    by: str = "system",
    names: Mapping[str, str] | None = None,
    levels: pd.DataFrame | None = None,
    log: bool = False,
    joined: bool = True,
    height: int = 320,
) -> go.Figure:
    """A curve with its band for each value of `by` over the column `x`; columns mean, low, high.

    joined: whether what lies between two values has a meaning; else points with whiskers. Text on the x axis keeps
    its order. levels: rows of (by, mean, low, high), which do not depend on x, as lines.
    """
    chart = figure(height)
    numeric = pd.api.types.is_numeric_dtype(table[x])
    places = list(dict.fromkeys(table[x]))
    if levels is not None:
        for row in levels.to_dict("records"):
            system, across = str(row[by]), places if not numeric else [min(places), max(places)]
            _band(chart, across, [row] * len(across), system)
            chart.add_scatter(
                x=across,
                y=[row["mean"]] * len(across),
                mode="lines",
                name=plain(_name(system, names)),
                line={"color": system_colour(system), "width": 1.5, "dash": DASHES.get(system, "dot")},
                hovertemplate=f"<b>{plain(_name(system, names))}</b> %{{y:.3f}}<extra></extra>",
            )
    for value, part in table.groupby(by, sort=False):
        key = str(value)
        ordered = part.sort_values(x) if numeric else part
        whiskers = None if joined else _whiskers(ordered, system_colour(key))
        if joined:
            _band(chart, ordered[x].tolist(), ordered.to_dict("records"), key)
        chart.add_scatter(
            x=ordered[x].tolist(),
            y=ordered["mean"],
            name=plain(_name(key, names)),
            error_y=whiskers,
            mode="lines+markers" if joined else "markers",
            line={"color": system_colour(key), "width": 2, "dash": DASHES.get(key, "solid")},
            marker={"symbol": MARKERS.get(key, "x"), "size": 7},
            hovertemplate=f"<b>{plain(_name(key, names))}</b><br>{x} %{{x}}: %{{y:.3f}}<extra></extra>",
        )
    chart.update_yaxes(title=y_title, tickformat=".2f")
    chart.update_xaxes(title=x_title, zeroline=False)
    if log:
        ticks = [float(place) for place in places]
        chart.update_xaxes(type="log", tickvals=ticks, ticktext=[f"{tick:,.0f}" for tick in ticks])
    elif not numeric:
        chart.update_xaxes(type="category")
    return chart


def heat_figure(table: pd.DataFrame, mark: tuple[float, float], measure: str, height: int = 340) -> go.Figure:
    """The mean over the grid of k1 and b (columns k1, b, mean), lighter is better; `mark` is ringed."""
    grid = table.pivot(index="b", columns="k1", values="mean")
    columns, rows = [f"{k1:g}" for k1 in grid.columns], [f"{b:g}" for b in grid.index]
    chart = figure(height)
    chart.add_heatmap(
        x=columns,
        y=rows,
        z=grid.to_numpy(),
        coloraxis="coloraxis",
        texttemplate="%{z:.3f}",
        hovertemplate="k1 %{x}, b %{y}: %{z:.4f}<extra></extra>",
    )
    if f"{mark[0]:g}" in columns and f"{mark[1]:g}" in rows:
        x, y = columns.index(f"{mark[0]:g}"), rows.index(f"{mark[1]:g}")
        chart.add_shape(
            type="rect", x0=x - 0.5, x1=x + 0.5, y0=y - 0.5, y1=y + 0.5, line={"color": INK, "width": 2}
        )
    chart.update_layout(coloraxis={"colorscale": "Cividis", "colorbar": {"title": {"text": measure}}})
    chart.update_xaxes(title="k1", type="category", showgrid=False)
    chart.update_yaxes(title="b", type="category", showgrid=False)
    return chart


def differences_figure(
    table: pd.DataFrame, label: str, title: str, colours: Sequence[str] | None = None, height: int = 300
) -> go.Figure:
    """Differences with their intervals, a row each, beside zero; columns `label`, difference, low, high.

    Where there are seed_low and seed_high, a thinner line gives the range of single seeds.
    """
    chart = figure(height)
    rows = table.to_dict("records")
    for place, row in enumerate(rows):
        colour = colours[place] if colours else LATENT.colour
        if row.get("n_seeds", 1) > 1:
            chart.add_scatter(
                x=[row["seed_low"], row["seed_high"]],
                y=[place + 0.22] * 2,
                mode="lines",
                showlegend=False,
                line={"color": QUIET, "width": 1},
                hoverinfo="skip",
            )
        chart.add_scatter(
            x=[row["difference"]],
            y=[place],
            mode="markers",
            marker={"color": colour, "size": 8},
            showlegend=False,
            error_x=error_bars(row["difference"], row["low"], row["high"], colour, 1.5),
            hovertemplate=f"<b>{plain(row[label])}</b><br>{row['difference']:+.4f} "
            f"({row['low']:+.4f} to {row['high']:+.4f})<extra></extra>",
        )
    row_axis(chart, [plain(row[label]) for row in rows])
    chart.update_xaxes(title=title, zeroline=True, tickformat="+.3f")
    return chart


def _band(chart: go.Figure, across: Sequence[Any], rows: Sequence[Mapping[Any, Any]], system: str) -> None:
    """The interval as a shade behind a curve."""
    low, high = [row["low"] for row in rows], [row["high"] for row in rows]
    if not np.isfinite(low).all():
        return
    chart.add_scatter(
        x=[*across, *reversed(across)],
        y=[*high, *reversed(low)],
        fill="toself",
        mode="lines",
        showlegend=False,
        line={"width": 0},
        fillcolor=translucent(system_colour(system), 0.14),
        hoverinfo="skip",
    )


def _whiskers(rows: pd.DataFrame, colour: str) -> dict[str, Any]:
    """The interval as a line through each point."""
    return error_bars(rows["mean"], rows["low"], rows["high"], colour, 1.5)


def _name(system: str, names: Mapping[str, str] | None) -> str:
    return (names or {}).get(system) or system_title(system)

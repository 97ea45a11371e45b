"""A map of latents, drawn: one point per latent, in WebGL, so that tens of thousands stay smooth.

Only angles between decoder directions went into a map: its axes have no meaning and are not drawn, and both have
one scale. Colour is by type, by document frequency or by strength in a query; what has none is pale and lies below.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from analyses.figures.latents.types import TYPE_COLOURS, TYPE_NAMES
from analyses.figures.style.names import cut
from analyses.figures.style.theme import figure, plain
from analyses.text.latent_names import latent_name

Colour = Literal["type", "document_frequency", "strength"]
WIDTH, TOP = 720, 52  # pixels: what names are placed for (in a wider map they lie further apart); the legend
CHARACTER, LINE = 6.6, 20  # pixels of a name's letter and line
RAISED = 32  # pixels of the chosen latent's name above it
LONGEST = 28  # characters of that name
TITLES = {"document_frequency": "documents", "strength": "query weight × idf"}
# From what is faint on the ground to what stands out on it: light ground, dark ground.
SCALES = {False: ["#BBD9EC", "#0072B2", "#00263D"], True: ["#1D4B69", "#3A9BD6", "#E3F3FC"]}
PALE = {False: "#DEE0E2", True: "#3C424A"}
GROUND = {False: "#FFFFFF", True: "#1B1F24"}
INK = {False: "#22262B", True: "#E8E8E4"}


def map_figure(
    points: pd.DataFrame,
    colour: Colour,
    regions: pd.DataFrame | None = None,
    chosen: int | None = None,
    neighbours: Sequence[int] = (),
    dark: bool = False,
    height: int = 640,
) -> go.Figure:
    """A map of latents: points, one row per latent: latent, x, y, label, document_frequency, and `type` or
    `strength` if coloured by it.

    regions: region, x, y, words (those whose names would overlap a larger one's go unnamed). chosen is ringed and
    named, and its neighbours are ringed. customdata[0] of each point is its latent; labels are escaped.
    """
    chart = figure(height)
    size = 6.5 if len(points) < 2000 else 4.5 if len(points) < 20_000 else 3.2
    if colour == "type":
        for kind in reversed(TYPE_COLOURS):
            part = points[points["type"] == kind]
            marker = {"color": TYPE_COLOURS[kind], "size": size, "opacity": 0.75}
            chart.add_trace(_points(part, marker, TYPE_NAMES[kind]))
    else:
        pale = {"color": PALE[dark], "size": size * 0.85}
        chart.add_trace(_points(points[~(points[colour] > 0)], pale, showlegend=False))
        above = points[points[colour] > 0].sort_values(colour)  # the strongest are drawn last, on top
        values = above[colour].to_numpy(np.float64)
        chart.add_trace(_points(above, _scaled(values, colour, size, dark), showlegend=False))
    _mark(chart, points, chosen, neighbours, dark)
    low, high = points[["x", "y"]].min().to_numpy(), points[["x", "y"]].max().to_numpy()
    margin = np.maximum(0.03 * (high - low), 1e-6)
    hidden = {"visible": False, "showgrid": False, "zeroline": False}
    chart.update_xaxes(range=[low[0] - margin[0], high[0] + margin[0]], **hidden)
    chart.update_yaxes(range=[low[1] - margin[1], high[1] + margin[1]], scaleanchor="x", **hidden)
    if regions is not None and len(regions):
        scale = float(np.min(np.array([WIDTH, height - TOP]) / (high - low + 2 * margin)))
        _name_regions(chart, points, regions, chosen, scale, dark)
    chart.update_layout(
        dragmode="pan",
        hovermode="closest",
        uirevision="map",
        modebar={"orientation": "v"},  # beside the points, not over the legend
        margin={"t": TOP},
        legend={
            "itemsizing": "constant",
            "traceorder": "reversed",
            "yref": "container",
            "y": 0.995,
            "yanchor": "top",
        },
    )
    return chart


def _name_regions(
    chart: go.Figure,
    points: pd.DataFrame,
    regions: pd.DataFrame,
    chosen: int | None,
    scale: float,
    dark: bool,
) -> None:
    """Write the names of the regions that have room, beside that of the chosen latent; scale: pixels per unit."""
    own = points.loc[points["latent"] == chosen, ["x", "y", "label"]].rename(columns={"label": "words"})
    own["y"] += RAISED / scale  # the chosen latent's name comes first, and no region's over it
    shown = regions[placed(pd.concat([own, regions]), scale)[len(own) :]]
    lettering = {"showarrow": False, "captureevents": False, "font": _lettering(12, dark)}
    names = [
        {"x": row["x"], "y": row["y"], "text": plain(row["words"]), **lettering}
        for row in shown.to_dict("records")
    ]
    # all at once: plotly goes through all annotations for each that is added
    chart.update_layout(annotations=[*chart.layout.annotations, *names])


def placed(regions: pd.DataFrame, scale: float) -> NDArray[np.bool_]:
    """Whether each name has room, bool (n_regions,): in order of the table, those that overlap none before them.

    scale: pixels for a unit of the map.
    """
    taken: list[tuple[float, float, float]] = []
    shown = []
    for x, y, words in zip(regions["x"] * scale, regions["y"] * scale, regions["words"], strict=True):
        half = (CHARACTER * len(words) + 8) / 2
        free = bool(words) and all(abs(x - u) >= half + other or abs(y - v) >= LINE for u, v, other in taken)
        if free:
            taken.append((x, y, half))
        shown.append(free)
    return np.array(shown, dtype=bool)


def _points(part: pd.DataFrame, marker: dict[str, Any], name: str = "", **options: Any) -> go.Scattergl:
    """One trace of latents; numbers are arrays, which plotly sends as bytes."""
    numbers = [column for column in ("latent", "document_frequency", "strength") if column in part]
    hover = ["<b>%{text} #%{customdata[0]}</b>", *([name.lower()] if name else [])]
    hover += ["in %{customdata[1]:,} documents"]
    hover += ["query weight × idf: %{customdata[2]:.3g}"] if "strength" in numbers else []
    return go.Scattergl(
        x=part["x"].to_numpy(np.float32),
        y=part["y"].to_numpy(np.float32),
        mode="markers",
        name=name,
        marker={**marker, "line": {"width": 0}},
        text=[plain(label) or "no label" for label in part["label"]],
        customdata=part[numbers].to_numpy(np.float64),
        hovertemplate="<br>".join(hover) + "<extra></extra>",
        **options,
    )


def _scaled(values: NDArray[np.float64], colour: Colour, size: float, dark: bool) -> dict[str, Any]:
    """Markers on a sequential scale, logarithmic for frequencies; strong ones of a query are larger."""
    logarithmic = colour == "document_frequency"
    marker: dict[str, Any] = {
        "color": np.log10(values) if logarithmic else values,
        "colorscale": SCALES[dark],
        "size": size if logarithmic else size + 7 * values / values.max(initial=1e-12),
        "opacity": 0.85,
        "colorbar": {
            "title": {"text": TITLES[colour], "side": "top", "font": {"size": 13}},
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1.0,
            "yref": "container",
            "yanchor": "top",
            "len": 0.3,
            "thickness": 8,
            "outlinewidth": 0,
        },
    }
    if logarithmic and len(values):
        ticks = np.arange(int(np.log10(values.max())) + 1)
        marker["colorbar"] |= {"tickvals": ticks, "ticktext": [f"{10**tick:,}" for tick in ticks.tolist()]}
    return marker


def _lettering(size: int, dark: bool) -> dict[str, Any]:
    """Ink with a halo of the ground, so that a name is read among points and hides few."""
    halo = ", ".join([f"0 0 {blur}px {GROUND[dark]}" for blur in (2, 3, 4, 4, 5)])
    return {"size": size, "color": INK[dark], "shadow": halo, "weight": 600}


def _mark(
    chart: go.Figure, points: pd.DataFrame, chosen: int | None, neighbours: Sequence[int], dark: bool
) -> None:
    """A ring around the chosen latent, with its name, and thinner ones around its neighbours."""
    rings = [(list(neighbours), 11, 1.5), ([] if chosen is None else [chosen], 17, 2.5)]
    for latents, size, width in rings:
        part = points[points["latent"].isin(latents)]
        if len(part):
            chart.add_trace(
                go.Scattergl(
                    x=part["x"].to_numpy(np.float32),
                    y=part["y"].to_numpy(np.float32),
                    mode="markers",
                    marker={
                        "symbol": "circle-open",
                        "size": size,
                        "color": INK[dark],
                        "line": {"width": width},
                    },
                    showlegend=False,
                    hoverinfo="skip",
                )
            )
    for row in points[points["latent"] == chosen].to_dict("records"):
        chart.add_annotation(
            x=row["x"],
            y=row["y"],
            text=f"<b>{plain(latent_name(row['latent'], cut(row['label'], LONGEST)))}</b>",
            ax=0,
            ay=-RAISED,
            arrowwidth=1,
            arrowhead=0,
            arrowcolor=INK[dark],
            font=_lettering(14, dark),
            captureevents=False,
        )

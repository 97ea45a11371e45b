"""A vocabulary in print: its rank-frequency curves with fitted laws, its growth, and its map.

Lines differ by colour and dash. Points of a map are drawn into a picture, at 500 dots an inch: tens of
thousands of them would make megabytes of vectors; names and legend stay text.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from plotly.subplots import make_subplots

from analyses.figures.latents.map import placed
from analyses.figures.latents.types import TYPE_COLOURS, TYPE_NAMES
from analyses.figures.laws.laws import COLOURS, NAMES
from analyses.figures.style.lines import log_axis
from analyses.figures.style.print_style import PIXELS_PER_MM, WIDTHS, Width
from analyses.figures.style.theme import INK, QUIET, figure, plain, template
from analyses.latents.types import TYPES
from analyses.laws.growth import Heaps
from analyses.laws.law_sentences import NAMES as LAW_NAMES
from analyses.vocabularies.term_counts import SYSTEMS
from retrieval.systems import LATENT_LUCENE_IDF
from retrieval.vocabularies import LEARNED_SPARSE, RANDOM_DIRECTIONS, RANDOM_ENCODER, SAMPLE, WORDPIECES

SHORT_NAMES = {SAMPLE.name: "Latents, sample"}
SYSTEM_DASHES = {
    WORDPIECES.name: "dot",
    SAMPLE.name: "solid",
    RANDOM_DIRECTIONS.name: "dashdot",
    RANDOM_ENCODER.name: "dash",
    LEARNED_SPARSE.name: "longdash",
}
LAW_LINES = {
    "power_law": (INK, "solid", 1.8),
    "truncated_power_law": ("#D55E00", "solid", 1.3),
    "lognormal": (INK, "dash", 1.2),
    "stretched_exponential": ("#D55E00", "dot", 1.6),
    "zipf": (QUIET, "dashdot", 1.2),
    "zipf_mandelbrot": ("#009E73", "longdash", 1.2),
    "least_squares": ("#A3A9B0", "solid", 1.0),
}
NO_TYPE = "none"
KINDS = {kind: (TYPE_NAMES[kind], TYPE_COLOURS[kind]) for kind in TYPES} | {NO_TYPE: ("No type", "#C9CDD2")}
DOTS_PER_MM = 500 / 25.4
INKED = 0.3  # share of the map that its points would cover if none lay on another
GROUND = "#FFFFFF"
N_NAMES = 12  # of regions, the largest
CHARACTER = 5.6  # pixels of a letter of a name


def laws_panels(ranks: pd.DataFrame, lines: pd.DataFrame, texts: str = "documents") -> go.Figure:
    """Left, every vocabulary by rank; right, the latents under the laws fitted to them; log-log.

    ranks: `laws.Laws.ranks`; lines: `law_sentences.law_line`s of the latents, of any laws.
    """
    chart = make_subplots(cols=2, shared_yaxes=True, horizontal_spacing=0.03)
    chart.update_layout(template=template())
    for system, part in ranks.groupby("system", sort=False):
        name, colour = str(system), COLOURS.get(str(system), QUIET)
        dash, width = SYSTEM_DASHES.get(name, "solid"), 2.2 if name == "latents" else 1.3
        chart.add_scatter(
            x=part["rank"],
            y=part["share"],
            mode="lines",
            row=1,
            col=1,
            name=SHORT_NAMES.get(name, plain(NAMES.get(name, name))),
            line={"color": colour, "dash": dash, "width": width},
        )
    latents = ranks[ranks["system"] == "latents"]
    chart.add_scatter(
        x=latents["rank"],
        y=latents["share"],
        mode="markers",
        name="Latents",
        legend="legend2",
        row=1,
        col=2,
        marker={"color": LATENT_LUCENE_IDF.colour, "size": 4.5},
    )
    for law, part in lines.groupby("law", sort=False):
        colour, dash, width = LAW_LINES[str(law)]
        chart.add_scatter(
            x=part["rank"],
            y=part["share"],
            mode="lines",
            name=LAW_NAMES[str(law)],
            legend="legend2",
            row=1,
            col=2,
            line={"color": colour, "dash": dash, "width": width},
        )
    chart.update_xaxes(_short_axis("rank", ranks["rank"].tolist()), showgrid=False)
    chart.update_yaxes(type="log", tickformat="~%", dtick=1)
    if len(ranks):
        low, high = np.log10(ranks["share"].min()), np.log10(ranks["share"].max())
        chart.update_yaxes(range=[low - 0.2, high + 0.2])
    chart.update_yaxes(title=f"share of the {texts} with the term", col=1)
    inside = {"x": 0.54, "y": 0.02, "xanchor": "left", "yanchor": "bottom", "bgcolor": GROUND}
    chart.update_layout(legend2=inside)  # below the curves, which fall from the upper left
    return chart


def growth_print(curve: pd.DataFrame, heaps: Sequence[Heaps]) -> go.Figure:
    """Distinct terms over tokens read, log-log: exact means over all orders; dotted, the laws of SYSTEMS."""
    chart = figure(320)
    for one in heaps:
        rows, colour = curve[curve["system"] == one.system], COLOURS.get(one.system, QUIET)
        chart.add_scatter(
            x=rows["tokens"],
            y=rows["expected"],
            mode="lines",
            name=SHORT_NAMES.get(one.system, plain(NAMES.get(one.system, one.system))),
            line={
                "color": colour,
                "dash": SYSTEM_DASHES.get(one.system, "solid"),
                "width": 2.2 if one.system == "latents" else 1.4,
            },
        )
        if one.system in SYSTEMS:
            chart.add_scatter(
                x=rows["tokens"],
                y=one.constant * np.power(rows["tokens"], one.exponent),
                mode="lines",
                showlegend=False,
                line={"color": colour, "width": 0.9, "dash": "dot"},
            )
        if one.capacity and one.system == "latents":
            chart.add_hline(y=one.capacity, line={"color": QUIET, "width": 0.7})
            chart.add_annotation(
                x=0,
                xref="x domain",
                xanchor="left",
                y=np.log10(one.capacity),
                yanchor="bottom",
                showarrow=False,
                text=f"all {one.capacity:,} latents",
                bgcolor=GROUND,
                borderpad=0,
                yshift=2,
            )
    chart.update_xaxes(_short_axis("tokens", curve["tokens"].tolist()), showgrid=False)
    chart.update_yaxes(_short_axis("distinct terms", curve["expected"].tolist()))
    return chart


def _short_axis(title: str, values: Sequence[float]) -> dict[str, Any]:
    """A log axis from the least to the most value, its ticks as 1k and 1M, which have room at its end."""
    axis = log_axis(title, values)
    positive = [value for value in values if value > 0]
    if positive:
        axis["range"] = [np.log10(min(positive) / 1.15), np.log10(max(positive) * 1.3)]
        axis["ticktext"] = [
            f"{tick / 1e6:g}M" if tick >= 1e6 else f"{tick / 1e3:g}k" if tick >= 1e3 else f"{tick:g}"
            for tick in axis["tickvals"]
        ]
    return axis


def map_print(
    points: pd.DataFrame, regions: pd.DataFrame, width: Width, ratio: float, seed: int = 0
) -> go.Figure:
    """A map coloured by type, and the names of the regions that have room.

    points: one row per latent: x, y, type. regions: x, y, words, the largest first. Points are laid down in
    an order drawn by `seed`, so that no type lies on top of the others; those without a type lie below.
    """
    chart = figure(320)
    low, high = (points[["x", "y"]].agg(edge).to_numpy(np.float64) for edge in ("min", "max"))
    margin = np.maximum(0.02 * (high - low), 1e-6)
    low, high = low - margin, high + margin
    side = WIDTHS[width]
    n_dots = np.array([side, side * ratio]) * DOTS_PER_MM
    scale = float(np.min(n_dots / (high - low)))
    chart.add_layout_image(
        source=_picture(points, low, (high - low) * scale, scale, seed),
        xref="x",
        yref="y",
        sizing="stretch",
        x=low[0],
        y=high[1],
        sizex=high[0] - low[0],
        sizey=high[1] - low[1],
        layer="below",
    )
    counted = points["type"].where(points["type"].isin(TYPES), NO_TYPE).value_counts()
    for kind, (name, colour) in KINDS.items():
        if kind in counted:
            chart.add_scatter(
                x=[None],
                y=[None],
                mode="markers",
                name=f"{name} ({counted[kind]:,})",
                marker={"color": colour, "size": 7},
            )
    hidden = {"visible": False, "showgrid": False, "zeroline": False}
    chart.update_xaxes(range=[low[0], high[0]], constrain="domain", **hidden)
    chart.update_yaxes(range=[low[1], high[1]], scaleanchor="x", constrain="domain", **hidden)
    per_unit = scale / DOTS_PER_MM * PIXELS_PER_MM
    for row in _with_room(regions, per_unit, low, high).head(N_NAMES).to_dict("records"):
        chart.add_annotation(
            x=row["x"],
            y=row["y"],
            text=plain(row["words"]),
            showarrow=False,
            bgcolor="rgba(255,255,255,0.7)",
            borderpad=0,
        )
    return chart


def _with_room(
    regions: pd.DataFrame, per_unit: float, low: NDArray[np.float64], high: NDArray[np.float64]
) -> pd.DataFrame:
    """The regions whose names overlap no larger one's and stay within the map; per_unit: pixels for a unit."""
    half = CHARACTER * regions["words"].str.len() / 2 / per_unit
    inside = regions[(regions["x"] - half >= low[0]) & (regions["x"] + half <= high[0])].reset_index(
        drop=True
    )
    shown: pd.DataFrame = inside[placed(inside, per_unit)]
    return shown


def _picture(
    points: pd.DataFrame, low: NDArray[np.float64], size: NDArray[np.float64], scale: float, seed: int
) -> str:
    """The points as a PNG, a data URI; drawn at twice its size (width, height in dots), for smooth edges."""
    twice = [int(2 * np.ceil(side)) for side in size]
    picture = Image.new("RGB", (twice[0], twice[1]), GROUND)
    pen = ImageDraw.Draw(picture)
    radius = np.clip(np.sqrt(INKED * twice[0] * twice[1] / (np.pi * max(len(points), 1))), 5.0, 26.0)
    order = np.random.default_rng(seed).permutation(len(points))
    typed = points["type"].isin(TYPES).to_numpy()[order]
    x = (points["x"].to_numpy(np.float64) - low[0]) * scale * 2
    y = twice[1] - (points["y"].to_numpy(np.float64) - low[1]) * scale * 2
    colours = [KINDS.get(kind, KINDS[NO_TYPE])[1] for kind in points["type"]]
    for place in [*order[~typed].tolist(), *order[typed].tolist()]:
        box = (x[place] - radius, y[place] - radius, x[place] + radius, y[place] + radius)
        pen.ellipse(box, fill=colours[place], outline=GROUND, width=2)
    small = picture.resize((twice[0] // 2, twice[1] // 2), Image.Resampling.BOX)
    content = BytesIO()
    small.quantize(64, dither=Image.Dither.NONE).save(content, "png", optimize=True)
    return f"data:image/png;base64,{b64encode(content.getvalue()).decode()}"

"""A dot with its interval for each row and system: the picture that the probes of why have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from analyses.figures.style.lines import error_bars
from retrieval.systems import (
    COSINE,
    LATENT,
    LATENT_LUCENE_IDF,
    LEXICAL,
    MAXSIM,
    SYSTEMS,
    system_colour,
    system_title,
)

# Shapes tell systems apart in grey print; the controls are open.
SYMBOLS: Mapping[str, str] = {
    LATENT.name: "circle",
    LATENT_LUCENE_IDF.name: "circle-open",
    COSINE.name: "diamond",
    MAXSIM.name: "triangle-up",
    LEXICAL.name: "square",
}
SPREAD = 0.6  # of a row's height that its systems share


def system_dots(
    chart: go.Figure,
    table: pd.DataFrame,
    row: str,
    rows: Sequence[str],
    value: str,
    bounds: tuple[str, str],
    hover: Sequence[str],
    cell: dict[str, int] | None = None,
    legend: bool = True,
) -> None:
    """Add a dot for each row of `table`, which has the columns `row` and system, value and bounds.

    rows: names of the rows from the top. hover: HTML for each row of the table. What has no value has no dot.
    """
    systems = list(dict.fromkeys(table["system"]))
    for place, system in enumerate(systems):
        chosen = (table["system"] == system) & table[value].notna()
        part = table[chosen]
        shift = SPREAD * (place / max(len(systems) - 1, 1) - 0.5)
        colour = system_colour(system)
        chart.add_scatter(
            x=part[value],
            y=[rows.index(name) + shift for name in part[row]],
            mode="markers",
            name=system_title(system),
            legendgroup=system,
            showlegend=legend,
            marker=marker_of(system),
            error_x=error_bars(part[value], part[bounds[0]], part[bounds[1]], colour, 1.6),
            text=[line for line, kept in zip(hover, chosen, strict=True) if kept],
            hovertemplate="%{text}<extra></extra>",
            **(cell or {}),
        )


def marker_of(system: str) -> dict[str, Any]:
    """A system's dot; a cross for one that is neither in the list nor a run."""
    colour = system_colour(system)
    symbol = SYMBOLS.get(system, "star" if system in SYSTEMS else "x-thin-open")
    return {"symbol": symbol, "size": 9, "color": colour, "line": {"color": colour, "width": 1.4}}

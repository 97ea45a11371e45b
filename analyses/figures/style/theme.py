"""One look for every figure: a colour a system, one hue for activation, a diverging pair for credit.

Systems and vocabularies bring their colours with them (retrieval/systems, retrieval/vocabularies): Okabe and
Ito's colour-blind-safe set (Okabe & Ito 2008, "Color Universal Design"), with tints and a dark grey beside it. A
test holds that any two systems differ in lightness too, and a fusion from what it fuses, for print in grey.
"""

from __future__ import annotations

from html import escape
from typing import Any

import plotly.graph_objects as go

from data.visible import undirected
from retrieval.systems import SYSTEMS
from retrieval.vocabularies import VOCABULARIES

SYSTEM_COLOURS = {name: one.colour for name, one in SYSTEMS.items()}
TERM_COLOURS = {name: kind.colour for name, kind in VOCABULARIES.items()}
ACTIVATION = "#009E73"
FOR, AGAINST = "#0072B2", "#D55E00"
INK, QUIET, RULE = "#22262B", "#6B737D", "#E7E8E6"
FONT = '"Source Sans", "Source Sans Pro", "Helvetica Neue", Arial, sans-serif'


def plain(text: object) -> str:
    """Text from a collection, safe where plotly reads its small HTML (labels, hover)."""
    return escape(undirected(str(text)), quote=False)


def translucent(colour: str, opacity: float) -> str:
    """`#RRGGBB` at an opacity in [0, 1], as rgba."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:.3f})"


def template(dark: bool = False) -> go.layout.Template:
    """Transparent ground, hairline grid, no frame; ink follows the page's ground."""
    ink, quiet, rule = ("#E8E8E4", "#A4ABB3", "#363B42") if dark else (INK, QUIET, RULE)
    axis: dict[str, Any] = {
        "gridcolor": rule,
        "linecolor": rule,
        "zerolinecolor": quiet,
        "zerolinewidth": 1,
        "ticks": "",
        "automargin": True,
        "tickfont": {"color": quiet, "size": 13},
        "title": {"font": {"color": quiet, "size": 13}, "standoff": 10},
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 14, "color": ink},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": list(SYSTEM_COLOURS.values()),
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "xaxis": axis,
            "yaxis": axis,
            "bargap": 0.35,
            "hoverlabel": {
                "bgcolor": "#2A2F36" if dark else "#FFFFFF",
                "bordercolor": rule,
                "font": {"family": FONT, "size": 13, "color": ink},
                "align": "left",
            },
            "legend": {
                "orientation": "h",
                "x": 0,
                "y": 1.02,
                "yanchor": "bottom",
                "font": {"size": 13, "color": ink},
            },
            "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": quiet, "activecolor": ink},
        }
    )


def figure(height: int) -> go.Figure:
    """An empty figure in the house's look, `height` in pixels."""
    return go.Figure(layout={"template": template(), "height": height})

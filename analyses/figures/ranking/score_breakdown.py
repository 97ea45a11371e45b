"""The breakdown of one score, drawn: contributions add up from zero to the score, the largest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from analyses.figures.style.names import cut, linked
from analyses.figures.style.theme import AGAINST, FOR, QUIET, figure, plain, translucent
from analyses.text import latent_names


def breakdown_figure(
    breakdown: pd.DataFrame,
    labels: Mapping[int, str],
    top: int = 12,
    link: Callable[[int], str] | None = None,
) -> go.Figure:
    """Horizontal waterfall of a score breakdown (columns latent, query_weight, idf, saturation, contribution).

    The `top` largest contributions by size have a bar each, in falling order; the rest share one. `link`
    gives the address behind a latent's label.
    """
    ordered = _by_size(breakdown)
    head = ordered.head(top)
    names = [latent_name(latent, labels, link) for latent in head["latent"].tolist()]
    hover = [
        f"<b>{plain(latent_names.latent_name(row['latent'], labels.get(row['latent'], '')))}</b><br>"
        f"query weight {row['query_weight']:.2f} × idf {row['idf']:.2f} × saturation {row['saturation']:.3f}"
        f"<br>= {row['contribution']:+.3f}"
        for row in head.to_dict("records")
    ]
    return waterfall(names, hover, ordered["contribution"].tolist(), FOR)


def word_breakdown_figure(
    breakdown: pd.DataFrame, top: int = 12, link: Callable[[str], str] | None = None, colour: str = FOR
) -> go.Figure:
    """The waterfall of words (columns form, query_count, idf, document_count, saturation, contribution)."""
    ordered = _by_size(breakdown)
    head = ordered.head(top)
    names = [linked(word, link(word) if link else None) for word in head["form"].tolist()]
    hover = [
        f"<b>{plain(row['form'])}</b>  {row['document_count']:.0f} times in the document<br>"
        f"{row['query_count']:.0f} in the query × idf {row['idf']:.2f} × saturation {row['saturation']:.3f}"
        f"<br>= {row['contribution']:+.3f}"
        for row in head.to_dict("records")
    ]
    return waterfall(names, hover, ordered["contribution"].tolist(), colour)


def waterfall(names: Sequence[str], hover: Sequence[str], values: Sequence[float], colour: str) -> go.Figure:
    """Bars that start where the one above ends; values beyond the names share a last, paler bar."""
    names, hover, rest = list(names), list(hover), values[len(names) :]
    values = [float(value) for value in values[: len(names)]]
    if rest:
        names.append(f"{len(rest)} more")
        values.append(float(sum(rest)))
        hover.append(f"{len(rest)} smaller contributions<br>together {values[-1]:+.3f}")
    starts = [sum(values[:i]) for i in range(len(values))]
    colours = [colour if value >= 0 else AGAINST for value in values]
    if rest:
        colours[-1] = translucent(colours[-1], 0.45)
    chart = figure(height=56 + 27 * len(values))
    chart.add_bar(
        y=list(range(len(values))),
        x=values,
        base=starts,
        orientation="h",
        marker={"color": colours, "cornerradius": 3},
        text=[f"{value:+.2f}" for value in values],
        textposition="outside",
        textfont={"size": 12, "color": QUIET},
        cliponaxis=False,
        hovertext=hover,
        hoverinfo="text",
    )
    ends = [start + value for start, value in zip(starts, values, strict=True)]
    chart.add_scatter(  # from the end of each bar down to the start of the next
        x=[x for end in ends[:-1] for x in (end, end, None)],
        y=[y for i in range(len(ends) - 1) for y in (i, i + 1, None)],
        mode="lines",
        line={"color": QUIET, "width": 0.7},
        hoverinfo="skip",
    )
    total = sum(values)
    chart.update_yaxes(
        tickvals=list(range(len(names))), ticktext=names, autorange="reversed", showgrid=False, zeroline=False
    )
    chart.update_yaxes(tickfont={"size": 13})
    chart.update_xaxes(title="score so far", range=[min(0.0, *starts, total) * 1.15, total * 1.15 or 1.0])
    chart.update_layout(showlegend=False, bargap=0.28)
    return chart


def latent_name(
    latent: int, labels: Mapping[int, str], link: Callable[[int], str] | None, longest: int = 30
) -> str:
    """A latent's name on an axis, its label cut to `longest` characters, a link where `link` gives its address."""
    name = latent_names.latent_name(latent, cut(labels.get(latent, ""), longest))
    return linked(name, link(latent) if link else None)


def _by_size(breakdown: pd.DataFrame) -> pd.DataFrame:
    return breakdown.reindex(
        breakdown["contribution"].abs().sort_values(ascending=False, kind="stable").index
    )

"""Score breakdowns of two documents compared: one bar per latent, right for the first, left for the second."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import pandas as pd
import plotly.graph_objects as go

from analyses.figures.ranking.score_breakdown import latent_name
from analyses.figures.style.theme import AGAINST, FOR, QUIET, figure, plain, translucent
from analyses.text import latent_names


def difference_figure(
    breakdown: pd.DataFrame,
    labels: Mapping[int, str],
    decisive: Collection[int] = (),
    top: int = 14,
    link: Callable[[int], str] | None = None,
) -> go.Figure:
    """Diverging bars of a breakdown (latent, difference, contribution_first, contribution_second, falling by size).

    The `top` largest have a bar each; the rest of either side shares one bar each. Latents in `decisive` are
    drawn in full colour and all others pale, unless `decisive` is empty.
    """
    head, rest = breakdown.head(top), breakdown.iloc[top:]["difference"]
    names = [latent_name(latent, labels, link) for latent in head["latent"].tolist()]
    values = head["difference"].tolist()
    strong = [not decisive or latent in decisive for latent in head["latent"].tolist()]
    hover = [
        f"<b>{plain(latent_names.latent_name(row['latent'], labels.get(row['latent'], '')))}</b><br>"
        f"first {row['contribution_first']:.3f}, second {row['contribution_second']:.3f}"
        f"<br>difference {row['difference']:+.3f}"
        for row in head.to_dict("records")
    ]
    for part in (rest[rest > 0], rest[rest < 0]):
        if len(part):
            names.append(f"{len(part)} more")
            values.append(float(part.sum()))
            strong.append(False)
            hover.append(f"{len(part)} smaller differences<br>together {values[-1]:+.3f}")
    colours = [
        translucent(FOR if value >= 0 else AGAINST, 1.0 if full else 0.4)
        for value, full in zip(values, strong, strict=True)
    ]
    chart = figure(height=64 + 25 * len(values))
    chart.add_bar(
        y=list(range(len(values))),
        x=values,
        orientation="h",
        hovertext=hover,
        hoverinfo="text",
        marker={"color": colours, "cornerradius": 3},
        text=[f"{value:+.2f}" for value in values],
        textposition="outside",
        textfont={"size": 12, "color": QUIET},
        cliponaxis=False,
    )
    chart.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=names,
        autorange="reversed",
        showgrid=False,
        zeroline=False,
        tickfont={"size": 13},
    )
    reach = 1.22 * max((abs(value) for value in values), default=1.0)
    chart.update_xaxes(
        title="← favours the second, contribution to the difference of scores, favours the first →",
        range=[-reach, reach],
    )
    chart.update_layout(showlegend=False, bargap=0.28)
    return chart


def changes_figure(
    changes: pd.DataFrame,
    labels: Mapping[int, str],
    top: int = 12,
    link: Callable[[int], str] | None = None,
) -> go.Figure:
    """Diverging bars of what each latent gained or lost; columns latent, before, after, change, largest first."""
    head = changes[changes["change"] != 0].head(top)
    rows = head.to_dict("records")
    chart = figure(height=64 + 25 * max(len(rows), 1))
    chart.add_bar(
        y=list(range(len(rows))),
        x=[row["change"] for row in rows],
        orientation="h",
        hoverinfo="text",
        hovertext=[
            f"<b>{plain(latent_names.latent_name(row['latent'], labels.get(row['latent'], '')))}</b><br>"
            f"count {row['before']:.2f} → {row['after']:.2f}"
            for row in rows
        ],
        marker={"color": [FOR if row["change"] >= 0 else AGAINST for row in rows], "cornerradius": 3},
    )
    chart.update_yaxes(
        tickvals=list(range(len(rows))),
        ticktext=[latent_name(row["latent"], labels, link) for row in rows],
        autorange="reversed",
        showgrid=False,
        zeroline=False,
        tickfont={"size": 13},
    )
    chart.update_xaxes(title="change of count (summed activation)")
    chart.update_layout(showlegend=False, bargap=0.28)
    return chart

"""The ledger of one score, drawn: contributions add up from nought to the score, the largest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import plotly.graph_objects as go

from analyses.figures.theme import AGAINST, FOR, QUIET, figure, plain, translucent


def ledger_figure(
    ledger: pd.DataFrame,
    labels: Mapping[int, str],
    top: int = 12,
    link: Callable[[int], str] | None = None,
) -> go.Figure:
    """Horizontal waterfall of `ledger` (columns latent, query_weight, idf, saturation, contribution).

    The `top` largest contributions by size have a bar each, in falling order; the rest share one. `link`
    gives the address behind a latent's label.
    """
    ordered = ledger.reindex(ledger["contribution"].abs().sort_values(ascending=False, kind="stable").index)
    head, rest = ordered.head(top), ordered.iloc[top:]
    names = [_name(latent, labels, link) for latent in head["latent"].tolist()]
    values = [float(value) for value in head["contribution"]]
    hover = [
        f"<b>{plain(labels.get(row['latent'], ''))}</b>  latent {row['latent']}<br>"
        f"query weight {row['query_weight']:.2f} × idf {row['idf']:.2f} × saturation {row['saturation']:.3f}"
        f"<br>= {row['contribution']:+.3f}"
        for row in head.to_dict("records")
    ]
    if len(rest):
        names.append(f"{len(rest)} more")
        values.append(float(rest["contribution"].sum()))
        hover.append(f"{len(rest)} smaller contributions<br>together {values[-1]:+.3f}")
    starts = [sum(values[:i]) for i in range(len(values))]
    colours = [FOR if value >= 0 else AGAINST for value in values]
    if len(rest):
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


def _name(latent: int, labels: Mapping[int, str], link: Callable[[int], str] | None) -> str:
    label = labels.get(latent, "")
    text = plain(label if len(label) <= 30 else label[:29] + "…") or f"latent {latent}"
    return f'<a href="{link(latent)}" style="color:#2A7AB5">{text}</a>' if link else text

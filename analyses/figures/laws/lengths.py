"""Document lengths, drawn: |d| against other lengths, and relevant and retrieved documents by |d|."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.bm25_assumptions.lengths import MEASURES
from analyses.figures.style.lines import banded_line, panels
from analyses.figures.style.theme import INK, QUIET, figure, template, translucent
from retrieval.systems import COSINE, LATENT

N_CELLS = 48
BLUE = LATENT.colour


def length_figure(
    lengths: pd.DataFrame, correlations: pd.DataFrame, height: int = 300, stacked: bool = False
) -> go.Figure:
    """|d| against each other length, one panel each: darker cells have more documents (log scale).

    lengths: `lengths.document_lengths`; correlations: `lengths.length_correlations`. stacked: one panel above the
    other.
    """
    chart = make_subplots(**panels(len(MEASURES), stacked, 0.03), shared_yaxes=True)
    chart.update_layout(template=template(), height=height * (len(MEASURES) if stacked else 1))
    y = lengths["length"].to_numpy()
    for i, (measure, name) in enumerate(MEASURES.items(), start=1):
        cell = {"row": i, "col": 1} if stacked else {"row": 1, "col": i}
        x = lengths[measure].to_numpy(np.float64)
        edge = float(np.quantile(x, 0.995)) if len(x) else 1.0
        inside = x <= max(edge, x.min(initial=0) + 1)
        counted, across, up = np.histogram2d(x[inside], y[inside], bins=N_CELLS)
        chart.add_heatmap(
            **cell,
            x=(across[1:] + across[:-1]) / 2,
            y=(up[1:] + up[:-1]) / 2,
            z=np.where(counted.T > 0, np.log10(counted.T + 1), np.nan),
            customdata=counted.T,
            colorscale=[[0, translucent(BLUE, 0.16)], [1, translucent(BLUE, 1.0)]],
            showscale=False,
            hoverongaps=False,
            hovertemplate=f"%{{customdata:,}} documents<br>{name} %{{x:,.0f}}, |d| %{{y:,.0f}}<extra></extra>",
        )
        row = correlations.set_index("measure").loc[measure]
        correlation = f"ρ = {row['spearman']:.2f} ({row['spearman_low']:.2f} to {row['spearman_high']:.2f})"
        chart.update_xaxes(title=f"{name}<br>{correlation}", showgrid=False, nticks=6, tickformat=",", **cell)
    chart.update_yaxes(title="|d|, sum of term frequencies", col=1, nticks=6, tickformat=",")
    chart.update_yaxes(showgrid=True)
    return chart


def retrieval_figure(table: pd.DataFrame, b: float, height: int = 360) -> go.Figure:
    """Where relevant documents lie by length, and where the results at b = 0 and at b do, with intervals.

    table: `analyses.bm25_assumptions.lengths.retrieval_by_length`.
    """
    chart = figure(height)
    x = table["bin"] + 1
    shared = np.stack([table["shortest"], table["longest"], table["n_docs"]], axis=1)
    for name, column, colour, dash in (
        ("Relevant documents", "relevant", INK, "solid"),
        ("Retrieved, b = 0", "without", COSINE.colour, "dot"),
        (f"Retrieved, b = {b:g}", "with_b", BLUE, "solid"),
    ):
        extra = np.column_stack([shared, table[f"{column}_low"], table[f"{column}_high"]])
        banded_line(
            chart,
            x,
            table[column],
            table[f"{column}_low"],
            table[f"{column}_high"],
            name,
            colour,
            "%{y:.1%} of them, 95% interval %{customdata[3]:.1%} to %{customdata[4]:.1%}<br>"
            "|d| %{customdata[0]:,.0f} to %{customdata[1]:,.0f}, %{customdata[2]:,} documents",
            extra,
            mode="lines+markers",
            dash=dash,
        )
    n = len(table)
    chart.add_hline(y=1 / max(n, 1), line={"color": QUIET, "width": 1, "dash": "dot"})
    chart.update_xaxes(
        title="tenths of the documents by |d|, the shortest first" if n == 10 else "documents by |d|",
        dtick=1,
        showgrid=False,
    )
    chart.update_yaxes(title="share of documents in each bin", tickformat=".0%", rangemode="tozero", nticks=6)
    return chart

"""BM25's saturation and the evidence for it, drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analyses.bm25_assumptions.saturation import Saturation
from analyses.figures.style.lines import banded_line, log_axis
from analyses.figures.style.theme import QUIET, TERM_COLOURS, template
from retrieval.vocabularies import vocabulary_title


def saturation_figure(saturations: Sequence[Saturation], height: int = 340) -> go.Figure:
    """One panel per vocabulary: evidence over the normed weight, and BM25's curve moved and scaled on to it."""
    chart = make_subplots(cols=max(len(saturations), 1), horizontal_spacing=0.09)
    chart.update_layout(template=template(), height=height)
    for column, one in enumerate(saturations, start=1):
        table, k1, cell = one.table, one.parameters.k1, {"row": 1, "col": column}
        name = vocabulary_title(one.system)
        banded_line(
            chart,
            table["x"],
            table["evidence"],
            table["evidence_low"],
            table["evidence_high"],
            name,
            TERM_COLOURS[one.system],
            "weight / norm %{x:.2f}<br>%{customdata[0]:,} times in relevant documents, "
            "%{customdata[1]:,.0f} by chance",
            table[["relevant", "expected"]].to_numpy(),
            mode="lines+markers",
            cell=cell,
        )
        for shown, label, dash in (
            (k1, "BM25's curve as scored", "dash"),
            (one.k1_fit, "at the nearest k1", "dot"),
        ):
            if not np.isnan(shown):
                chart.add_scatter(
                    x=table["x"],
                    y=_fitted(one, shown),
                    mode="lines",
                    name=label,
                    showlegend=column == 1,
                    line={"color": QUIET, "width": 1.6, "dash": dash},
                    hoverinfo="skip",
                    **cell,
                )
        chart.update_xaxes(
            log_axis("weight / norm of length (log scale)", table["x"].tolist()), showgrid=False, **cell
        )
    chart.update_yaxes(nticks=6, zeroline=False)
    chart.update_yaxes(title="evidence of relevance, ln", col=1)
    return chart


def _fitted(one: Saturation, k1: float) -> np.ndarray:
    """a x / (x + k1) + c nearest to the evidence by least squares, weighted by relevant counts."""
    table = one.table.dropna(subset="evidence")
    weight = table["relevant"].to_numpy(np.float64)
    f, y = _curve(table["x"].to_numpy(), k1), table["evidence"].to_numpy()
    centre_f, centre_y = np.average(f, weights=weight), np.average(y, weights=weight)
    scale = (weight * (f - centre_f) * (y - centre_y)).sum() / max(
        (weight * (f - centre_f) ** 2).sum(), 1e-300
    )
    fitted: np.ndarray = centre_y + max(scale, 0.0) * (_curve(one.table["x"].to_numpy(), k1) - centre_f)
    return fitted


def _curve(x: np.ndarray, k1: float) -> np.ndarray:
    """BM25's curve up to a scale; a straight line where k1 is infinite."""
    return x / (x + k1) if np.isfinite(k1) else x

"""Figures of rankings: what a collection wrote stays text, and every document has its line."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analyses.figures.ranking.failures import length_figure, reasons_figure
from analyses.figures.ranking.limit import firing_figure, pooled_figure
from analyses.figures.ranking.systems import bump_figure, differences_figure

HOSTILE = "<img src=x onerror=alert(1)>"


def test_hostile_text_is_escaped() -> None:
    ranking = pd.DataFrame(
        {"doc_id": [HOSTILE, "b"], "title": [HOSTILE, ""], "relevant": [True, False]}
        | {f"{name}_rank": pd.array([1, None], "Int64") for name in ("latent", "cosine")}
    )
    queries = pd.DataFrame({"query_id": ["q"], "query": [HOSTILE], "difference": [0.5]})
    documents = pd.DataFrame(
        {"document": [0], "doc_id": [HOSTILE], "relevant": [True], "cosine": [0.2], "named_cosine": [0.5],
         "share": [0.01]}
    )  # fmt: skip
    tokens = pd.DataFrame({"document": [0, 0], "cosine": [0.1, 0.5], "named": [False, True]})
    latents = pd.DataFrame({"latent": [3], "power": [1.0]})
    charts = [
        bump_figure(ranking, ["latent", "cosine"], link=lambda doc: "search?doc=1"),
        differences_figure(queries, "latent", "cosine", "q"),
        pooled_figure(documents, tokens, 0.3, lambda doc: "search?doc=1"),
        firing_figure(
            np.ones((1, 1), np.float32), latents, documents, {3: HOSTILE}, lambda j: "latent?latent=3"
        ),
    ]
    for chart in charts:
        shown = chart.to_dict()
        for trace in shown["data"]:
            trace.pop("customdata", None)  # never drawn but through hover, where it is escaped or not shown
        assert "<img" not in str(shown)
    assert "<img" not in str(charts[3].to_dict())  # its hover shows customdata


def test_a_line_a_document_and_a_mark_for_what_is_beyond() -> None:
    ranking = pd.DataFrame(
        {"doc_id": ["a", "b"], "title": ["", ""], "relevant": [True, False]}
        | {"latent_rank": pd.array([1, 40], "Int64"), "cosine_rank": pd.array([None, 2], "Int64")}
    )
    chart = bump_figure(ranking, ["latent", "cosine"], depth=10)
    lines = {trace.customdata[0]: tuple(trace.y) for trace in chart.data}
    assert lines == {"a": (1.0, 11.7), "b": (11.7, 2.0)}


def test_each_reason_has_a_row_and_empty_lengths_no_line() -> None:
    classes = pd.DataFrame(
        [("missed", "length", 1, 2, 0.5, 0.1, 0.9), ("missed", "outscored", 1, 2, 0.5, 0.1, 0.9)],
        columns=["group", "reason", "count", "n", "share", "low", "high"],
    )
    chart = reasons_figure(classes, "length")
    assert chart.layout.yaxis.ticktext == ("ranked lower for its length", "outscored")
    assert len(length_figure(np.array([1.0, 2.0]), np.array([])).data) == 1

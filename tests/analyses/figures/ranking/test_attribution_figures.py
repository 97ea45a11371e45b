"""Figures of attribution say what their tables say, and never read a collection's text as HTML."""

from __future__ import annotations

import pandas as pd
import pytest

from analyses.figures.ranking.cosine_breakdown import shares_figure
from analyses.figures.ranking.difference import difference_figure
from analyses.figures.ranking.faithfulness import faithfulness_figure
from analyses.figures.ranking.score_breakdown import word_breakdown_figure

HOSTILE = '<img src=x onerror="alert(1)">'


def test_a_difference_is_a_bar_and_the_rest_keeps_the_sum() -> None:
    breakdown = pd.DataFrame(
        {
            "latent": [4, 1, 3, 2, 9],
            "difference": [3.0, -2.0, 1.0, -0.5, 0.25],
            "contribution_first": [3.0, 0.0, 1.0, 0.0, 0.25],
            "contribution_second": [0.0, 2.0, 0.0, 0.5, 0.0],
        }
    )
    chart = difference_figure(breakdown, {4: HOSTILE}, decisive=(4,), top=2)
    bars = chart.data[0]
    assert list(bars.x) == [3.0, -2.0, 1.25, -0.5]
    assert sum(bars.x) == pytest.approx(breakdown["difference"].sum())
    assert "<img" not in chart.to_json().replace("\\u003c", "<")
    opacity = [float(colour.rstrip(")").split(",")[-1]) for colour in bars.marker.color]
    assert opacity[0] > max(opacity[1:])


def test_words_fall_from_nought_to_the_score() -> None:
    breakdown = pd.DataFrame(
        {
            "word": ["a", "b", "c"], "form": ["as", HOSTILE, "cs"], "query_count": 1.0, "idf": 2.0,
            "document_count": 3.0, "saturation": 0.5, "contribution": [1.0, 3.0, 2.0],
        }
    )  # fmt: skip
    bars = word_breakdown_figure(breakdown, top=2).data[0]
    assert list(bars.x) == [3.0, 2.0, 1.0]
    assert list(bars.base) == [0, 3.0, 5.0]
    assert "<img" not in word_breakdown_figure(breakdown).to_json().replace("\\u003c", "<")


def test_shares_are_two_bars_a_latent() -> None:
    beside = pd.DataFrame(
        {
            "latent": [1, 2], "part": [0.1, -0.2], "contribution": [3.0, 1.0], "share_cosine": [1 / 3, -2 / 3],
            "share_bm25": [0.75, 0.25],
        }
    )  # fmt: skip
    chart = shares_figure(beside, {1: HOSTILE})
    assert [list(bars.x) for bars in chart.data] == [[0.75, 0.25], [1 / 3, -2 / 3]]
    assert "<img" not in chart.to_json().replace("\\u003c", "<")


def test_each_method_has_a_line_in_each_panel_and_random_orders_a_band() -> None:
    curves = pd.DataFrame(
        [
            (curve, method, part, 1 - part, 0.1, 0.9)
            for curve in ("deletion", "insertion")
            for method in ("random", "proportional")
            for part in (0.0, 0.5, 1.0)
        ],
        columns=["curve", "method", "part", "score", "low", "high"],
    )
    chart = faithfulness_figure(curves)
    assert [line.name for line in chart.data if line.fill is None] == ["Random orders", "Proportional"] * 2
    assert sum(line.fill == "toself" for line in chart.data) == 2

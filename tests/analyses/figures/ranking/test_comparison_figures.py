"""Figures of SAEs side by side and of types say what their tables say, in colours that read in grey."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from analyses.figures.latents.types import TYPE_COLOURS, TYPE_NAMES, type_shares_figure
from analyses.figures.saes.sae_comparison import (
    ranking_agreement_figure,
    recurrence_figure,
    similarity_figure,
)
from analyses.latents.types import KINDS, UNTYPED, type_shares

HOSTILE = '<img src=x onerror="alert(1)">'


def lightness(colour: str) -> float:
    """CIE L* of `#RRGGBB`, 0 black to 100 white."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(116 * np.cbrt(linear @ [0.2126, 0.7152, 0.0722]) - 16)


def test_types_differ_in_grey() -> None:
    assert set(TYPE_COLOURS) == set(TYPE_NAMES) == {*KINDS, *UNTYPED}
    for one, other in combinations(TYPE_COLOURS.values(), 2):
        assert abs(lightness(one) - lightness(other)) > 7


def test_type_bars_sum_to_one_and_stand_above_the_papers() -> None:
    shares = type_shares(pd.Series(["lexical"] * 3 + ["narrow"] + ["broad"] * 6 + ["dead"]))
    chart = type_shares_figure({HOSTILE: shares})
    assert np.sum([bar.x for bar in chart.data], axis=0).tolist() == pytest.approx([1.0, 1.0])
    assert [bar.x[0] for bar in chart.data] == pytest.approx([0.3, 0.1, 0.6])
    assert [bar.x[1] for bar in chart.data] == pytest.approx([0.33, 0.10, 0.57])
    assert "<img" not in chart.to_json()


def recurrence_table(*pairs: tuple[str, float]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "a": "one",
            "b": [b for b, _ in pairs],
            "by": "decoder",
            "group": "document_frequency",
            "value": "1–9",
            "n_latents": 40,
            "share": [share for _, share in pairs],
            "low": [share - 0.1 for _, share in pairs],
            "high": [share + 0.2 for _, share in pairs],
            "chance": 0.05,
        }
    )


def test_recurrence_shows_one_pairs_interval_or_the_spread_of_several() -> None:
    bar, control = recurrence_figure(recurrence_table(("two", 0.5))).data
    assert bar.y[0] == pytest.approx(0.5)
    assert (bar.error_y.arrayminus[0], bar.error_y.array[0]) == pytest.approx((0.1, 0.2))
    assert control.y[0] == pytest.approx(0.05)
    bar, _ = recurrence_figure(recurrence_table(("two", 0.4), ("three", 0.6))).data
    assert bar.y[0] == pytest.approx(0.5)
    assert (bar.error_y.arrayminus[0], bar.error_y.array[0]) == pytest.approx((0.1, 0.1))


def test_similarity_curve_is_the_share_at_or_above() -> None:
    latents = pd.DataFrame(
        {"by": "activation", "similarity": [0.9, 0.7, 0.2, np.nan], "chance": [0.1, 0.1, 0.0, np.nan]}
    )
    partner, control = similarity_figure(latents, {"activation": 0.7}).data
    at = np.searchsorted(partner.x, 0.5)
    assert partner.y[at] == pytest.approx(0.5)
    assert control.y[at] == 0
    assert partner.y[0] == pytest.approx(0.75)


def test_ranking_agreement_draws_means_and_escapes_names() -> None:
    means = pd.DataFrame(
        {"a": [HOSTILE], "b": ["two"], "measure": ["rbo"], "mean": [0.8], "low": [0.7], "high": [0.85]}
    ).assign(n_queries=9)
    chart = ranking_agreement_figure(means)
    (points,) = chart.data
    assert (points.x[0], points.error_x.arrayminus[0]) == pytest.approx((0.8, 0.1))
    assert "<img" not in chart.to_json()

"""Figures say what their tables say, and never read a collection's text as HTML."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from analyses.figures.laws.rank_frequency import rank_frequency_figure
from analyses.figures.ranking.evaluation import evaluation_figure
from analyses.figures.ranking.score_breakdown import breakdown_figure
from analyses.figures.style.theme import SYSTEM_COLOURS, plain, translucent
from retrieval.systems import SYSTEMS

HOSTILE = '<img src=x onerror="alert(1)"><b>bold</b>'


def lightness(colour: str) -> float:
    """CIE L* of `#RRGGBB`, 0 black to 100 white."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ [0.2126, 0.7152, 0.0722])
    return 116 * luminance ** (1 / 3) - 16


SINGLE = [name for name, one in SYSTEMS.items() if not one.parts]
FUSED = [(name, part) for name, one in SYSTEMS.items() for part in one.parts]


@pytest.mark.parametrize(("one", "other"), [*combinations(SINGLE, 2), *FUSED])
def test_systems_differ_in_grey(one: str, other: str) -> None:
    """Any two systems, and a fusion from what it fuses: grey has no room for more."""
    assert abs(lightness(SYSTEM_COLOURS[one]) - lightness(SYSTEM_COLOURS[other])) > 7


def test_plain_text_keeps_no_tag() -> None:
    assert "<" not in plain(HOSTILE)
    assert plain("a & b") == "a &amp; b"


def test_translucent() -> None:
    assert translucent("#0072B2", 0.5) == "rgba(0,114,178,0.500)"


def breakdown(n: int) -> pd.DataFrame:
    contribution = np.linspace(3.0, -1.0, n)
    ones = np.ones(n)
    return pd.DataFrame(
        {"latent": np.arange(n), "query_weight": ones, "idf": ones, "saturation": contribution}
        | {"contribution": contribution}
    )


@pytest.mark.parametrize("n", [1, 5, 40])
def test_ledger_bars_end_at_the_sum(n: int) -> None:
    table = breakdown(n)
    bars = breakdown_figure(table, {}, top=6).data[0]
    assert bars.base[0] == 0
    assert bars.base[-1] + bars.x[-1] == pytest.approx(table["contribution"].sum())
    assert len(bars.x) == min(n, 7)


def test_ledger_escapes_labels_and_links_them() -> None:
    figure = breakdown_figure(
        breakdown(3), {0: HOSTILE, 1: "b", 2: "c"}, link=lambda latent: f"latent?latent={latent}"
    )
    drawn = figure.to_json()
    assert "<img" not in drawn
    assert "<b>bold" not in drawn
    assert 'href="latent?latent=0"' in figure.layout.yaxis.ticktext[0]


def test_rank_frequency_draws_each_system_and_escapes_terms() -> None:
    table = pd.DataFrame(
        {
            "system": ["latents", "latents", "words"],
            "rank": [1, 2, 1],
            "document_frequency": [9, 4, 10],
            "term": [HOSTILE, "b", "the"],
            "latent": [7, 3, -1],
        }
    )
    figure = rank_frequency_figure(table, latent=3)
    assert [trace.name for trace in figure.data][:2] == ["Latents", "Words"]
    assert "<img" not in figure.to_json()
    assert list(figure.data[-1].x) == [2]


def test_evaluation_draws_means_with_their_intervals() -> None:
    table = pd.DataFrame(
        {"system": ["latent", "bm25"], "measure": ["nDCG@10"] * 2, "mean": [0.6, 0.5], "low": [0.55, 0.4]}
        | {"high": [0.66, 0.6]}
    )
    first = evaluation_figure(table).data[0]
    assert first.x[0] - first.error_x.arrayminus[0] == pytest.approx(0.55)
    assert first.x[0] + first.error_x.array[0] == pytest.approx(0.66)

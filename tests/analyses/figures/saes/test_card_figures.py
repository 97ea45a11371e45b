"""The quality card's figures say what its tables say."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from analyses.figures.saes.card import (
    COLOURS,
    DASHES,
    SIGNS,
    density_figure,
    quality_figure,
    similarity_figure,
)
from analyses.saes.card_record import VARIANTS, Number, QualityCard, Variant

NDCG = {"sae": 0.66, "random_directions": 0.4, "random_encoder": 0.2}


@pytest.fixture
def card() -> QualityCard:
    def variant(name: str, fvu: float) -> Variant:
        numbers = (
            Number("fvu", "held_out", fvu, 100),
            Number("fvu", "documents", fvu / 2, 100),
            Number("dead_share", "documents", 0.02, 50),
            Number("latent nDCG@10", "queries", NDCG[name], 9, NDCG[name] - 0.1, NDCG[name] + 0.2),
            Number("cosine nDCG@10", "queries", 0.5, 9, 0.4, 0.6),
        )
        bins = tuple(10 if 20 <= i < 30 else 0 for i in range(36))
        return Variant(name, numbers, {"documents": bins}, tuple(5 if i > 50 else 0 for i in range(80)))

    variants = tuple(variant(name, 0.2 * place + 0.25) for place, name in enumerate(VARIANTS))
    baselines = (Number("bm25 nDCG@10", "queries", 0.55, 9, 0.5, 0.6),)
    facts: dict[str, Any] = {key: {} for key in ("sae", "encoder", "study", "texts", "versions")}
    return QualityCard(plan="", twin="", variants=variants, baselines=baselines, notes=(), seed=0, **facts)


def test_each_number_stands_beside_its_controls_with_its_interval(card: QualityCard) -> None:
    chart = quality_figure(card.summary_table())
    drawn = [trace for trace in chart.data if trace.x[0] in NDCG.values()]
    assert [trace.x[0] for trace in drawn] == [*NDCG.values()]
    assert [trace.y[0] for trace in drawn] == [0, 1, 2]
    for trace in drawn:
        assert trace.error_x.arrayminus[0] == pytest.approx(0.1)
        assert trace.error_x.array[0] == pytest.approx(0.2)
    assert [trace.x[0] for trace in chart.data if trace.xaxis == "x"] == pytest.approx([0.25, 0.45, 0.65])
    assert list(chart.layout.yaxis.ticktext) == [*VARIANTS.values()]
    assert [line.x0 for line in chart.layout.shapes] == [0.55]


def test_a_panel_without_numbers_is_left_out_and_fvu_falls_back_on_the_documents(card: QualityCard) -> None:
    table = card.summary_table()
    assert len(quality_figure(table).layout.annotations) == 3
    few = table[~table["text"].isin(["held_out", "queries"])]
    chart = quality_figure(few)
    assert len(chart.layout.annotations) == 2
    assert "FVU, documents" in chart.layout.annotations[0].text
    assert chart.data[0].x[0] == pytest.approx(0.125)


def test_every_value_lies_within_its_panel(card: QualityCard) -> None:
    chart = quality_figure(card.summary_table())
    for trace in chart.data:
        low, high = chart.layout["xaxis" + trace.xaxis[1:]].range
        assert all(low < value < high for value in trace.x)


def outline(table: pd.DataFrame, variant: str) -> list[int]:
    latents = table[(table["variant"] == variant) & (table["latents"] > 0)]["latents"].tolist()
    return latents + latents[-1:]


def test_distributions_are_outlines_of_the_filled_bins(card: QualityCard) -> None:
    density = density_figure(card.density_table())
    assert [trace.name for trace in density.data] == [*VARIANTS.values()]
    for variant, trace in zip(VARIANTS, density.data, strict=True):
        assert list(trace.y) == outline(card.density_table(), variant)
    similarity = similarity_figure(card.similarity_table())
    assert [trace.name for trace in similarity.data] == [VARIANTS["sae"], VARIANTS["random_directions"]]
    assert similarity.data[0].x[-1] == 1


def test_a_card_without_that_text_draws_nothing(card: QualityCard) -> None:
    assert not density_figure(card.density_table("held_out")).data


def test_columns_can_be_told_apart_in_print() -> None:
    def grey(colour: str) -> float:
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    assert abs(grey(COLOURS["random_directions"]) - grey(COLOURS["random_encoder"])) > 60
    assert len(set(SIGNS.values())) == 3
    assert DASHES["random_directions"] != DASHES["random_encoder"]

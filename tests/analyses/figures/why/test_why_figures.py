"""Figures of why say what their tables say, and never read a collection's text as HTML."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analyses.figures.why.match import ALONE, KIND_COLOURS, alone_figure, split_figure
from analyses.figures.why.scoring import shapley_figure
from analyses.figures.why.token_pairs import pairs_figure
from analyses.why.factors.game import FACTORS
from analyses.why.matches.grid import pair_grid
from analyses.why.token_pairs import TokenPairs

HOSTILE = '<img src=x onerror="alert(1)">'


def factors(vocabulary: str, names: tuple[str, ...]) -> pd.DataFrame:
    value = np.arange(1.0, len(names) + 1) / 10
    return pd.DataFrame(
        {
            "vocabulary": vocabulary,
            "kind": "factor",
            "name": names,
            "value": value,
            "low": value - 0.05,
            "high": value + 0.05,
            "lost": 0.0,
            "p_holm": 0.01,
        }
    )


def test_a_factor_is_a_bar_with_its_interval_and_a_missing_one_is_said() -> None:
    chart = shapley_figure(pd.concat([factors("latents", FACTORS), factors("stems", FACTORS[1:])]))
    latents, words = chart.data
    np.testing.assert_allclose(latents.x, np.arange(1, 6) / 10)
    np.testing.assert_allclose(latents.error_x.array, 0.05)
    assert len(words.x) == 4
    assert [note.text for note in chart.layout.annotations] == ["no root in lexical BM25"]


SHARES = dict(zip(KIND_COLOURS, (0.4, 0.1, 0.3, 0.2), strict=True))


def matches() -> pd.DataFrame:
    rows = [
        ("part", name, "nDCG@10", value) for name, value in zip(ALONE, np.linspace(0.7, 0.2, 6), strict=True)
    ]
    for measure, whole in (("share_relevant", 1.0), ("share_other", 1.0), ("nDCG_part", 0.7)):
        rows += [("part", kind, measure, whole * share) for kind, share in SHARES.items()]
    table = pd.DataFrame(rows, columns=["about", "name", "measure", "value"])
    return table.assign(low=table["value"] * 0.9, high=table["value"] * 1.1)


def test_each_bar_of_the_split_is_a_whole() -> None:
    chart = split_figure(matches())
    np.testing.assert_allclose(np.sum([bar.x for bar in chart.data], axis=0), 1)
    assert [bar.x[2] for bar in chart.data] == pytest.approx([0.4, 0.1, 0.3, 0.2])


def test_rankings_by_one_part_stand_beside_the_whole() -> None:
    chart = alone_figure(matches())
    assert [dot.x[0] for dot in chart.data] == pytest.approx(np.linspace(0.7, 0.2, 6))
    assert chart.layout.shapes[0].x0 == pytest.approx(0.7)


def test_a_map_of_pairs_escapes_words_and_labels_and_marks_exact_ones() -> None:
    tokens = [
        pd.DataFrame(
            {"token": words, "start": range(len(words)), "end": range(1, len(words) + 1), "word": words}
        )
        for words in (["cat", HOSTILE], ["cats", HOSTILE, "dog"])
    ]
    on_query, on_document = np.array([[2.0], [1.0]]), np.array([[0.1], [0.6], [0.3]])
    credit = on_query @ on_document.T
    pairs = TokenPairs("latent", *tokens, credit, 3.0, False, np.array([7]), on_query, on_document)
    chart = pairs_figure(pair_grid([pairs]), {7: HOSTILE})
    heat, exact, inflected = chart.data
    np.testing.assert_allclose(np.square(heat.z), credit)
    assert (list(exact.x), list(exact.y)) == ([1], [1])
    assert (list(inflected.x), list(inflected.y)) == ([0], [0])
    assert "<img" not in chart.to_json().replace("\\u003c", "<")
    assert "#7" in heat.text[0, 0]

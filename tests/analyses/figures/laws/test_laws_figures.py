"""The figure of laws: a line a vocabulary, the latents on top, text escaped, lines where their law is."""

from __future__ import annotations

import pandas as pd
import pytest

from analyses.figures.laws.laws import labelled, laws_figure

RANKS = pd.DataFrame(
    {
        "system": ["latents", "latents", "words", "words"],
        "rank": [1, 2, 1, 2],
        "frequency": [10, 5, 8, 1],
        "share": [1.0, 0.5, 0.8, 0.1],
        "term": ["old", "", "<b>the</b>", "of"],
        "latent": [7, 3, -1, -1],
    }
)
LINES = pd.DataFrame({"system": ["words"] * 2, "law": ["zipf"] * 2, "rank": [1, 2], "share": [0.7, 0.35]})


@pytest.mark.parametrize("measure", ["documents", "tokens", "activation"])
def test_a_line_a_vocabulary_the_latents_on_top(measure: str) -> None:
    chart = laws_figure(labelled(RANKS, {7: "mine & yours"}), LINES, measure, "queries", latent=3)
    words, latents, line, marked = chart.data
    assert (words.name, latents.name) == ("Words", "Latents")
    assert latents.legendrank < words.legendrank
    assert list(words.text) == ["&lt;b&gt;the&lt;/b&gt;", "of"]
    assert list(latents.text) == ["mine &amp; yours #7", "no label #3"]
    assert [row[0] for row in latents.customdata] == [7, 3]
    assert list(line.y) == [0.7, 0.35]
    assert line.line.color == words.line.color
    assert (list(marked.x), list(marked.y)) == ([2], [0.5])
    assert "queries" in chart.layout.yaxis.title.text or measure != "documents"


def test_nothing_is_an_empty_figure() -> None:
    assert len(laws_figure(RANKS[:0], LINES[:0], "documents").data) == 0

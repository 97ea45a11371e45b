"""Side by side: what stands on each side, what moved, and what the address holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from one_page import html_of, opened
from retrieval.study import Study
from workbench.markup.results.side_html import moved

WORD = "array"


@pytest.fixture(autouse=True)
def two_studies(tiny_study: Study, silent_study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["app", str(tiny_study.path), str(silent_study)])


def test_two_queries_of_one_study(tiny_study: Study) -> None:
    first, second = str(tiny_study.queries.texts[5]), str(tiny_study.queries.texts[9])
    html = html_of(opened("side-by-side", q=first, q2=second))
    rows = re.findall(r'<div class="lt-side"><span class="lt-rank">(\d+)', html)
    assert len(rows) == sum(len(tiny_study.search(text)) for text in (first, second))
    assert "Latents of both queries" in html


def test_two_studies_on_one_query(tiny_study: Study, silent_study: Path) -> None:
    query = str(tiny_study.queries.texts[5])
    html = html_of(opened("side-by-side", q=query, against=silent_study.name))
    assert f"search?study={silent_study.name}" in html
    assert "▲" not in html  # the latent that never fires moves nothing
    assert "on the right too" in html


def test_the_same_on_both_sides_offers_others(tiny_study: Study, silent_study: Path) -> None:
    html = html_of(opened("side-by-side", q=str(tiny_study.queries.texts[5])))
    assert "Both sides are the same" in html
    assert f"against={silent_study.name}" in html
    assert "q2=" in html


def test_a_word_in_two_studies(silent_study: Path) -> None:
    html = html_of(opened("side-by-side", look="word", word=WORD, against=silent_study.name))
    assert "only left" not in html
    assert "lt-pairs" in html
    html = html_of(opened("side-by-side", look="word", word=WORD, word2="return"))
    assert "only left" in html or "only right" in html
    assert "is not in" in html_of(opened("side-by-side", look="word", word="zyzzyva", word2=WORD))


@pytest.mark.parametrize(
    ("here", "there", "said"),
    [
        (3, 3, "= 3 on the right too"),
        (3, 1, "▲ 1 on the right, 2 places higher"),
        (3, 40, "▼ 40 on the right, 37 places lower"),
        (3, None, "✕ not on the right"),
    ],
)
def test_a_move_is_said_in_words(here: int, there: int | None, said: str) -> None:
    assert said in moved(here, there, "right", 10)

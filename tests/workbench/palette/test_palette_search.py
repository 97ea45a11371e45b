"""The palette's search: what matches best comes first, whatever is typed finds only what holds it, and fast."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses.text.word_table import WordTable
from retrieval.study import Study
from workbench.page.palette.box import as_data
from workbench.palette.names import find, fold, names_of
from workbench.palette.search import Recent, search
from workbench.palette.study_index import Choice, StudyIndex, study_index

PAGES = {"overview": "Overview", "laws": "Laws", "latents": "Latents"}
text = st.text(alphabet="ab İß\n\u202e", max_size=6)


@given(names=st.lists(text, max_size=8), typed=text, most=st.integers(1, 5))
def test_a_search_finds_the_best_of_what_holds_the_text_and_nothing_else(
    names: list[str], typed: str, most: int
) -> None:
    wanted = fold(typed)
    found = find(names_of(names), typed, most)
    rows = [match.row for match in found]
    assert len(set(rows)) == len(rows) <= most
    if not wanted:
        assert not rows
        return
    holding = [row for row, name in enumerate(names) if wanted in fold(name)]
    assert len(set(rows) & set(holding)) == min(most, len(holding))
    qualities = {row: _quality(fold(names[row]), wanted) for row in holding}
    best = sorted(holding, key=lambda row: (qualities[row], row))[:most]
    assert rows[: len(best)] == best
    for match in found[len(best) :]:
        assert match.quality == 4
        assert all(word in fold(names[match.row]) for word in wanted.split())


def _quality(name: str, wanted: str) -> int:
    return 0 if name == wanted else 1 if name.startswith(wanted) else 2 if f" {wanted}" in name else 3


def index_of(n_documents: int = 3) -> StudyIndex:
    vocabulary = pd.DataFrame(
        {
            "latent": [0, 1, 2],
            "label": ["sum", "array · arrays", "<b>sum</b>"],
            "document_frequency": [4, 9, 0],
        }
    )
    words = WordTable(["array", "sum"], np.array([0, 2, 7]), np.zeros(7, np.int32), np.zeros(7, np.int32))
    return study_index(_study(n_documents), vocabulary, words)


def _study(n: int) -> Study:
    corpus = SimpleNamespace(
        ids=[f"doc-{i}" for i in range(n)], titles=[f"the sum of array {i}" for i in range(n)]
    )
    queries = SimpleNamespace(texts=["how to sum an array", "what is a latent"])
    return SimpleNamespace(corpus=corpus, queries=queries)  # type: ignore[return-value]


def titles(found: list[Choice], kind: str) -> list[str]:
    return [choice.title for choice in found if choice.kind == kind]


def test_every_kind_is_found_and_the_kind_that_matches_best_comes_first() -> None:
    found = search("sum", PAGES, ["summer", "scifact"], "laws", index_of(), Recent())
    assert titles(found, "latent") == ["sum", "<b>sum</b>"]
    assert titles(found, "word") == ["sum"]
    assert titles(found, "document") == ["the sum of array 0", "the sum of array 1", "the sum of array 2"]
    assert titles(found, "query") == ["how to sum an array"]
    assert titles(found, "study") == ["summer"]
    assert [found[0].kind, found[-1].kind] == ["latent", "ask"]
    assert dict(found[-1].parameters) == {"q": "sum"}
    by_id = search("DOC-2", PAGES, [], "laws", index_of(), Recent())
    assert dict(by_id[0].parameters) == {"doc": "doc-2"}
    assert search("law", PAGES, [], "overview", None, Recent())[0].page == "laws"


def test_a_number_is_the_latent_of_that_number_first() -> None:
    found = search(" 2 ", PAGES, [], "laws", index_of(), Recent())
    assert (found[0].kind, dict(found[0].parameters)) == ("latent", {"latent": "2"})
    assert (
        search("٣", PAGES, [], "laws", index_of(), Recent())[-1].kind == "ask"
    )  # a digit, but no number of ours
    assert not titles(search("99999999999999", PAGES, [], "laws", index_of(), Recent()), "latent")


def test_what_is_recent_comes_first_while_nothing_is_typed() -> None:
    recent = Recent().seen("a", "1").seen("b", "").seen("a", "0").seen("", "abc").seen("a", "0")
    assert (recent.queries, recent.latents) == (("a", "b"), (0, 1))
    found = search(" ", PAGES, [], "laws", index_of(), recent)
    assert [choice.title for choice in found] == ["a", "b", "sum", "array · arrays", *PAGES.values()]
    many = Recent()
    for number in range(50):
        many = many.seen(f"q {number}", str(number))
    assert (many.queries[0], many.latents[0], len(many.queries)) == ("q 49", 49, 5)


def test_an_address_names_the_study_and_escapes_what_was_typed() -> None:
    ask = search("a&b=<c> ", PAGES, [], "laws", None, Recent())[-1]
    assert as_data(ask, {"study": "my study"}) == {
        "kind": "Ask",
        "title": "a&b=<c>",
        "detail": "ask this",
        "href": "search?study=my+study&q=a%26b%3D%3Cc%3E",
    }


@pytest.mark.parametrize(
    "typed", ["a", "sum of array 49", "nothing like it", "array sum", "doc-4999", "x" * 300]
)
def test_choices_are_bounded_however_many_documents_match(typed: str) -> None:
    found = search(typed, PAGES, [], "laws", index_of(5_000), Recent())
    assert len(titles(found, "document")) <= 5
    assert len(found) <= 24
    assert found[-1].kind == "ask"

"""More results than ten, and where the judged documents stand."""

from __future__ import annotations

import re

import pytest

from analyses.comparison.query_rankings import judged_places
from one_page import html_of, opened
from retrieval.study import Study
from workbench.views.explain import search


@pytest.fixture(autouse=True)
def one_study(tiny_study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["app", str(tiny_study.path)])


def ranks(html: str, css: str) -> list[str]:
    """The numbers of the result cards of a class."""
    return re.findall(rf'<article class="{css}(?: lt-chosen)?"><div class="lt-rank">([^<]+)', html)


def test_ten_more_results_are_in_the_address(tiny_study: Study) -> None:
    query = str(tiny_study.queries.texts[5])
    first = html_of(opened("search", q=query))
    assert ranks(first, "lt-result") == [str(rank) for rank in range(1, 11)]
    assert "shown=20" in first
    more = html_of(opened("search", q=query, shown="20"))
    found = tiny_study.search(query, 20)
    assert ranks(more, "lt-result") == [str(rank) for rank in range(1, len(found) + 1)]
    assert "Only the first 10" in more


def test_another_query_begins_with_ten_again(tiny_study: Study) -> None:
    app = opened("search", q=str(tiny_study.queries.texts[5]), shown="20")
    app.text_input[0].set_value("integrate a function").run()
    assert "shown" not in app.query_params


@pytest.mark.parametrize(
    ("text", "n"), [("", 10), ("1", 10), ("11", 20), ("20", 20), ("5000", 100), ("-3", 10), ("many", 10)]
)
def test_whatever_the_address_says_tens_of_results_are_shown(text: str, n: int) -> None:
    assert search.n_shown(text) == n


def test_every_judged_document_has_its_place_and_leads_to_its_breakdown(tiny_study: Study) -> None:
    row = next(row for row, one in enumerate(tiny_study.queries.ids) if tiny_study.qrels.get(one))
    identifier, query = tiny_study.queries.ids[row], str(tiny_study.queries.texts[row])
    html = html_of(opened("search", q=query))
    places = judged_places(tiny_study, tiny_study.encode(query), identifier)
    assert ranks(html, "lt-result lt-judged") == [f"{rank:,}" for rank in places["latent_rank"]]
    assert "judged relevant for this query" in html
    assert "judged relevant for this query" not in html_of(opened("search", q="nobody judged this"))

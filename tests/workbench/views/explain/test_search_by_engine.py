"""Search by an engine: its ranking and the study's breakdowns, and whether its scores are the study's own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from in_memory_engine import InMemory
from one_page import html_of, opened
from retrieval.study import Study
from workbench.export.engines import serving
from workbench.export.engines.engine import Engine
from workbench.page.serve import ENGINE, Sharing
from workbench.views.explain import search_engine

QUERY, ADDRESS = "return the sum of an array", "qdrant://here:1"
pytestmark = pytest.mark.slow


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tiny_study: Study) -> InMemory:
    """The app's engine, which keeps the small study."""
    one = InMemory()

    @contextmanager
    def connected(*_: object) -> Iterator[Engine]:
        yield one

    monkeypatch.setattr(serving, "connected", connected)
    monkeypatch.setattr(sys, "argv", ["app", str(tiny_study.path)])
    monkeypatch.setenv(ENGINE, ADDRESS)
    search_engine.ranking.clear()
    return one


def test_it_ranks_as_the_study_does_and_says_so(engine: InMemory, tiny_study: Study) -> None:
    serving.upload(tiny_study, ADDRESS)
    page = html_of(opened("search", q=QUERY, by="engine"))
    assert "Each of the 10 scores is the study" in page
    places = [
        page.index(f"doc={doc_id}".replace("/", "%2F")) for doc_id in tiny_study.search(QUERY, 3)["doc_id"]
    ]
    assert places == sorted(places)


def test_another_score_is_said(engine: InMemory, tiny_study: Study) -> None:
    record = serving.upload(tiny_study, ADDRESS)
    points = engine.kept[record.collection][1]
    first = tiny_study.position[tiny_study.search(QUERY, 1)["doc_id"][0]]
    points[first] = {latent: 1.01 * weight for latent, weight in points[first].items()}
    assert "1 of 10 scores are not the study" in html_of(opened("search", q=QUERY, by="engine"))


def test_without_an_export_it_says_what_to_do(engine: InMemory) -> None:
    page = html_of(opened("search", q=QUERY, by="engine"))
    assert "The engine gives no ranking" in page
    assert "workbench export" in page
    assert "lt-results" not in page


def test_without_an_engine_there_is_no_choice(monkeypatch: pytest.MonkeyPatch, engine: InMemory) -> None:
    monkeypatch.delenv(ENGINE)
    page = html_of(opened("search", q=QUERY, by="engine"))
    assert "lt-results" in page
    assert "scores" not in page.split("lt-results")[0]
    assert Sharing(engine=ADDRESS).environment()[ENGINE] == ADDRESS

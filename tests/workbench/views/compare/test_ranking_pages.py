"""Failures and Systems in the browser, and their verbs: filters, one click to the breakdown, an uploaded run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest

from analyses.comparison.failures import failures
from retrieval.queries import study_queries
from retrieval.run import write_trec
from retrieval.study import Study
from retrieval.systems import rank
from workbench.page import browser


def selection(page: Any) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}


@pytest.mark.browser
def test_a_miss_leads_to_its_breakdown_and_to_what_ranks_above(
    page: Any, app: str, tiny_study: Study
) -> None:
    misses = failures(tiny_study, k=1).misses
    expected = misses[misses["reason"] == "outscored"]
    browser.open_page(page, f"{app}/failures?k=1&reason=outscored")
    card = page.locator(".lt-misses .lt-result").first
    card.wait_for()
    assert page.locator(".lt-misses .lt-result").count() == min(len(expected), 25)
    first = expected.iloc[0]
    assert card.locator(".lt-title").inner_text() == (first["title"] or first["doc_id"])
    assert card.locator("a.lt-chip .lt-number").all_inner_texts() == [str(j) for j in first["blamed"]]
    card.get_by_text("Which documents rank above?").click()
    page.get_by_text("Documents that rank above").wait_for()
    assert selection(page)["doc"] == first["doc_id"]
    assert selection(page)["reason"] == "outscored"
    page.locator(".lt-misses .lt-title").first.click()
    page.locator(".lt-result").first.wait_for()
    page.wait_for_url("**/search?**")
    assert selection(page)["q"] == first["query"]
    assert selection(page)["doc"] == first["doc_id"]


@pytest.fixture
def runs_of_tiny(tiny_study: Study) -> Iterator[None]:
    """What a test brings into the small study is taken out again."""
    yield
    shutil.rmtree(tiny_study.path / "runs", ignore_errors=True)


@pytest.mark.browser
def test_a_run_that_is_brought_stands_beside_the_others(
    page: Any, app: str, tiny_study: Study, runs_of_tiny: None, tmp_path: Path
) -> None:
    write_trec(rank(tiny_study, study_queries(tiny_study), "bm25", 20), tmp_path / "mine.trec", "mine")
    (tmp_path / "other.trec").write_text("nobody Q0 nothing 1 1 x\n")
    browser.open_page(page, f"{app}/systems?q={quote_plus(tiny_study.queries.texts[3])}")
    page.get_by_text("Bring another system's ranking").click()
    for file, told in (("other.trec", "is known"), ("mine.trec", "document ids are unknown here")):
        page.locator("input[type=file]").set_input_files(tmp_path / file)
        page.get_by_text(file, exact=True).first.wait_for()
        page.get_by_placeholder("splade-v3").fill("brought-in")
        page.get_by_role("button", name="Add it").click()
        page.get_by_text(told).first.wait_for()
    page.locator(".lt-table td").get_by_text("brought-in").first.wait_for()
    browser.settle(page)
    assert page.locator(".js-plotly-plot .xtick text").all_text_contents()[:4] == [
        "Latent terms",
        "Cosine",
        "Lexical BM25",
        "brought-in",
    ]


def test_the_verbs_say_the_same_as_the_functions(
    command: Callable[..., int], tiny_study: Study, tmp_path: Path, capsys: Any
) -> None:
    assert command("failures", tiny_study.path, "--k", 2, "--json") == 0
    out = json.loads(capsys.readouterr().out)
    found = failures(tiny_study, k=2)
    assert out["n_missed"] == len(found.misses)
    assert [row["doc_id"] for row in out["misses"]] == found.misses["doc_id"].tolist()
    folder = tmp_path / "copy"
    shutil.copytree(tiny_study.path, folder)
    write_trec(rank(tiny_study, study_queries(tiny_study), "cosine", 5), tmp_path / "mine.trec", "mine")
    assert command("add-run", folder, tmp_path / "mine.trec", "--name", "by-verb", "--json") == 0
    assert json.loads(capsys.readouterr().out)["n_answered"] == len(tiny_study.queries)
    (tmp_path / "other.trec").write_text("nobody Q0 nothing 1 1 x\n")
    assert command("add-run", folder, tmp_path / "other.trec", "--name", "other") == 2
    assert "is known" in capsys.readouterr().err

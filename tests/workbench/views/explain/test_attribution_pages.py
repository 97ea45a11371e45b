"""Search's parts of a document, and Compare documents, in a real browser."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest

from analyses.attribution.compare_documents import compare
from retrieval.study import Study
from workbench.page import browser

pytestmark = pytest.mark.browser


def selection(page: Any) -> dict[str, str]:
    return {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}


@pytest.fixture(scope="module")
def query(tiny_study: Study) -> str:
    return str(tiny_study.queries.texts[3])


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("ledger", "latents that query and document share"),
        ("text", "How faithful the credit is"),
        ("text&credit=leave-one-out", "What the score loses without the activations of this token"),
        ("text&credit=occlusion", "a mask that hides nothing costs"),
        ("cosine", "what the SAE does not reconstruct"),
        ("words", "Lexical BM25 scores"),
        ("pairs", "the cosine of mean-pooled token states is a sum over pairs"),
        ("pairs&beside=maxsim", "its normalised token states are compared"),
        ("pairs&beside=words", "pairs of equal stems"),
    ],
)
def test_each_part_of_a_document_opens(page: Any, app: str, query: str, part: str, content: str) -> None:
    browser.visit(page, f"{app}/search?q={quote_plus(query)}&part={part}")
    page.get_by_text(content).first.wait_for()
    page.wait_for_selector(".heatmaplayer" if part.startswith("pairs") else ".lt-document")
    assert page.locator(".stException").count() == 0


def test_the_choices_of_part_and_credit_live_in_the_url(page: Any, app: str, query: str) -> None:
    browser.visit(page, f"{app}/search?q={quote_plus(query)}")
    page.get_by_test_id("stButtonGroup").get_by_text("Text", exact=True).click()
    page.get_by_text("How faithful the credit is").wait_for()
    assert selection(page)["part"] == "text"
    page.get_by_text("Leave one out", exact=True).first.click()
    page.get_by_text("What the score loses without the activations").wait_for()
    browser.settle(page)
    assert selection(page)["credit"] == "leave-one-out"


def test_one_click_leads_from_a_result_to_why_it_stands_above_another(
    page: Any, app: str, tiny_study: Study, query: str
) -> None:
    browser.visit(page, f"{app}/search?q={quote_plus(query)}")
    page.locator(".lt-rivals a").nth(1).click()
    page.get_by_text("The fewest latents of the query").wait_for()
    browser.settle(page)
    found = tiny_study.search(query)["doc_id"]
    here = selection(page)
    assert (here["doc"], here["other"]) == (found[0], found[2])
    both = compare(tiny_study, query, found[0], found[2])
    assert both.swap is not None
    shown = page.locator(".lt-set").first.locator(".lt-number").all_inner_texts()
    assert tuple(map(int, shown)) == both.swap.latents
    assert f"{both.scores[0] - both.scores[1]:+.2f}" in page.locator(".lt-figures").inner_text()
    assert page.locator(".lt-document mark").count() > 10

"""The latent page: its parts open when asked for, its links lead on, and hostile text stays text."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from analyses.dictionary.near_misses import NearMiss
from analyses.text.contexts import Context, Highlight
from retrieval.study import Study
from workbench.markup import latent_html
from workbench.page import browser

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def latent(tiny_study: Study) -> int:
    return int(np.argsort(tiny_study.index.document_frequency)[-60])


@pytest.fixture
def opened(page: Any, app: str, tiny_study: Study, latent: int) -> Any:
    browser.visit(page, f"{app}/latent?study={tiny_study.path.name}&latent={latent}")
    page.wait_for_selector(".lt-context")
    return page


def open_section(page: Any, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).or_(
        page.get_by_role("button", name=name, exact=True)
    ).first.click()
    browser.settle(page)
    assert page.get_by_text("This page failed").count() == 0


@pytest.mark.browser
def test_every_section_opens(opened: Any) -> None:
    for section, content in {
        "Words and places": "bits",
        "Documents": "Documents with the most of this latent",
        "Queries": "queries that activate the latent",
        "Contexts": "drawn with a fixed seed",
    }.items():
        open_section(opened, section)
        opened.get_by_text(content).first.wait_for(state="attached")


@pytest.mark.browser
def test_a_document_opens_under_its_context(opened: Any) -> None:
    whole = opened.locator("details.lt-whole").first
    assert not whole.locator(".lt-document").is_visible()
    whole.locator("summary").click()
    assert whole.locator(".lt-document mark").count() > 0
    assert whole.locator(".lt-document").is_visible()


@pytest.mark.browser
def test_a_neighbour_leads_to_its_page(opened: Any, latent: int) -> None:
    open_section(opened, "Neighbours")
    link = opened.locator(".lt-linked a").first
    link.wait_for()
    neighbour = opened.locator(".lt-linked .lt-number").first.inner_text()
    link.click()
    opened.wait_for_function("n => document.querySelector('.lt-lead')?.innerText.includes(n)", arg=neighbour)
    assert parse_qs(urlsplit(opened.url).query)["latent"] == [neighbour] != [str(latent)]


@pytest.mark.browser
def test_near_misses_come_when_asked_for(opened: Any) -> None:
    open_section(opened, "Near misses")
    assert opened.locator(".lt-focus").count() == 0
    opened.get_by_role("button", name="Look for near misses").click()
    opened.wait_for_selector(".lt-focus")
    browser.settle(opened)
    assert opened.get_by_role("button", name="Look for near misses").count() == 0


@pytest.mark.browser
def test_the_rarest_latent_has_a_whole_page(page: Any, app: str, tiny_study: Study) -> None:
    frequency = tiny_study.index.document_frequency
    rarest = int(np.argmin(np.where(frequency > 0, frequency, 10**6)))
    browser.visit(page, f"{app}/latent?study={tiny_study.path.name}&latent={rarest}")
    page.wait_for_selector(".lt-context")
    for section in ("Words and places", "Neighbours", "Documents", "Queries", "Contexts"):
        open_section(page, section)


def test_text_of_a_collection_stays_text() -> None:
    focus = Highlight(4, 8, 0.0)
    marks = (Highlight(0, 4, 1.0), Highlight(8, 11, 0.5))
    context = Context(HOSTILE, HOSTILE, 0.0, HOSTILE, 0, focus, marks)
    for html in (
        latent_html.context_card(context, "latent?latent=1", 1.0, "whole"),
        latent_html.near_miss_card(NearMiss(0.5, 0.6, 17, context), "latent?latent=1", 1.0),
        latent_html.linked_bars([(HOSTILE, HOSTILE, HOSTILE, 0.5, HOSTILE)]),
        latent_html.linked_table([HOSTILE], [(HOSTILE, HOSTILE, [HOSTILE])]),
    ):
        assert "<img" not in html
        assert "&lt;" in html


def test_a_near_miss_keeps_every_character_and_every_mark() -> None:
    context = Context(
        "d", "", 0.0, "abcd efgh", 0, Highlight(5, 7, 0.0), (Highlight(0, 4, 1.0), Highlight(7, 9, 0.5))
    )
    html = latent_html.near_miss_card(NearMiss(0.5, 0.6, 17, context), "search?doc=d", 1.0)
    assert html.count("<mark") == 3
    assert ">abcd</mark> <mark" in html
    assert ">ef</mark><mark" in html
    assert ">gh</mark></p>" in html


def test_a_special_token_is_named_before_its_context() -> None:
    """It has no place in the text, so nothing else would show where the latent fires."""
    for focus, named in ((Highlight(0, 0, 2.0), True), (Highlight(4, 8, 2.0), False)):
        marks = () if named else (focus,)
        context = Context("d", "", 2.0, "the text", 0, focus, marks)
        card = latent_html.context_card(context, "search?doc=d", 4.0, "")
        assert ("special token" in card) == named
        assert card.count("<mark") == 1

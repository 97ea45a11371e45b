"""No page has a serious finding of axe-core: contrast, names of controls, roles."""

from __future__ import annotations

from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

import pytest

from retrieval.study import Study
from workbench.page import browser, links

pytestmark = [pytest.mark.browser, pytest.mark.slow]

axe = pytest.importorskip("axe_playwright_python", reason="needs the package axe-playwright-python")

# What is Streamlit's own and no page can mend: (rule, a part of the element's HTML) -> what it is.
OF_STREAMLIT: dict[tuple[str, str], str] = {}
ALSO = {
    "side-by-side": {"q2": "integrate a function"},
    "word": {"word": "array"},
    "your-text": {"text": "sort the rows of an array"},
    "basket": {"basket": "3,7"},
}
MEASURING = ("laws", "train")  # these measure for long when they open; what stands there meanwhile is read
RUN = "axe.run(document, {resultTypes: ['violations'], iframes: false})"


@pytest.fixture(scope="module")
def script() -> str:
    return files(axe).joinpath("axe.min.js").read_text(encoding="utf-8")


def serious(found: dict[str, Any]) -> list[str]:
    """The rule, the element and what is wrong, of each serious or critical finding that is not Streamlit's."""
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary'][:300]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
        if not any(one["id"] == rule and part in node["html"] for rule, part in OF_STREAMLIT)
    ]


DARK = ("search", "latent", "why")  # the sheet is one: three pages show it in the dark
PLACES = [destination.pages for destination in links.DESTINATIONS] + [links.GUIDE]


def findings(page: Any, script: str) -> list[str]:
    page.evaluate(script)
    return serious(page.evaluate(RUN))


@pytest.mark.parametrize("pages", PLACES, ids=lambda pages: pages[0].slug)
def test_no_page_has_a_serious_finding(
    page: Any, app: str, tiny_study: Study, script: str, pages: tuple[links.Page, ...]
) -> None:
    chosen = {"q": str(tiny_study.queries.texts[3]), "latent": "3"}
    browser.open_page(page, f"{app}/method")
    found = {}
    for one in pages:
        address = f"{one.slug}?{urlencode(chosen | ALSO.get(one.slug, {}))}"
        if one.slug in MEASURING:
            page.goto(f"{app}/{address}")
            page.wait_for_selector(".lt-lead")
        else:
            browser.follow(page, address)
        found[one.slug] = findings(page, script)
    assert not any(found.values()), found


def test_no_page_has_one_in_the_dark(page: Any, app: str, tiny_study: Study, script: str) -> None:
    page.emulate_media(color_scheme="dark")
    browser.open_page(page, f"{app}/method")
    found = {}
    for slug in DARK:
        browser.follow(page, f"{slug}?{urlencode({'q': str(tiny_study.queries.texts[3]), 'latent': '3'})}")
        found[slug] = findings(page, script)
    page.emulate_media(color_scheme="light")
    assert not any(found.values()), found


def test_a_finding_is_seen(page: Any, app: str, script: str) -> None:
    browser.open_page(page, f"{app}/method")
    page.evaluate("document.querySelector('.lt-heading').style.color = '#eee'")
    assert any(one.startswith("color-contrast") for one in findings(page, script))

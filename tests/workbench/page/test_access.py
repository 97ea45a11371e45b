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


@pytest.mark.parametrize(
    ("slug", "theme"), [*((slug, "light") for slug in links.PAGES), *((slug, "dark") for slug in DARK)]
)
def test_no_page_has_a_serious_finding(
    page: Any, app: str, tiny_study: Study, script: str, slug: str, theme: str
) -> None:
    page.emulate_media(color_scheme=theme)
    chosen = {"q": str(tiny_study.queries.texts[3]), "latent": "3"} | ALSO.get(slug, {})
    if slug in MEASURING:
        page.goto(f"{app}/{slug}?{urlencode(chosen)}")
        page.wait_for_selector(".lt-lead")
    else:
        browser.open_page(page, f"{app}/{slug}?{urlencode(chosen)}")
    page.evaluate(script)
    found = serious(page.evaluate(RUN))
    page.emulate_media(color_scheme="light")
    assert not found, "\n".join(found)


def test_a_finding_is_seen(page: Any, app: str, script: str) -> None:
    browser.open_page(page, f"{app}/method")
    page.evaluate("document.querySelector('.lt-heading').style.color = '#eee'")
    page.evaluate(script)
    assert any(one.startswith("color-contrast") for one in serious(page.evaluate(RUN)))

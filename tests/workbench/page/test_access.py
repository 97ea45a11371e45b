"""Pages in the dark have no serious finding of axe-core; by day each one is looked at as it opens (test_app)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from accessibility import findings

from retrieval.study import Study
from workbench.page import browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DARK = ("search", "latent", "why")  # the sheet is one: three pages show it in the dark


def test_no_page_has_one_in_the_dark(page: Any, app: str, tiny_study: Study) -> None:
    page.emulate_media(color_scheme="dark")
    found = {}
    for slug in DARK:
        chosen = {"q": str(tiny_study.queries.texts[3]), "latent": "3"}
        browser.visit(page, f"{app}/{slug}?{urlencode(chosen)}")
        found[slug] = findings(page)
    page.emulate_media(color_scheme="light")
    assert not any(found.values()), found


def test_a_finding_is_seen(page: Any, app: str) -> None:
    browser.visit(page, f"{app}/method")
    page.evaluate("document.querySelector('.lt-heading').style.color = '#eee'")
    assert any(one.startswith("color-contrast") for one in findings(page))

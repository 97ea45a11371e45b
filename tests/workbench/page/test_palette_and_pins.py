"""In a browser, by keyboard: a latent is found and opened, a chart saved, the view pinned and found again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from workbench.page.browser import open_page, settle

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.mark.browser
def test_find_open_save_and_pin(page: Any, app: str) -> None:
    open_page(page, f"{app}/overview?study=tiny")
    with page.expect_download() as download:
        page.locator('[class*="st-key-take-"] button').first.click()
        page.get_by_role("button", name="SVG").click()
    assert "<svg" in Path(download.value.path()).read_text()[:200]
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    page.get_by_text("finding 1").wait_for()
    page.keyboard.press("Control+k")
    page.keyboard.type(HOSTILE)
    page.locator("li", has_text="Ask").get_by_text(HOSTILE).wait_for()
    page.locator("dialog input").fill("7")
    page.locator('li[aria-selected="true"]', has_text="Latent").wait_for()
    page.evaluate("window.stays = true")
    page.keyboard.press("Enter")
    page.wait_for_url("**/latent?*latent=7*")
    settle(page)
    assert page.evaluate("window.stays")  # opened by the router, without a reload
    page.keyboard.press("Control+k")
    page.locator("dialog[open] input").wait_for()
    page.keyboard.type("findings")
    page.locator("dialog li", has_text="Findings").first.wait_for()
    page.locator("dialog li", has_text="Findings").first.click()
    page.locator("h2.lt-subheading", has_text="Overview").wait_for()
    page.get_by_role("button", name="Delete").click()
    page.get_by_text("Nothing pinned yet").wait_for()

"""In a browser: the history has the states that the reader chose alone, and Back returns to where they were."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.page.browser import follow, open_page, settle

SCROLLED = "() => document.querySelector('[data-testid=stMain]').scrollTop"


@pytest.mark.browser
def test_what_a_page_adds_to_its_address_is_no_state_and_back_finds_the_place(page: Any, app: str) -> None:
    page.goto("about:blank")
    before = page.evaluate("history.length")
    open_page(page, f"{app}/latent")
    assert "study=tiny" in page.url
    assert "latent=" in page.url
    assert page.evaluate("history.length") == before + 1
    page.keyboard.press("Shift")  # the reader's hand
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop = 300")
    page.wait_for_function(f"({SCROLLED})() === 300")
    first = page.url
    follow(page, "types?study=tiny")
    assert page.evaluate("history.length") == before + 2
    assert page.evaluate(SCROLLED) == 0
    page.go_back()
    page.wait_for_url(first)
    page.wait_for_function(f"({SCROLLED})() === 300")
    page.wait_for_timeout(300)  # until the app has heard of it
    settle(page)
    assert page.evaluate(SCROLLED) == 300
    page.go_back()
    assert page.url == "about:blank"


@pytest.mark.browser
def test_after_a_link_the_focus_is_on_the_new_pages_heading(page: Any, app: str) -> None:
    open_page(page, f"{app}/latent")
    follow(page, "types?study=tiny")
    page.wait_for_function(
        "document.activeElement.matches('h1') && document.activeElement.innerText === 'Types'"
    )

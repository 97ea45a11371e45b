"""The card of a latent on hover: three contexts of the latent that an address names, and nothing for any other."""

from __future__ import annotations

from typing import Any

import pytest

from analyses.text.contexts import strongest_contexts
from retrieval.study import Study
from workbench.markup.hover_card import hover_card
from workbench.page import links
from workbench.page.browser import open_page, settle
from workbench.page.hover.latent_hover import card_of


@pytest.fixture
def name(tiny_study: Study, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("sys.argv", ["app", str(tiny_study.path)])
    return tiny_study.path.name


def test_the_card_of_an_address(tiny_study: Study, name: str) -> None:
    latent = int(tiny_study.index.document_frequency.argmax())
    html = card_of(links.href("latent", study=name, latent=latent))
    assert f'lt-number">{latent}<' in html
    assert html.count("<p>") == 3
    for context in strongest_contexts(tiny_study, latent, 3):
        assert f"activation {context.activation:.3g}" in html


@pytest.mark.parametrize("latent", ["-1", "abc", "99999999", ""])
def test_no_card_of_what_is_no_latent(name: str, latent: str) -> None:
    assert card_of(links.href("latent", study=name, latent=latent)) == ""
    assert card_of(links.href("latent", study="no such study", latent=1)) == ""
    assert card_of(f"https://elsewhere.example/latent?study={name}&latent=1") == ""


def test_the_token_of_a_context_is_in_its_cut(tiny_study: Study) -> None:
    for latent in range(0, tiny_study.n_latents, 40):
        for context in strongest_contexts(tiny_study, latent, 3):
            if context.focus.end > context.focus.start:
                assert f"activation {context.activation:.3g}" in hover_card(latent, "<i>", "", [context])
                assert "<i>" not in hover_card(latent, "<i>", "", [context])


@pytest.mark.browser
def test_a_link_shows_the_card_while_the_pointer_rests_on_it(page: Any, app: str, tiny_study: Study) -> None:
    open_page(page, f"{app}/latent?study={tiny_study.path.name}&latent=1&section=neighbours")
    link = page.locator(".lt-linked a.lt-link").first
    link.wait_for()
    settle(page)
    card = page.locator(".lt-hover")
    card.wait_for(state="attached")
    link.scroll_into_view_if_needed()
    page.wait_for_timeout(300)  # scrolling hides a card
    link.hover()
    card.wait_for(state="visible")
    latent = page.locator(".lt-linked .lt-number").first.inner_text()
    assert card.locator(".lt-number").inner_text() == latent
    assert card.locator("mark").count() >= 1
    page.keyboard.press("Escape")
    assert not card.is_visible()

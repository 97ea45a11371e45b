"""The filters of the latents page in a browser: each pick is kept, also in the URL, and a link sets them all."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from analyses.latents.latent_table import vocabulary_table
from analyses.latents.lexicon import matching
from analyses.latents.types import TypeThresholds
from retrieval.study import Study
from workbench.caches import cache, types
from workbench.page.browser import settle, visit


def pick(page: Any, kind: str) -> None:
    page.get_by_test_id("stMultiSelect").locator("input").click()
    page.get_by_role("option", name=kind).click()
    page.wait_for_timeout(300)  # the pick has reached Python
    settle(page)


def asked(page: Any) -> dict[str, list[str]]:
    return {name: values for name, values in parse_qs(urlsplit(page.url).query).items() if name != "study"}


def shown(page: Any) -> int:
    return int(
        page.get_by_text("latents active in this collection").inner_text().split(" of ")[0].replace(",", "")
    )


@pytest.mark.browser
def test_picks_add_up_and_outlast_another_page(page: Any, app: str, tiny_study: Study) -> None:
    key = cache.key_of(tiny_study.path)
    table = types.table(key, TypeThresholds())
    table = table.assign(type=table["kind"])
    visit(page, f"{app}/latents?study={tiny_study.path.name}")
    pick(page, "Lexical")
    pick(page, "Broad topical")
    expected = len(matching(table, types=("lexical", "broad"), alive="yes"))
    assert asked(page) == {"type": ["lexical,broad"]}
    assert shown(page) == expected < len(table)
    box = page.get_by_label("Find", exact=True)
    box.fill("a")
    box.press("Enter")
    page.wait_for_function("document.URL.includes('find=a')")
    settle(page)
    also = types.on_word(key, "a")
    assert shown(page) == len(matching(table, "a", ("lexical", "broad"), alive="yes", also=also))
    page.locator(".lt-guide-nav a[href^='method?']").click()
    page.wait_for_function("document.URL.includes('/method')")
    settle(page)
    page.locator(".lt-places-nav a[href^='latents?']").click()
    page.wait_for_function("document.URL.includes('/latents')")
    box.wait_for()
    settle(page)
    assert box.input_value() == "a"
    assert asked(page) == {"type": ["lexical,broad"], "find": ["a"]}


@pytest.mark.browser
def test_a_link_sets_the_filters(page: Any, app: str, tiny_study: Study) -> None:
    visit(page, f"{app}/latents?study={tiny_study.path.name}&find=the&alive=any&type=nonsense")
    settle(page)
    assert page.get_by_label("Find", exact=True).input_value() == "the"
    assert asked(page) == {"find": ["the"], "alive": ["any"]}
    table = vocabulary_table(tiny_study)
    assert shown(page) >= int(table["label"].str.contains("the", regex=False).sum())

"""Pages do not scroll sideways, on a phone or on a tablet: what is wider than the window scrolls by itself."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from retrieval.study import Study
from workbench.page.browser import follow, open_page

# Those of tables, of several columns, and of text that does not break.
PAGES: dict[str, dict[str, str]] = {
    **{slug: {} for slug in ("start", "search", "compare-documents", "steering", "systems", "failures")},
    **{
        slug: {}
        for slug in ("latents", "latent", "types", "frequency-bands", "growth", "polysemy", "overview")
    },
    "side-by-side": {"q2": "integrate a function"},
    "basket": {"basket": "3,7"},
    "word": {"word": "array"},
}
TOO_WIDE = """() => {
  const main = document.querySelector('[data-testid=stMain]');
  return Math.max(main.scrollWidth - main.clientWidth, document.documentElement.scrollWidth - innerWidth);
}"""


@pytest.mark.browser
@pytest.mark.slow
def test_pages_do_not_scroll_sideways(page: Any, app: str, tiny_study: Study) -> None:
    chosen = {"q": str(tiny_study.queries.texts[3]), "latent": "3"}
    page.set_viewport_size({"width": 390, "height": 844})
    open_page(page, f"{app}/method")
    wide = {}
    for slug, also in PAGES.items():
        follow(page, f"{slug}?{urlencode(chosen | also)}")
        for width in (390, 768):
            page.set_viewport_size({"width": width, "height": 844})
            page.wait_for_timeout(50)
            wide[slug, width] = page.evaluate(TOO_WIDE)
        page.set_viewport_size({"width": 390, "height": 844})
    assert {place: pixels for place, pixels in wide.items() if pixels > 1} == {}

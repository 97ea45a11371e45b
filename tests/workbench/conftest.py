"""The real app on the small study, and a headless browser to drive it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from retrieval.study import Study
from workbench.browser import chromium, headless, running_app


@pytest.fixture(scope="session")
def app(tiny_study: Study) -> Iterator[str]:
    """Address of the running app."""
    with running_app([tiny_study.path]) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Headless Chromium at 1440 x 900; tests that need it skip where it is not."""
    pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    if chromium() is None:
        pytest.skip("needs Chromium: install it, or set CHROMIUM to its path")
    with headless() as context:
        yield context


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A fresh tab, which is a fresh session of the app; a request that leaves this machine fails the test."""
    tab = browser.new_page()
    tab.set_default_timeout(60_000)
    outside: list[str] = []
    tab.on("request", lambda request: outside.append(request.url) if not _local(request.url) else None)
    yield tab
    tab.close()
    assert not outside, f"the app asked the network for {outside}"


def _local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:"))

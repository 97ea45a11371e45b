"""The real app on the small study, and a headless browser to drive it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.files import read_json, write_json
from retrieval.study import Study
from workbench.browser import chromium, headless, running_app


@pytest.fixture(scope="session")
def silent_study(tiny_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the small study, named silent, with one more latent that never fires."""
    folder = tmp_path_factory.mktemp("more") / "silent"
    shutil.copytree(tiny_study.path, folder, ignore=shutil.ignore_patterns("vocabulary.parquet"))
    manifest = read_json(folder / "study.json")
    manifest["sae"]["n_latents"] += 1
    write_json(folder / "study.json", manifest)
    card = read_json(folder / "index" / "index.json")
    write_json(folder / "index" / "index.json", card | {"n_terms": card["n_terms"] + 1})
    for name in ("contexts/ptr.npy", "index/indptr.npy"):
        offsets = np.load(folder / name)
        np.save(folder / name, np.append(offsets, offsets[-1]))
    return folder


@pytest.fixture(scope="session")
def app(tiny_study: Study, silent_study: Path) -> Iterator[str]:
    """Address of the running app, on a study given by itself and a folder of studies."""
    with running_app([tiny_study.path, silent_study.parent]) as address:
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

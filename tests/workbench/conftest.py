"""The real app on the small study, and a headless browser to drive it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.files import read_json, write_json
from retrieval.study import Study
from workbench import cli
from workbench.browser import chromium, headless, running_app


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """Runs the command line in this process; returns its exit status. What it keeps goes into tmp_path."""
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path / "artifacts"))

    def run(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["workbench", *map(str, arguments)])
        try:
            cli.main()
        except SystemExit as stop:
            return int(stop.code or 0)
        return 0

    return run


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """A small BEIR folder."""
    folder = tmp_path / "animals"
    (folder / "qrels").mkdir(parents=True)
    animals = ["cat", "dog", "cow", "owl", "bee", "ant", "fox", "hen"]
    lines = [
        {"_id": a, "title": a.title(), "text": f"The {a} is an animal. A {a} eats, and sleeps."}
        for a in animals
    ]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    queries = [{"_id": f"q {a}", "text": f"what does a {a} eat"} for a in animals]
    (folder / "queries.jsonl").write_text("".join(json.dumps(line) + "\n" for line in queries))
    qrels = "query-id\tcorpus-id\tscore\n" + "".join(f"q {a}\t{a}\t1\n" for a in animals)
    (folder / "qrels" / "test.tsv").write_text(qrels)
    return folder


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
    """Address of the running app, on a study given by itself and a folder of studies; it keeps nothing here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_ARTIFACTS", str(silent_study.parent.parent / "artifacts"))
        with running_app([tiny_study.path, silent_study.parent]) as address:
            patch.undo()
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


@pytest.fixture(scope="session")
def tiny_paper() -> str:
    """A configuration of `workbench paper` that is measured in seconds, as TOML."""
    return """
title = "Tiny"
seeds = [0, 1]
[[encoders]]
name = "MiniLM"
model = "minilm"
max_length = 64
[[saes]]
name = "own text"
text = "limit:60"
distinct_tokens = 4000
n_tokens = 8192
n_latents = 64
k = 4
batch_size = 512
[[collections]]
source = "limit:60"
name = "limit"
queries = 15
[controls]
random_encoder = false
[sweeps]
k = [2, 4]
head = [0.0, 0.1]
tail = []
"""

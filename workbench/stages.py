"""The stages of the main job, each kept under a fingerprint of its inputs and reused while they are the same.

    collection -> activations -> SAE -> study

Activations are kept under `artifacts()`, named by their fingerprint; SAE and study where their user says.
"""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analyses.vocabulary import write_vocabulary
from data.activations import ActivationStore, select_documents, write_store
from data.corpus import Collection, corpus_fingerprint
from data.encoders import Encoder
from data.errors import UserError
from data.files import fingerprint, new_folder
from retrieval.pipeline import build_study, versions
from retrieval.study import Study
from sae.checkpoint import load_autoencoder, save_autoencoder
from sae.model import SparseAutoencoder
from sae.train import TrainConfig, TrainStep, train
from workbench.artifacts import artifacts
from workbench.progress import StageProgress


def activations(
    encoder: Encoder, collection: Collection, rows: NDArray[np.int64] | None, progress: StageProgress
) -> ActivationStore:
    """Token states of a collection's documents (all, or those at `rows`), from the store if they are there."""
    source = _source(collection, rows)
    folder = _store_folder(encoder, source)
    stage = "Encode the text"
    if (folder / "manifest.json").is_file():
        progress.reused(stage, folder.name)
        return ActivationStore.open(folder)
    texts = collection.corpus.texts
    chosen = texts if rows is None else [texts[row] for row in rows]
    return write_store(
        folder, encoder, chosen, source, lambda done, total: progress(stage, done, total, "tokens")
    )


def stored_activations(encoder: Encoder, collection: Collection) -> ActivationStore | None:
    """The store of exactly this corpus by exactly this encoder, if there is one."""
    folder = _store_folder(encoder, _source(collection, None))
    return ActivationStore.open(folder) if (folder / "manifest.json").is_file() else None


def _source(collection: Collection, rows: NDArray[np.int64] | None) -> dict[str, Any]:
    """What a store says of its texts."""
    source = {"name": collection.name, "fingerprint": corpus_fingerprint(collection.corpus)}
    return source if rows is None else source | {"documents": fingerprint([int(row) for row in rows])}


def _store_folder(encoder: Encoder, source: dict[str, Any]) -> Path:
    return artifacts() / "activations" / fingerprint({"encoder": encoder.describe(), "source": source})


def train_autoencoder(
    collection: Collection,
    encoder: Encoder,
    config: TrainConfig,
    epochs: int,
    out: Path,
    progress: StageProgress,
    resume: bool = False,
) -> SparseAutoencoder:
    """Train an SAE on a collection's documents into folder `out`; returns at once if that very SAE stands there.

    Of the text, about config.n_tokens / epochs distinct tokens are encoded, from documents chosen by the seed;
    a shorter text is read in more epochs, so that config.n_tokens token views are trained on in any case.
    The log and the checkpoints of a training that is not finished are in `.<out>.training` beside it.
    """
    texts = collection.corpus.texts
    rows = select_documents(encoder, texts, -(-config.n_tokens // epochs), config.seed)
    trained_on: dict[str, Any] = {
        "encoder": encoder.describe(),
        "text": {
            "name": collection.name,
            "fingerprint": corpus_fingerprint(collection.corpus),
            "documents": len(rows),
            "of_documents": len(texts),
        },
    }
    recipe = fingerprint([trained_on, dataclasses.asdict(config)])
    if (out / "cfg.json").is_file():
        sae = load_autoencoder(out)
        if sae.trained_on.get("recipe") == recipe:
            progress.reused("Train the SAE", str(out))
            return sae
        raise UserError(f"{out} holds another SAE: choose another folder, or remove it first")
    if out.exists() and any(out.iterdir()):
        raise UserError(f"{out} exists and is not an SAE: choose another folder")
    run = out.with_name(f".{out.name}.training")
    if not resume and any(run.glob("checkpoint-*")):
        raise UserError(
            f"{out} has an unfinished training: add --resume to go on, or remove {run} to start anew"
        )
    store = activations(encoder, collection, None if len(rows) == len(texts) else rows, progress)

    def on_step(step: TrainStep) -> None:
        note = f"FVU {step.fvu:.3f}  L0 {step.l0:.1f}  dead {step.dead_latents:,}"
        progress("Train the SAE", step.step, step.n_steps, f"{note}  {step.tokens_per_second:,.0f} tokens/s")

    facts = trained_on | {"recipe": recipe, "distinct_tokens": store.n_tokens, "versions": versions()}
    sae = train(
        config, store, run, trained_on=facts, resume=resume, on_step=on_step, device=str(encoder.device)
    )
    sae = dataclasses.replace(sae, name=out.name)
    with new_folder(out) as folder:
        save_autoencoder(sae, folder)
        shutil.copy(run / "log.jsonl", folder / "log.jsonl")
    shutil.rmtree(run)
    return sae


def make_study(
    collection: Collection,
    encoder: Encoder,
    sae: SparseAutoencoder,
    folder: Path,
    progress: StageProgress,
    *,
    pooling: Literal["sum", "max"] = "sum",
    max_queries: int | None = None,
    replace: bool = False,
) -> Study:
    """Index a collection by an SAE's latents, and describe its vocabulary, so that pages only read it.

    Token states are taken from the store where they are kept; see `retrieval.pipeline.build_study` for the rest.
    """
    study = build_study(
        collection,
        encoder,
        sae,
        folder,
        pooling=pooling,
        max_queries=max_queries,
        store=stored_activations(encoder, collection),
        replace=replace,
        progress=progress,
    )
    write_vocabulary(study)
    return study

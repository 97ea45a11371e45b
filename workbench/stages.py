"""The stages of the main job, each kept under a fingerprint of its inputs and reused while they are the same.

    collection -> activations -> SAE -> study

Activations are kept under `artifacts()`, named by their fingerprint; SAE and study where their user says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from data.activations import ActivationStore, select_documents, write_store
from data.corpus import Collection, corpus_fingerprint
from data.encoders import Encoder
from data.errors import UserError
from data.files import fingerprint
from retrieval.pipeline import versions
from sae.checkpoint import load_autoencoder, save_autoencoder
from sae.model import SparseAutoencoder
from sae.train import TrainConfig, TrainStep, train
from workbench.artifacts import artifacts
from workbench.progress import StageProgress


def activations(
    encoder: Encoder, collection: Collection, rows: Sequence[int] | None, progress: StageProgress
) -> ActivationStore:
    """Token states of a collection's documents (all, or those at `rows`), from the store if they are there."""
    texts = collection.corpus.texts
    source: dict[str, Any] = {"name": collection.name, "fingerprint": corpus_fingerprint(collection.corpus)}
    if rows is not None:
        source["documents"] = fingerprint([int(row) for row in rows])
        texts = [texts[row] for row in rows]
    folder = artifacts() / "activations" / fingerprint({"encoder": encoder.describe(), "source": source})
    stage = "Encode the text"
    if (folder / "manifest.json").is_file():
        progress.reused(stage, folder.name)
        return ActivationStore.open(folder)
    return write_store(
        folder, encoder, texts, source, lambda done, total: progress(stage, done, total, "tokens")
    )


def stored_activations(encoder: Encoder, collection: Collection) -> ActivationStore | None:
    """The store of exactly this corpus by exactly this encoder, if there is one."""
    source = {"name": collection.name, "fingerprint": corpus_fingerprint(collection.corpus)}
    folder = artifacts() / "activations" / fingerprint({"encoder": encoder.describe(), "source": source})
    return ActivationStore.open(folder) if (folder / "manifest.json").is_file() else None


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

    Of the text, at most config.n_tokens / epochs distinct tokens are encoded, from documents chosen by the
    seed; a shorter text is read in more epochs, so that config.n_tokens token views are trained on.
    """
    rows = select_documents(encoder, collection.corpus.texts, -(-config.n_tokens // epochs), config.seed)
    whole = len(rows) == len(collection.corpus)
    trained_on = {
        "encoder": encoder.describe(),
        "text": {
            "name": collection.name,
            "fingerprint": corpus_fingerprint(collection.corpus),
            "documents": len(rows),
            "of_documents": len(collection.corpus),
        },
        "config": config.as_dict(),
    }
    name = fingerprint(trained_on)
    if (out / "cfg.json").is_file():
        sae = load_autoencoder(out)
        if sae.trained_on.get("recipe") == name:
            progress.reused("Train the SAE", str(out))
            return sae
        raise UserError(f"{out} holds another SAE: choose another folder, or remove it first")
    run = out.with_name(f".{out.name}.training")
    if run.exists() and not resume:
        raise UserError(
            f"{out} has an unfinished training: add --resume to go on, or remove {run} to start anew"
        )
    store = activations(encoder, collection, None if whole else [int(row) for row in rows], progress)

    def on_step(step: TrainStep) -> None:
        note = f"FVU {step.fvu:.3f}  L0 {step.l0:.1f}  dead {step.dead:,}  {step.tokens_per_second:,.0f} tokens/s"
        progress("Train the SAE", step.tokens, config.n_tokens, note)

    sae = train(config, store, run, resume=resume, on_step=on_step)
    facts = {**trained_on, "recipe": name, "distinct_tokens": store.n_tokens, "versions": versions()}
    sae = replace(sae, name=out.name, trained_on=facts)
    save_autoencoder(sae, out)
    return sae

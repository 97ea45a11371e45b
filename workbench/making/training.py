"""Training as a stage: which documents, from a store or streamed, by which trainer, and the record in the SAE."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from data.activations import select_documents
from data.corpus import Collection, corpus_fingerprint
from data.encoders import Encoder
from data.errors import UserError
from data.files import fingerprint
from data.run_log import read_log
from data.streaming import StreamedStates, store_bytes
from retrieval.pipeline import versions
from sae.checkpoint import load_autoencoder, save_autoencoder
from sae.model import SparseAutoencoder
from sae.train import TokenSource, TrainConfig, TrainStep, train
from sae.workers import ALONE, Workers
from workbench.jobs.artifacts import artifacts
from workbench.jobs.progress import StageProgress
from workbench.making.stages import activations, store_folder, text_source

STAGE = "Train the SAE"


def train_family(
    collection: Collection,
    encoder: Encoder,
    config: TrainConfig,
    epochs: int,
    out: Path,
    progress: StageProgress,
    n_seeds: int,
    **options: Any,
) -> list[SparseAutoencoder]:
    """One SAE a seed, config.seed and the n_seeds - 1 after it, in out/seed-<seed>; all read the same documents."""
    saes = []
    for seed in range(config.seed, config.seed + n_seeds):
        progress.part = f"Seed {seed}: "
        of_seed, folder = replace(config, seed=seed), out / f"seed-{seed}"
        sae = train_autoencoder(
            collection, encoder, of_seed, epochs, folder, progress, documents_seed=config.seed, **options
        )
        saes.append(sae)
    progress.part = ""
    return saes


def members(sae: str | Path) -> Sequence[str | Path]:
    """The SAEs of a family that `train_family` wrote, by seed; anything else is its own only member."""
    by_seed = {int(path.parent.name[5:]): path.parent for path in Path(sae).glob("seed-*/cfg.json")}
    return [by_seed[seed] for seed in sorted(by_seed)] or [sae]


def train_autoencoder(
    collection: Collection,
    encoder: Encoder,
    config: TrainConfig,
    epochs: int,
    out: Path,
    progress: StageProgress,
    resume: bool = False,
    *,
    distinct_tokens: int | None = None,
    documents_seed: int | None = None,
    disk_budget: int | None = None,
    workers: Workers = ALONE,
) -> SparseAutoencoder:
    """Train an SAE on a collection's documents into folder `out`; returns at once if that very SAE stands there.

    Of the text, about distinct_tokens (None: config.n_tokens / epochs) are encoded, from documents chosen by
    documents_seed (config.seed if None); a shorter text is read in more epochs, so that config.n_tokens training
    tokens (repeats counted) are read in any case. Token states are kept in a store, or streamed from the encoder
    where the store would take more than disk_budget bytes (None: half of what is free). The log and the checkpoints
    of a training that is not finished are in `.<out>.training` beside it.
    """
    texts = collection.corpus.texts
    seed = config.seed if documents_seed is None else documents_seed
    wanted = -(-config.n_tokens // epochs) if distinct_tokens is None else distinct_tokens
    rows = select_documents(encoder, texts, wanted, seed)
    trained_on: dict[str, Any] = {
        "encoder": encoder.describe(),
        "text": {
            "name": collection.name,
            "fingerprint": corpus_fingerprint(collection.corpus),
            "documents": len(rows),
            "of_documents": len(texts),
        },
    }
    recipe = fingerprint([trained_on, config.record()])
    if (kept := _trained_before(out, recipe)) is not None:
        progress.reused(STAGE, str(out))
        return kept
    run = run_folder(out)
    if not resume and any(run.glob("checkpoint-*")):
        raise UserError(
            f"{out} has an unfinished training: add --resume to go on, or remove {run} to start anew"
        )
    chosen = None if len(rows) == len(texts) else rows
    source = token_source(encoder, collection, chosen, progress, disk_budget, workers)
    facts = trained_on | {"recipe": recipe, "distinct_tokens": source.n_tokens, "versions": versions()}
    sae = _train(config, source, run, facts, resume, progress, str(encoder.device), workers)
    last = read_log(run / "log.jsonl")[-1]
    facts = {"last_batch": {name: last[name] for name in ("fvu", "l0", "dead_latents")}}
    sae = replace(sae, name=out.name, trained_on={**sae.trained_on, **facts})
    workers.first_does(lambda: _finish(sae, run, out))
    return sae


def _trained_before(out: Path, recipe: str) -> SparseAutoencoder | None:
    """The SAE of this recipe in `out`, None of an empty folder; anything else there is a `UserError`."""
    if (out / "cfg.json").is_file():
        sae = load_autoencoder(out)
        if sae.trained_on.get("recipe") == recipe:
            shutil.rmtree(run_folder(out), ignore_errors=True)  # of a training that was killed as it ended
            return sae
        raise UserError(f"{out} holds another SAE: choose another folder, or remove it first")
    if out.exists() and any(out.iterdir()):
        raise UserError(f"{out} exists and is not an SAE: choose another folder")
    return None


def _train(
    config: TrainConfig,
    source: TokenSource,
    run: Path,
    trained_on: Mapping[str, Any],
    resume: bool,
    progress: StageProgress,
    device: str,
    workers: Workers,
) -> SparseAutoencoder:
    """Train by the trainer of the architecture."""

    def on_step(step: TrainStep) -> None:
        note = f"FVU {step.fvu:.3f}  L0 {step.l0:.1f}  dead {step.dead_latents:,}"
        progress(STAGE, step.step, step.n_steps, f"{note}  {step.tokens_per_second:,.0f} tokens/s")

    common: dict[str, Any] = {
        "trained_on": trained_on,
        "resume": resume,
        "on_step": on_step,
        "device": device,
    }
    if config.architecture == "topk":
        return train(config, source, run, workers=workers, **common)
    if workers.size > 1:
        raise UserError(
            f"{config.architecture} trains in one process, got {workers.size}: start it without torchrun"
        )
    from sae.train_sae_lens import train_sae_lens  # seconds to import, and most trainings are Top-K

    return train_sae_lens(config, source, run, **common)


def _finish(sae: SparseAutoencoder, run: Path, out: Path) -> None:
    save_autoencoder(sae, out, {"log.jsonl": run / "log.jsonl"})
    shutil.rmtree(run)


def run_folder(out: Path) -> Path:
    """Where the log and the checkpoints of an unfinished training into `out` are."""
    return out.with_name(f".{out.name}.training")


def token_source(
    encoder: Encoder,
    collection: Collection,
    rows: NDArray[np.int64] | None,
    progress: StageProgress,
    disk_budget: int | None,
    workers: Workers,
) -> TokenSource:
    """The documents' token states: a store where it stands or fits the budget, else a stream from the encoder."""
    texts = collection.corpus.texts
    chosen = texts if rows is None else [texts[row] for row in rows]
    folder = store_folder(encoder, text_source(collection, rows))
    if not (folder / "manifest.json").is_file():
        needed = store_bytes(int(encoder.count_tokens(chosen).sum()), encoder.d_model)
        streams = torch.tensor(needed > (default_disk_budget() if disk_budget is None else disk_budget))
        workers.take_first([streams])  # free disk may change between two looks
        if streams:
            return StreamedStates(encoder, chosen, part=(workers.rank, workers.size))
    store = workers.first_does(lambda: activations(encoder, collection, rows, progress))
    return store or activations(encoder, collection, rows, progress)


def default_disk_budget() -> int:
    """Half of the free disk under `artifacts()`, in bytes."""
    folder = artifacts()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free // 2

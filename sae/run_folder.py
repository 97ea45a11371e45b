"""A training run on disk: kill -9 at any moment loses at most the steps since the last checkpoint.

    log.jsonl                   a JSON object every few steps
    checkpoint-<step>/          state.safetensors: weights and both moments; run.json: step, configuration, source

A checkpoint is whole or absent: it is written under a temporary name and renamed, and only then the older one goes.
A full disk is a `UserError`, and leaves the checkpoint that stands.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from data.errors import UserError
from data.files import new_folder, read_json, write_json
from data.run_log import told_if_full
from sae.optimizer import TrainState


def save_checkpoint(run_folder: Path, run: Mapping[str, Any], state: TrainState) -> None:
    """Write checkpoint-<step>, then remove older ones and what a killed run left half-written.

    Weights that hold NaN or infinity are a `UserError`: they must not replace a checkpoint that does not.
    """
    name = f"checkpoint-{state.step:09d}"
    if not (run_folder / name).is_dir():
        if not all(bool(torch.isfinite(weights).all()) for weights in state.weights.values()):
            raise UserError("the weights hold NaN or infinity: train anew with a lower learning rate")
        with told_if_full(run_folder), new_folder(run_folder / name) as folder:
            save_file(state.tensors(), folder / "state.safetensors")
            write_json(folder / "run.json", {"step": state.step, **run})
    for other in [*run_folder.glob("checkpoint-*"), *run_folder.glob(".checkpoint-*")]:
        if other.name != name:
            shutil.rmtree(other)


def load_checkpoint(
    run_folder: Path, run: Mapping[str, Any], resume: bool, defaults: Mapping[str, Any]
) -> TrainState | None:
    """The newest checkpoint's state; None where there is none. See `sae.train.train` for what is refused.

    defaults: what a checkpoint has that was written before a setting came to be.
    """
    checkpoints = sorted(run_folder.glob("checkpoint-*"))
    if not checkpoints:
        return None
    folder = checkpoints[-1]
    saved = read_json(folder / "run.json")
    if not resume:
        raise UserError(
            f"{run_folder} holds a run at step {saved['step']}: resume it, or choose another folder"
        )
    for part in ("config", "source"):
        wanted = json.loads(json.dumps(run[part]))
        for key in wanted.keys() | saved[part].keys():
            was = saved[part].get(key, defaults.get(key) if part == "config" else None)
            if was != (now := wanted.get(key)):
                raise UserError(
                    f"{run_folder} was begun with {key} {was}, not {now}: resume it with that, "
                    "or choose another folder"
                )
    try:
        tensors = load_file(folder / "state.safetensors")
    except (SafetensorError, FileNotFoundError) as error:
        raise UserError(f"{folder} is damaged ({error}): delete it and train again") from None
    return TrainState.from_tensors(tensors, run["config"]["k"], saved["step"])


def last_checkpoint(run_folder: Path) -> int | None:
    """The step of the newest checkpoint; None where there is none."""
    steps = [int(path.name.removeprefix("checkpoint-")) for path in run_folder.glob("checkpoint-*")]
    return max(steps, default=None)

"""A training run on disk: a kill at any moment loses at most the steps since the last checkpoint.

    log.jsonl                   a JSON object every few steps
    checkpoint-<step>/          state.safetensors: weights and both moments; run.json: step, configuration, source

A checkpoint is complete or absent: it is written under a temporary name and renamed before the older one is
removed. A full disk raises a `UserError` and keeps the older checkpoint.
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
from sae.optimizer import TrainState


def save_checkpoint(run_folder: Path, run: Mapping[str, Any], state: TrainState) -> None:
    """Write checkpoint-<step>, then remove older checkpoints and the partial ones of a killed run.

    run: configuration and source, JSON-able. Weights with NaN or infinity raise a `UserError`, so that they never
    replace a sound checkpoint.
    """
    name = f"checkpoint-{state.step:09d}"
    if not (run_folder / name).is_dir():
        if not all(bool(torch.isfinite(weights).all()) for weights in state.weights.values()):
            raise UserError("the weights hold NaN or infinity: train anew with a lower learning rate")
        with new_folder(run_folder / name) as folder:
            save_file(state.tensors(), folder / "state.safetensors")
            write_json(folder / "run.json", {"step": state.step, **run})
    for other in [*run_folder.glob("checkpoint-*"), *run_folder.glob(".checkpoint-*")]:
        if other.name != name:
            shutil.rmtree(other)


def load_checkpoint(
    run_folder: Path, run: Mapping[str, Any], resume: bool, defaults: Mapping[str, Any]
) -> TrainState | None:
    """The newest checkpoint's state; None if there is no checkpoint.

    defaults: values of settings that an older checkpoint does not have. A checkpoint without `resume`, one of
    another configuration or source, or a damaged one raises a `UserError`.
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
        current = json.loads(json.dumps(run[part]))
        for key in current.keys() | saved[part].keys():
            was = saved[part].get(key, defaults.get(key) if part == "config" else None)
            if was != (now := current.get(key)):
                raise UserError(
                    f"{run_folder} was begun with {key} {was}, not {now}: resume it with {key} {was}, "
                    "or choose another folder"
                )
    try:
        tensors = load_file(folder / "state.safetensors")
    except (SafetensorError, FileNotFoundError) as error:
        raise UserError(f"{folder} is damaged ({error}): delete it and train again") from None
    return TrainState.from_tensors(tensors, run["config"]["k"], saved["step"])


def last_checkpoint(run_folder: Path) -> int | None:
    """The step of the newest checkpoint; None if there is no checkpoint."""
    steps = [int(path.name.removeprefix("checkpoint-")) for path in run_folder.glob("checkpoint-*")]
    return max(steps, default=None)

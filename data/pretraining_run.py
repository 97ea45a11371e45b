"""A pre-training run: the model and its optimizer, with checkpoints.

checkpoint-<step>/    state.safetensors: weights and both moments of AdamW; run.json: recipe, step, tokens
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from data.control_encoders import seeded
from data.errors import UserError
from data.files import new_folder, read_json, write_json
from data.masked_language import MaskedBatch, masked_loss
from data.models import bfloat16_is_native

MOMENTS = ("exp_avg", "exp_avg_sq")


class PretrainingRun:
    """A model in training with AdamW. step, tokens: steps done and training tokens (repeats counted) so far.

    A folder with a checkpoint is loaded if `resume`, else a `UserError`; so is a checkpoint of another recipe.
    """

    def __init__(self, model: Any, recipe: Mapping[str, Any], folder: Path, resume: bool) -> None:
        self.model, self.recipe, self.folder = model.train(), recipe, folder
        self.step = self.tokens = 0
        self._parameters = dict(model.named_parameters())
        # As in BERT, biases and norms have no weight decay.
        self._optimizer = torch.optim.AdamW(
            [
                {"params": [p for p in model.parameters() if p.ndim >= 2], "weight_decay": 0.01},
                {"params": [p for p in model.parameters() if p.ndim < 2], "weight_decay": 0.0},
            ]
        )
        if checkpoints := sorted(folder.glob("checkpoint-*")):
            if not resume:
                raise UserError(
                    f"{folder} holds an unfinished pre-training: resume it, or remove it to start anew"
                )
            self._load(checkpoints[-1])

    def advance(self, batch: MaskedBatch, learning_rate: float) -> float:
        """One step of AdamW on a batch; returns its loss. A loss that is not finite raises a `UserError`."""
        device = self.model.device
        random = np.random.default_rng([self.recipe["seed"], 2, self.step])
        with (
            seeded(int(random.integers(2**62))),  # dropout is the same in a resumed run
            torch.autocast(device.type, torch.bfloat16, enabled=bfloat16_is_native(device)),
        ):
            loss = masked_loss(self.model, batch, device)
        if not math.isfinite(loss.item()):
            self.save()
            raise UserError(
                f"pre-training stopped at step {self.step} because its loss is not finite: start anew with a lower "
                f"learning rate (the state before this step is kept in {self.folder})"
            )
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._parameters.values(), 1.0)
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        self._optimizer.step()
        self.step += 1
        self.tokens += batch.n_tokens
        return loss.item()

    def save(self) -> None:
        """Write checkpoint-<step> and remove the older ones."""
        name = f"checkpoint-{self.step:09d}"
        tensors = {
            f"{part}.{parameter}": tensor.detach().cpu().contiguous()
            for parameter, weight in self._parameters.items()
            for part, tensor in {"weight": weight, **self._moments(weight)}.items()
        }
        with new_folder(self.folder / name) as new:
            save_file(tensors, new / "state.safetensors")
            write_json(new / "run.json", {"recipe": self.recipe, "step": self.step, "tokens": self.tokens})
        for other in self.folder.glob("checkpoint-*"):
            if other.name != name:
                shutil.rmtree(other)

    def _moments(self, weight: torch.Tensor) -> dict[str, torch.Tensor]:
        return {part: self._optimizer.state[weight][part] for part in MOMENTS if self.step}

    def _load(self, checkpoint: Path) -> None:
        saved = read_json(checkpoint / "run.json")
        for key, now in self.recipe.items():
            if (was := saved["recipe"].get(key)) != now:
                raise UserError(
                    f"{self.folder} was begun with {key} {was}, not {now}: resume it with {key} {was}, or remove it"
                )
        try:
            tensors = load_file(checkpoint / "state.safetensors")
        except (SafetensorError, OSError) as error:
            raise UserError(f"{checkpoint} is damaged ({error}): remove it and train again") from None
        self.step, self.tokens = saved["step"], saved["tokens"]
        for name, weight in self._parameters.items():
            with torch.no_grad():
                weight.copy_(tensors[f"weight.{name}"])
            if self.step:
                moments = {part: tensors[f"{part}.{name}"].to(weight.device) for part in MOMENTS}
                self._optimizer.state[weight] = {"step": torch.tensor(float(self.step)), **moments}

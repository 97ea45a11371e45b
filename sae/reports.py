"""Reports of both trainers: the lines of the log, and the error that ends a failed training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray

from data.errors import UserError
from sae.auxiliary import dead_latents
from sae.metrics import total_variance
from sae.optimizer import Step, TrainState
from sae.run_folder import last_checkpoint
from sae.train_config import TrainConfig

DEAD_AFTER = 10_000_000  # training tokens without firing; one epoch if that is shorter


@dataclass(frozen=True)
class TrainStep:
    """A line of the training log. loss, fvu and l0 are those of the last batch.

    tokens: training tokens (repeats counted) so far. dead_latents: latents that have not fired for DEAD_AFTER
    training tokens.
    """

    step: int
    n_steps: int
    tokens: int
    loss: float
    fvu: float
    l0: float
    dead_latents: int
    learning_rate: float
    tokens_per_second: float
    seconds_left: float


def train_step(
    config: TrainConfig,
    state: TrainState,
    batch: NDArray[Any],
    result: Step,
    dead_after: int,
    seconds_per_step: float,
) -> TrainStep:
    """The log line of the step just taken, whose batch (n_tokens, d_model) gave `result`."""
    loss = float(result.loss)
    return TrainStep(
        step=state.step,
        n_steps=config.n_steps,
        tokens=state.step * config.batch_size,
        loss=loss,
        fvu=loss * len(batch) / max(total_variance(torch.from_numpy(batch)).item(), math.ulp(0)),
        l0=float(result.l0),
        dead_latents=len(dead_latents(state, dead_after)),
        learning_rate=config.adamw(state.step - 1).learning_rate,
        tokens_per_second=config.batch_size / seconds_per_step,
        seconds_left=seconds_per_step * (config.n_steps - state.step),
    )


def finite(states: NDArray[Any]) -> NDArray[Any]:
    """The states unchanged; NaN or infinity raises a `UserError`. Checked on CPU, so no step waits for a GPU."""
    if not torch.isfinite(torch.from_numpy(states).float().sum()):
        raise UserError("token states hold NaN or infinity: encode the text again, in float32")
    return states


def stopped(step: int, error: UserError, run_folder: Path) -> UserError:
    """The error of a training that ended at `step`: its cause, and which checkpoint is kept."""
    checkpoint = last_checkpoint(run_folder)
    kept = "nothing is kept yet" if checkpoint is None else f"the state after step {checkpoint} is kept"
    return UserError(f"training stopped at batch {step} ({error}); {kept} in {run_folder}")

"""Train a Top-K SAE: batches of token states in, weights out; interrupted anywhere, resumed to the bit.

Minimises mean_t |h_t - h^_t|^2 (summed over d_model) with AdamW, warm-up, cosine, and decoder rows of unit norm, as
the paper has it. Nothing keeps latents alive but b_dec from data and an encoder that starts along the decoder, and,
where it is asked for, `sae.auxiliary`. A run folder holds `log.jsonl`, a line every few steps, and the newest
`checkpoint-<step>/`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Protocol

import torch
from numpy.typing import NDArray

from data.encoders import bfloat16_is_native
from data.errors import UserError
from data.run_log import Log, interrupts_deferred
from sae.auxiliary import Auxiliary
from sae.model import SparseAutoencoder, initial_autoencoder
from sae.optimizer import AdamW, Step, TrainState
from sae.reports import DEAD_AFTER, TrainStep, finite, stopped, train_step
from sae.run_folder import load_checkpoint, save_checkpoint
from sae.step_cpu import CpuStepper
from sae.step_torch import TorchStepper
from sae.train_config import Architecture, TrainConfig
from sae.workers import ALONE, Workers

__all__ = ["Architecture", "TokenSource", "TrainConfig", "TrainStep", "train"]

SAMPLE_FOR_B_DEC = 65_536  # tokens


class TokenSource(Protocol):
    """Where token states come from: `data.activations.ActivationStore`, or anything of its shape.

    One that has a `part`, (rank, size), reads a worker's own part of the text, and its batches are that worker's
    shares; all other sources give each worker the whole batch.
    """

    @property
    def d_model(self) -> int: ...

    @property
    def n_tokens(self) -> int: ...

    def batches(self, batch_size: int, seed: int, start: int) -> Iterator[NDArray[Any]]:
        """Shuffled full batches (batch_size, d_model) without end, from batch number `start`, fixed by the seed."""
        ...

    def sample(self, n: int, seed: int) -> NDArray[Any]:
        """At most n tokens' states, (n, d_model), fixed by the seed."""
        ...


def train(
    config: TrainConfig,
    source: TokenSource,
    run_folder: Path,
    *,
    trained_on: Mapping[str, Any] | None = None,
    resume: bool = False,
    on_step: Callable[[TrainStep], None] | None = None,
    device: str = "cpu",
    workers: Workers = ALONE,
) -> SparseAutoencoder:
    """The trained SAE. Ctrl-C saves a checkpoint, then raises KeyboardInterrupt.

    A batch that holds NaN, a source that fails and a full disk are a `UserError` that says what is kept.

    resume: continue from run_folder's checkpoint, or begin where there is none; a checkpoint of another
    configuration or another source is a `UserError`, and so is one in the way of a fresh run.
    workers: all of them call this with the same arguments (but the part of a source that has one) and return the
    same SAE; the first alone reads and writes run_folder, and calls on_step.
    """
    if config.architecture != "topk":
        raise UserError(
            f"sae.train.train trains topk SAEs: train {config.architecture} with "
            "sae.train_sae_lens.train_sae_lens"
        )
    run = {
        "config": config.record(),
        "source": {"d_model": source.d_model, "n_tokens": source.n_tokens, **(trained_on or {})},
    }
    device = workers.device(device)
    state = _starting_state(config, source, run_folder, run, resume, device, workers)
    dead_after = min(DEAD_AFTER, source.n_tokens) // config.batch_size
    take_step = _stepper(config, state, dead_after, device, workers)
    read_in_parts = workers.size > 1 and getattr(source, "part", None) == (workers.rank, workers.size)
    rows = workers.rows(config.batch_size)
    batch_size = rows.stop - rows.start if read_in_parts else config.batch_size
    batches = source.batches(batch_size, config.seed, state.step)

    with ExitStack() as stack:
        interrupted = stack.enter_context(interrupts_deferred())

        def open_log() -> _Reports:
            log = stack.enter_context(closing(Log(run_folder / "log.jsonl", keep_until=state.step)))
            return _Reports(config, state, dead_after, log, on_step)

        def go_on() -> None:
            if interrupted():
                raise KeyboardInterrupt

        def next_batch() -> NDArray[Any]:
            go_on()
            return finite(next(batches))

        def report() -> None:
            if reports is not None:
                reports.write(batch, result)

        def keep() -> None:
            save_checkpoint(run_folder, run, state)

        try:
            reports = workers.first_does(open_log)
            while state.step < config.n_steps:
                batch = workers.together(next_batch)
                share = batch if read_in_parts else workers.share(batch)
                result = take_step(share, config.adamw(state.step))
                if state.step % config.log_every == 0 or state.step == config.n_steps:
                    workers.together(report)
                if state.step % config.checkpoint_every == 0:
                    workers.first_does(keep)
            workers.first_does(keep)
            workers.together(go_on)
        except KeyboardInterrupt:
            try:
                workers.first_does(keep)
            except UserError as error:
                raise stopped(state.step, error, run_folder) from None
            raise
        except UserError as error:
            reason = error
            try:
                workers.first_does(keep)
            except UserError as deeper:  # weights that ran away show first in what is made of them
                reason = deeper
            raise stopped(state.step, reason, run_folder) from None
    return replace(state.autoencoder(), trained_on={**(trained_on or {}), "training": run["config"]})


def _starting_state(
    config: TrainConfig,
    source: TokenSource,
    run_folder: Path,
    run: Mapping[str, Any],
    resume: bool,
    device: str,
    workers: Workers,
) -> TrainState:
    """The checkpoint's state, or a fresh one: the first worker's, on this worker's device."""

    def found_or_made() -> TrainState:
        if workers.is_first:
            found = load_checkpoint(run_folder, run, resume, TrainConfig.defaults())
            if found is not None:
                return found
        mean_state = source.sample(SAMPLE_FOR_B_DEC, config.seed).mean(axis=0, dtype="float32")
        return TrainState.of(
            initial_autoencoder(source.d_model, config.n_latents, config.k, mean_state, config.seed)
        )

    state = workers.together(found_or_made).to(device)
    step, tensors = torch.tensor([state.step]), state.tensors()
    workers.take_first([step, *(tensors[name] for name in sorted(tensors))])  # in one order, wherever read
    state.step = int(step)
    return state


def _stepper(
    config: TrainConfig, state: TrainState, dead_after: int, device: str, workers: Workers
) -> Callable[[NDArray[Any], AdamW], Step]:
    """The fused step where one process trains on a CPU, else the one that separates gradients from update."""
    auxiliary = Auxiliary(config.auxiliary_weight, dead_after) if config.auxiliary_weight else None
    if workers.size == 1 and torch.device(device).type == "cpu":
        return CpuStepper(state, config.batch_size, auxiliary).step
    native = bfloat16_is_native(torch.device(device))
    nominate_in = torch.bfloat16 if native else torch.float32
    return TorchStepper(state, config.batch_size, auxiliary, workers, nominate_in).step


class _Reports:
    """Writes the log's lines; the clock starts with the object."""

    def __init__(
        self,
        config: TrainConfig,
        state: TrainState,
        dead_after: int,
        log: Log,
        on_step: Callable[[TrainStep], None] | None,
    ) -> None:
        self.config, self.state, self.dead_after = config, state, dead_after
        self.log, self.on_step = log, on_step
        self.began, self.first = time.perf_counter(), state.step

    def write(self, batch: NDArray[Any], result: Step) -> None:
        seconds = (time.perf_counter() - self.began) / (self.state.step - self.first)
        line = train_step(self.config, self.state, batch, result, self.dead_after, seconds)
        if not math.isfinite(line.loss):
            raise UserError(f"the loss is {line.loss}: train anew with a lower learning rate")
        self.log.write(asdict(line))
        if self.on_step:
            self.on_step(line)

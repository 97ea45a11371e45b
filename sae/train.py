"""Train a Top-K SAE on batches of token states; an interrupted run resumes to the bit.

    L = mean_t |h_t - h^_t|^2

is minimised by AdamW with warm-up, cosine and decoder rows of unit norm, as in the paper. Latents stay active
through the initial b_dec (the mean state), an encoder that starts along the decoder and, optionally,
`sae.auxiliary`. A run folder holds `log.jsonl`, a line every few steps, and the newest `checkpoint-<step>/`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NoReturn, Protocol

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
    """A source of token states: `data.activations.ActivationStore`, or any class with these members.

    A source with a `part`, (rank, size), reads one worker's part of the text, and its batches are that worker's
    shares; every other source gives each worker the whole batch.
    """

    @property
    def d_model(self) -> int: ...

    @property
    def n_tokens(self) -> int: ...

    def batches(self, batch_size: int, seed: int, start: int) -> Iterator[NDArray[Any]]:
        """Endless shuffled batches (batch_size, d_model) from batch number `start` on, determined by the seed."""
        ...

    def sample(self, n: int, seed: int) -> NDArray[Any]:
        """The states of at most n tokens, (n, d_model), determined by the seed."""
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
    """Train a Top-K SAE on the source's states and return it.

    Ctrl-C saves a checkpoint, then raises KeyboardInterrupt.

    trained_on: record of the states, JSON-able. on_step: called with every line of the log.
    resume: continue from run_folder's checkpoint, or begin if there is none.
    workers: all workers call this with the same arguments (except the part of a source that has one) and return the
    same SAE; only the first reads and writes run_folder and calls on_step.

    A `UserError` that names the checkpoint kept: for a batch with NaN, a source that fails, or a full disk. A
    `UserError` at once: for a checkpoint of another configuration or source, or any checkpoint without `resume`.
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
    with ExitStack() as stack:
        loop = _Loop(
            config,
            source,
            state,
            take_step,
            workers,
            run_folder,
            run,
            interrupted=stack.enter_context(interrupts_deferred()),
        )

        def open_log() -> _Reports:
            log = stack.enter_context(closing(Log(run_folder / "log.jsonl", keep_until=state.step)))
            return _Reports(config, state, dead_after, log, on_step)

        try:
            loop.run_to_the_end(workers.first_does(open_log))
        except KeyboardInterrupt:
            loop.save_or_stop()
            raise
        except UserError as error:
            loop.stop(error)
    return replace(state.autoencoder(), trained_on={**(trained_on or {}), "training": run["config"]})


class _Loop:
    """The training loop, with its log and checkpoints; every worker runs it."""

    def __init__(
        self,
        config: TrainConfig,
        source: TokenSource,
        state: TrainState,
        take_step: Callable[[NDArray[Any], AdamW], Step],
        workers: Workers,
        run_folder: Path,
        run: Mapping[str, Any],
        *,
        interrupted: Callable[[], bool],
    ) -> None:
        self.config, self.state, self.take_step, self.workers = config, state, take_step, workers
        self.run_folder, self.run, self.interrupted = run_folder, run, interrupted
        self.reads_in_parts = workers.size > 1 and getattr(source, "part", None) == (
            workers.rank,
            workers.size,
        )
        rows = workers.rows(config.batch_size)
        batch_size = rows.stop - rows.start if self.reads_in_parts else config.batch_size
        self.batches = source.batches(batch_size, config.seed, state.step)

    def run_to_the_end(self, reports: _Reports | None) -> None:
        """Train until config.n_steps; raises KeyboardInterrupt between two steps, and any worker's `UserError`."""
        config, state, workers = self.config, self.state, self.workers

        def report() -> None:
            if reports is not None:
                reports.write(batch, result)

        while state.step < config.n_steps:
            batch = workers.together(self.next_batch)
            share = batch if self.reads_in_parts else workers.share(batch)
            result = self.take_step(share, config.adamw(state.step))
            if state.step % config.log_every == 0 or state.step == config.n_steps:
                workers.together(report)
            if state.step % config.checkpoint_every == 0:
                workers.first_does(self.save)
        workers.first_does(self.save)
        workers.together(self.raise_if_interrupted)

    def raise_if_interrupted(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C was pressed."""
        if self.interrupted():
            raise KeyboardInterrupt

    def next_batch(self) -> NDArray[Any]:
        """The next batch, whose states are finite."""
        self.raise_if_interrupted()
        return finite(next(self.batches))

    def save(self) -> None:
        """Write a checkpoint."""
        save_checkpoint(self.run_folder, self.run, self.state)

    def save_or_stop(self) -> None:
        """Write a checkpoint; raise the reason if it cannot be written."""
        try:
            self.workers.first_does(self.save)
        except UserError as error:
            raise stopped(self.state.step, error, self.run_folder) from None

    def stop(self, error: UserError) -> NoReturn:
        """Write a checkpoint if possible, and raise the error with the step of the checkpoint kept."""
        try:
            self.workers.first_does(self.save)
        except UserError as cause:  # weights that are not finite first show in values computed from them
            error = cause
        raise stopped(self.state.step, error, self.run_folder) from None


def _starting_state(
    config: TrainConfig,
    source: TokenSource,
    run_folder: Path,
    run: Mapping[str, Any],
    resume: bool,
    device: str,
    workers: Workers,
) -> TrainState:
    """The first worker's state, from its checkpoint or fresh, on this worker's device."""

    def resumed_or_new() -> TrainState:
        if workers.is_first:
            checkpoint = load_checkpoint(run_folder, run, resume, TrainConfig.defaults())
            if checkpoint is not None:
                return checkpoint
        mean_state = source.sample(SAMPLE_FOR_B_DEC, config.seed).mean(axis=0, dtype="float32")
        return TrainState.of(
            initial_autoencoder(source.d_model, config.n_latents, config.k, mean_state, config.seed)
        )

    state = workers.together(resumed_or_new).to(device)
    step, tensors = torch.tensor([state.step]), state.tensors()
    workers.take_first(
        [step, *(tensors[name] for name in sorted(tensors))]
    )  # in the same order on all workers
    state.step = int(step)
    return state


def _stepper(
    config: TrainConfig, state: TrainState, dead_after: int, device: str, workers: Workers
) -> Callable[[NDArray[Any], AdamW], Step]:
    """The fused step for one process on a CPU; otherwise the step that separates gradients from update."""
    auxiliary = Auxiliary(config.auxiliary_weight, dead_after) if config.auxiliary_weight else None
    if workers.size == 1 and torch.device(device).type == "cpu":
        return CpuStepper(state, config.batch_size, auxiliary).step
    native = bfloat16_is_native(torch.device(device))
    nominate_in = torch.bfloat16 if native else torch.float32
    return TorchStepper(state, config.batch_size, auxiliary, workers, nominate_in).step


class _Reports:
    """Writes the lines of the log; speed is measured from the object's creation on."""

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
            raise UserError(
                f"the loss is {line.loss}, expected a finite one: train anew with a lower learning rate"
            )
        self.log.write(asdict(line))
        if self.on_step:
            self.on_step(line)

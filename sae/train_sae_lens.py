"""Train a BatchTopK, JumpReLU, Matryoshka or standard SAE with SAELens's trainer, as `sae.train` trains Top-K.

Batches, log, checkpoints and learning rates are the same; `sae.sae_lens_trainer` and `sae.sae_lens_model` list this
project's own choices. k is the mean number of latents per token (L0): BatchTopK and Matryoshka select k per token
on average in every batch; JumpReLU and standard reach k by the weight of their penalty, unless
`sparsity_coefficient` fixes that weight. `auxiliary_weight` is SAELens's `aux_loss_coefficient` (its default: 1):
the weight of the squared error of the residual reconstructed by dead latents, scaled down if few are dead.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from data.errors import UserError
from data.run_log import Log, interrupts_deferred
from sae.model import SparseAutoencoder
from sae.optimizer import Step
from sae.reports import DEAD_AFTER, TrainStep, finite, stopped, train_step
from sae.run_folder import load_checkpoint, save_checkpoint
from sae.sae_lens_trainer import PENALTIES, SaeLensTrainer
from sae.train import SAMPLE_FOR_B_DEC, TokenSource, TrainConfig


@dataclass(frozen=True)
class SaeLensStep(TrainStep):
    """A line of the training log. sparsity_coefficient: the penalty's weight after the step, None without one."""

    sparsity_coefficient: float | None


def train_sae_lens(
    config: TrainConfig,
    source: TokenSource,
    run_folder: Path,
    *,
    trained_on: Mapping[str, Any] | None = None,
    resume: bool = False,
    on_step: Callable[[TrainStep], None] | None = None,
    device: str = "cpu",
) -> SparseAutoencoder:
    """Train an SAE with SAELens's trainer and return it, with its thresholds.

    Arguments, files and errors are those of `sae.train.train`. A configuration that SAELens's trainer does not
    support raises a `UserError`.
    """
    _check_supported(config)
    run = {
        "config": config.record(),
        "source": {"d_model": source.d_model, "n_tokens": source.n_tokens, **(trained_on or {})},
    }
    dead_after = min(DEAD_AFTER, source.n_tokens) // config.batch_size
    trainer = SaeLensTrainer(config, source.d_model, dead_after, device)
    state = trainer.state
    checkpoint = load_checkpoint(run_folder, run, resume, TrainConfig.defaults())
    if checkpoint is None:
        trainer.start(finite(source.sample(SAMPLE_FOR_B_DEC, config.seed)))
    else:
        trainer.resume(checkpoint)
    batches = source.batches(config.batch_size, config.seed, state.step)

    with ExitStack() as stack:
        interrupted = stack.enter_context(interrupts_deferred())
        try:
            log = stack.enter_context(closing(Log(run_folder / "log.jsonl", keep_until=state.step)))
            began, first = time.perf_counter(), state.step
            while state.step < config.n_steps:
                batch = finite(next(batches))
                result = trainer.step(batch)
                if state.step % config.log_every == 0 or state.step == config.n_steps:
                    seconds = (time.perf_counter() - began) / (state.step - first)
                    line = _line(trainer, batch, result, dead_after, seconds)
                    log.write(asdict(line))
                    if on_step:
                        on_step(line)
                if state.step % config.checkpoint_every == 0:
                    save_checkpoint(run_folder, run, state)
                if interrupted():
                    raise KeyboardInterrupt
            save_checkpoint(run_folder, run, state)
        except KeyboardInterrupt:
            try:
                save_checkpoint(run_folder, run, state)
            except UserError as error:
                raise stopped(state.step, error, run_folder) from None
            raise
        except UserError as error:
            with suppress(UserError):
                save_checkpoint(run_folder, run, state)
            raise stopped(state.step, error, run_folder) from None
    return replace(trainer.autoencoder(), trained_on={**(trained_on or {}), "training": run["config"]})


def _check_supported(config: TrainConfig) -> None:
    if config.architecture == "topk":
        raise UserError("sae.train_sae_lens trains all but topk: train that with sae.train.train")
    if config.weight_decay:
        raise UserError(f"SAELens's trainer has no weight decay, got {config.weight_decay}: leave it 0")
    if config.auxiliary_weight and config.architecture in PENALTIES:
        raise UserError(
            f"{config.architecture} has no auxiliary loss, got the weight {config.auxiliary_weight}: leave it 0"
        )


def _line(
    trainer: SaeLensTrainer, batch: NDArray[Any], result: Step, dead_after: int, seconds_per_step: float
) -> SaeLensStep:
    line = train_step(trainer.config, trainer.state, batch, result, dead_after, seconds_per_step)
    return SaeLensStep(**asdict(line), sparsity_coefficient=trainer.sparsity_coefficient)

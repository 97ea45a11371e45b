"""Train a BatchTopK, JumpReLU, Matryoshka or standard SAE with SAELens's trainer, as `sae.train` trains Top-K.

The same batches, log, checkpoints and learning rates; `sae.sae_lens_trainer` and `sae.sae_lens_model` tell what of
it is ours. k is the mean number of latents a token: BatchTopK and Matryoshka choose so many in every batch, and
JumpReLU and standard arrive there by the weight of their penalty, or where a given `sparsity_coefficient` leads.
`auxiliary_weight` is SAELens's `aux_loss_coefficient`, whose own default is 1: the squared error that dead latents
leave of the residual, scaled down where few are dead.
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
    """A line of the log. sparsity_coefficient: the penalty's weight after the step, None without a penalty."""

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
    """The trained SAE, with SAELens's thresholds; arguments, files and errors as `sae.train.train` has them."""
    _refuse_what_sae_lens_cannot(config)
    run = {
        "config": config.record(),
        "source": {"d_model": source.d_model, "n_tokens": source.n_tokens, **(trained_on or {})},
    }
    dead_after = min(DEAD_AFTER, source.n_tokens) // config.batch_size
    trainer = SaeLensTrainer(config, source.d_model, dead_after, device)
    state = trainer.state
    kept = load_checkpoint(run_folder, run, resume, TrainConfig.defaults())
    if kept is None:
        trainer.start(finite(source.sample(SAMPLE_FOR_B_DEC, config.seed)))
    else:
        trainer.resume(kept)
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


def _refuse_what_sae_lens_cannot(config: TrainConfig) -> None:
    if config.architecture == "topk":
        raise UserError("sae.train_sae_lens trains all but topk: train that with sae.train.train")
    if config.weight_decay:
        raise UserError(f"SAELens's trainer has no weight decay, got {config.weight_decay}: leave it 0")
    if config.auxiliary_weight and config.architecture in PENALTIES:
        raise UserError(
            f"{config.architecture} has no auxiliary loss, got the weight {config.auxiliary_weight}: leave it 0"
        )


def _line(
    trainer: SaeLensTrainer, batch: NDArray[Any], result: Step, dead_after: int, seconds_a_step: float
) -> SaeLensStep:
    line = train_step(trainer.config, trainer.state, batch, result, dead_after, seconds_a_step)
    return SaeLensStep(**asdict(line), sparsity_coefficient=trainer.sparsity_coefficient)

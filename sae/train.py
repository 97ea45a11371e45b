"""Train a Top-K SAE: batches of token states in, weights out; interrupted anywhere, resumed to the bit.

Minimises mean_t |h_t - h^_t|^2 (summed over d_model) with AdamW, warm-up, cosine, and decoder rows of unit norm, as
the paper has it; nothing keeps latents alive but b_dec from data and an encoder that starts along the decoder.
A run folder holds `log.jsonl`, a line every few steps, and the newest `checkpoint-<step>/`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import MISSING, asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

import torch
from numpy.typing import NDArray

from data.errors import UserError
from sae.metrics import total_variance
from sae.model import SparseAutoencoder, initial_autoencoder
from sae.optimizer import AdamW, Step, TrainState, learning_rate
from sae.run_folder import Log, interrupts_deferred, load_checkpoint, save_checkpoint
from sae.step_cpu import CpuStepper
from sae.step_torch import torch_step

SAMPLE_FOR_B_DEC = 65_536  # tokens
DEAD_AFTER = 10_000_000  # tokens without firing, or one epoch where that is shorter

Architecture = Literal["topk", "batchtopk", "jumprelu", "matryoshka", "standard"]


class TokenSource(Protocol):
    """Where token states come from: `data.activations.ActivationStore`, or anything of its shape."""

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


@dataclass(frozen=True)
class TrainConfig:
    """What decides the weights, besides the states, and how often to write.

    n_tokens counts views, so three epochs count a token thrice; checkpoint_every and log_every count steps.
    auxiliary_weight: that of `sae.auxiliary`'s loss, which revives dead latents; 0 leaves it out, as the paper
    states none, and 1/32 is Gao et al.'s. sparsity_coefficient: the weight of the sparsity penalty, which only
    jumprelu and standard have (the others have k); None is the default of `sae.train_sae_lens`.
    """

    n_tokens: int
    n_latents: int = 8192
    k: int = 16
    batch_size: int = 4096
    peak_learning_rate: float = 1e-3
    warmup_fraction: float = 0.05
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0
    seed: int = 0
    checkpoint_every: int = 500
    log_every: int = 10
    architecture: Architecture = "topk"
    auxiliary_weight: float = 0.0
    sparsity_coefficient: float | None = None

    def __post_init__(self) -> None:
        for holds, sentence in self._demands():
            if not holds:
                raise UserError(sentence)

    def _demands(self) -> Iterator[tuple[bool, str]]:
        known = get_args(Architecture)
        yield self.architecture in known, f"expected one of {', '.join(known)}, got {self.architecture!r}"
        yield self.batch_size >= 1, f"a batch needs at least 1 token, got {self.batch_size}"
        yield (
            self.n_tokens >= self.batch_size,
            f"{self.n_tokens} tokens do not fill one batch of {self.batch_size}: train on more",
        )
        yield (
            1 <= self.k <= self.n_latents,
            f"k must be between 1 and the {self.n_latents} latents, got {self.k}",
        )
        for name in ("checkpoint_every", "log_every"):
            yield getattr(self, name) >= 1, f"{name} counts steps, from 1 on, got {getattr(self, name)}"
        for name in ("peak_learning_rate", "weight_decay", "auxiliary_weight"):
            weight = getattr(self, name)
            yield 0 <= weight < math.inf, f"{name} must be 0 or a positive number, got {weight}"
        yield 0 <= self.warmup_fraction <= 1, f"expected warmup_fraction in 0..1, got {self.warmup_fraction}"
        if (coefficient := self.sparsity_coefficient) is not None:
            yield (
                self.architecture in ("jumprelu", "standard"),
                f"{self.architecture} has k, and no sparsity_coefficient: give that to jumprelu or standard",
            )
            yield 0 <= coefficient < math.inf, f"expected a sparsity_coefficient from 0 on, got {coefficient}"

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """What a checkpoint that is older than a setting was trained with."""
        return {field.name: field.default for field in fields(cls) if field.default is not MISSING}

    def record(self) -> dict[str, Any]:
        """What decides the weights, as JSON can hold it."""
        return {name: value for name, value in asdict(self).items() if not name.endswith("_every")}

    @property
    def n_steps(self) -> int:
        return self.n_tokens // self.batch_size

    def adamw(self, step: int) -> AdamW:
        """AdamW at step 0..n_steps - 1."""
        rate = learning_rate(step, self.n_steps, self.peak_learning_rate, self.warmup_fraction)
        return AdamW(rate, self.betas, weight_decay=self.weight_decay)


@dataclass(frozen=True)
class TrainStep:
    """A line of the log. loss, fvu and l0 are the batch's; dead latents have not fired for `DEAD_AFTER` tokens."""

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


def train(
    config: TrainConfig,
    source: TokenSource,
    run_folder: Path,
    *,
    trained_on: Mapping[str, Any] | None = None,
    resume: bool = False,
    on_step: Callable[[TrainStep], None] | None = None,
    device: str = "cpu",
) -> SparseAutoencoder:
    """The trained SAE. Ctrl-C saves a checkpoint, then raises KeyboardInterrupt; so does a batch that holds NaN.

    resume: continue from run_folder's checkpoint, or begin where there is none; a checkpoint of another
    configuration or another source is a `UserError`, and so is one in the way of a fresh run.
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
    state = load_checkpoint(run_folder, run, resume, TrainConfig.defaults())
    if state is None:
        mean_state = source.sample(SAMPLE_FOR_B_DEC, config.seed).mean(axis=0, dtype="float32")
        state = TrainState.of(
            initial_autoencoder(source.d_model, config.n_latents, config.k, mean_state, config.seed)
        )
    state = state.to(device)
    take_step = _stepper(state, config.batch_size, device)
    dead_after = min(DEAD_AFTER, source.n_tokens) // config.batch_size

    with ExitStack() as stack:
        log = stack.enter_context(closing(Log(run_folder / "log.jsonl", keep_until=state.step)))
        interrupted = stack.enter_context(interrupts_deferred())
        batches = source.batches(config.batch_size, config.seed, state.step)
        began, first = time.perf_counter(), state.step
        try:
            while state.step < config.n_steps:
                adamw = config.adamw(state.step)
                batch = next(batches)
                result = take_step(batch, adamw)
                if state.step % config.log_every == 0 or state.step == config.n_steps:
                    seconds = (time.perf_counter() - began) / (state.step - first)
                    line = _line(config, state, batch, result, adamw, dead_after, seconds)
                    log.write(asdict(line))
                    if on_step:
                        on_step(line)
                if interrupted():
                    raise KeyboardInterrupt
                if state.step % config.checkpoint_every == 0:
                    save_checkpoint(run_folder, run, state)
        except UserError as error:
            save_checkpoint(run_folder, run, state)
            raise UserError(
                f"training stopped at batch {state.step} ({error}); the state before it is kept in {run_folder}"
            ) from None
        except KeyboardInterrupt:
            save_checkpoint(run_folder, run, state)
            raise
        save_checkpoint(run_folder, run, state)
    return replace(state.autoencoder(), trained_on={**(trained_on or {}), "training": run["config"]})


def _stepper(state: TrainState, batch_size: int, device: str) -> Callable[[NDArray[Any], AdamW], Step]:
    if torch.device(device).type == "cpu":
        return CpuStepper(state, batch_size).step
    return lambda batch, adamw: torch_step(state, torch.from_numpy(batch).to(device), adamw)


def _line(
    config: TrainConfig,
    state: TrainState,
    batch: NDArray[Any],
    result: Step,
    adamw: AdamW,
    dead_after: int,
    seconds_a_step: float,
) -> TrainStep:
    return TrainStep(
        step=state.step,
        n_steps=config.n_steps,
        tokens=state.step * config.batch_size,
        loss=result.loss,
        fvu=result.loss * len(batch) / max(total_variance(torch.from_numpy(batch)).item(), math.ulp(0)),
        l0=result.l0,
        dead_latents=int((state.step - state.last_fired > dead_after).sum()),
        learning_rate=adamw.learning_rate,
        tokens_per_second=config.batch_size / seconds_a_step,
        seconds_left=seconds_a_step * (config.n_steps - state.step),
    )

"""`TrainConfig`: the settings of an SAE's training (`sae.train` is its loop); imports no torch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import MISSING, asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

from data.errors import UserError

if TYPE_CHECKING:
    from sae.optimizer import AdamW

Architecture = Literal["topk", "batchtopk", "jumprelu", "matryoshka", "standard"]


@dataclass(frozen=True)
class TrainConfig:
    """The settings that an SAE's weights depend on, besides the states, and how often to log and to checkpoint.

    n_tokens: training tokens (repeats counted): three epochs count a token three times.
    batch_size: tokens per step. checkpoint_every, log_every: in steps.
    auxiliary_weight: weight of the auxiliary loss (`sae.auxiliary`), which revives dead latents; 0: no such loss,
    as the paper states none; 1/32 in Gao et al.
    sparsity_coefficient: weight of the sparsity penalty, which only jumprelu and standard have (the others have k);
    None: the default of `sae.train_sae_lens`.
    frozen_decoder: W_dec stays at its initialisation, random unit directions; a control, for topk alone.

    A setting out of range raises a `UserError`.
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
    frozen_decoder: bool = False

    def __post_init__(self) -> None:
        for holds, message in self._constraints():
            if not holds:
                raise UserError(message)

    def _constraints(self) -> Iterator[tuple[bool, str]]:
        """(whether the constraint holds, error message if not)."""
        known = get_args(Architecture)
        yield (
            self.architecture in known,
            f"architecture {self.architecture!r} is unknown: expected one of {', '.join(known)}",
        )
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
            yield (
                getattr(self, name) >= 1,
                f"{name} counts steps, expected 1 or more, got {getattr(self, name)}",
            )
        for name in ("peak_learning_rate", "weight_decay", "auxiliary_weight"):
            weight = getattr(self, name)
            yield 0 <= weight < math.inf, f"{name} must be 0 or a positive number, got {weight}"
        yield (
            not self.frozen_decoder or self.architecture == "topk",
            f"only topk trains with a frozen decoder, got {self.architecture}: choose topk",
        )
        yield 0 <= self.warmup_fraction <= 1, f"expected warmup_fraction in 0..1, got {self.warmup_fraction}"
        if (coefficient := self.sparsity_coefficient) is not None:
            yield (
                self.architecture in ("jumprelu", "standard"),
                f"{self.architecture} has k, and no sparsity_coefficient: give that to jumprelu or standard",
            )
            yield (
                0 <= coefficient < math.inf,
                f"expected a sparsity_coefficient of 0 or more, got {coefficient}",
            )

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """The default of each setting: the value in a checkpoint that is older than the setting."""
        return {field.name: field.default for field in fields(cls) if field.default is not MISSING}

    def record(self) -> dict[str, Any]:
        """The settings that the weights depend on, JSON-able; frozen_decoder only where it is so."""
        settings = {name: value for name, value in asdict(self).items() if not name.endswith("_every")}
        return (
            settings if self.frozen_decoder else {n: v for n, v in settings.items() if n != "frozen_decoder"}
        )

    @property
    def n_steps(self) -> int:
        """Number of full batches in n_tokens."""
        return self.n_tokens // self.batch_size

    def adamw(self, step: int) -> AdamW:
        """AdamW's settings at step 0..n_steps - 1."""
        from sae.optimizer import (
            AdamW,
            learning_rate,
        )  # imports torch, which a configuration alone does not need

        rate = learning_rate(step, self.n_steps, self.peak_learning_rate, self.warmup_fraction)
        frozen = ("W_dec",) if self.frozen_decoder else ()
        return AdamW(rate, self.betas, weight_decay=self.weight_decay, frozen=frozen)

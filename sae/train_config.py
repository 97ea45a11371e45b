"""What a training run is told; see `sae.train`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Literal, get_args

from data.errors import UserError
from sae.optimizer import AdamW, learning_rate

Architecture = Literal["topk", "batchtopk", "jumprelu", "matryoshka", "standard"]


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

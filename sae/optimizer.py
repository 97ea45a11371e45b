"""AdamW with the paper's learning rate, and the state of a training run between two steps.

    m <- b1 m + (1 - b1) g        v <- b2 v + (1 - b2) g^2
    w <- (1 - lr decay) w - lr / (1 - b1^t) m / (sqrt(v / (1 - b2^t)) + epsilon)

The learning rate rises linearly in the first steps, then falls to 0 along a cosine (the paper: 5%, peak 1e-3).
Loshchilov and Hutter 2019 (arXiv 1711.05101), as in torch.optim.AdamW.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import SupportsFloat

import numpy as np
import torch
from numpy.typing import NDArray

from sae.model import SparseAutoencoder

WEIGHTS = ("W_enc", "b_enc", "W_dec", "b_dec")


@dataclass(frozen=True)
class AdamW:
    """AdamW's settings for one step; learning_rate is that step's. frozen: names of weights that stay."""

    learning_rate: float
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    frozen: tuple[str, ...] = ()

    def constants(self, step: int, name: str = "") -> NDArray[np.float32]:
        """(step size, beta 1, beta 2, 1 / sqrt(1 - beta2^t), epsilon, 1 - lr decay) at step t, counted from 1.

        name: of the weights to step; the step size of frozen weights is 0.
        """
        beta1, beta2 = self.betas
        rate = 0.0 if name in self.frozen else self.learning_rate
        return np.array(
            [
                rate / (1 - beta1**step),
                beta1,
                beta2,
                1 / math.sqrt(1 - beta2**step),
                self.epsilon,
                1 - rate * self.weight_decay,
            ],
            np.float32,
        )


def learning_rate(step: int, n_steps: int, peak: float, warmup_fraction: float) -> float:
    """Learning rate of step 0..n_steps - 1: linear warm-up for warmup_fraction of the steps, then a cosine to 0."""
    n_warmup = round(warmup_fraction * n_steps)
    if step < n_warmup:
        return peak * (step + 1) / n_warmup
    return peak * 0.5 * (1 + math.cos(math.pi * (step - n_warmup) / max(1, n_steps - n_warmup)))


@dataclass
class TrainState:
    """The state of a training run; steps change it in place.

    weights, first, second: weights and both moments of AdamW, by name. last_fired: the step at which each latent
    last fired, int64 (n_latents,). step: number of steps taken.
    """

    weights: dict[str, torch.Tensor]
    first: dict[str, torch.Tensor]
    second: dict[str, torch.Tensor]
    last_fired: torch.Tensor
    k: int
    step: int = 0

    @classmethod
    def of(cls, sae: SparseAutoencoder) -> TrainState:
        """The state before the first step; the SAE's weights are shared, not copied."""
        weights = {name: getattr(sae, name) for name in WEIGHTS}
        first, second = ({name: torch.zeros_like(w) for name, w in weights.items()} for _ in range(2))
        last_fired = torch.zeros(sae.n_latents, dtype=torch.int64, device=sae.device)
        return cls(weights, first, second, last_fired, sae.k)

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, torch.Tensor], k: int, step: int) -> TrainState:
        """The state whose `tensors()` these are."""
        parts: dict[str, dict[str, torch.Tensor]] = {"weights": {}, "first": {}, "second": {}}
        for name, tensor in tensors.items():
            part, _, rest = name.partition(".")
            if rest:
                parts[part][rest] = tensor
        return cls(**parts, last_fired=tensors["last_fired"], k=k, step=step)

    def tensors(self) -> dict[str, torch.Tensor]:
        """All tensors under unique names ("first.W_enc"), for safetensors."""
        parts = {"weights": self.weights, "first": self.first, "second": self.second}
        named = {f"{part}.{name}": tensor for part, group in parts.items() for name, tensor in group.items()}
        return {**named, "last_fired": self.last_fired}

    def to(self, device: str) -> TrainState:
        """This state with all tensors on the device."""
        return TrainState.from_tensors(
            {n: t.to(device) for n, t in self.tensors().items()}, self.k, self.step
        )

    def autoencoder(self) -> SparseAutoencoder:
        """An SAE with a copy of the current weights, on CPU."""
        W_enc, b_enc, W_dec, b_dec = (self.weights[name].detach().cpu().clone() for name in WEIGHTS)
        return SparseAutoencoder(W_enc, b_enc, W_dec, b_dec, self.k)


@dataclass(frozen=True)
class Step:
    """Measured by one step before its update: loss, mean_t |h_t - h^_t|^2, and l0, mean latents per token.

    After a step on a GPU they are scalars on the GPU, and reading one waits for the step.
    """

    loss: SupportsFloat
    l0: SupportsFloat

"""The step of `sae.step_cpu` in plain torch, for GPUs and for several processes: the same equations and update.

No gradient is dense in (n_tokens, n_latents): sums over the active pairs are embedding bags, grouped by token to
decode and, with the pairs sorted by latent, by latent for the gradients. Embedding bags do not race, so a step is
repeatable. Only the auxiliary loss waits for the device, since its shapes depend on the number of dead latents.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import embedding_bag

from sae.auxiliary import Auxiliary, k_auxiliary
from sae.optimizer import WEIGHTS, AdamW, Step, TrainState
from sae.top_k_torch import dots, nominated_top_k
from sae.workers import ALONE, Workers


@dataclass(frozen=True)
class Gradients:
    """One worker's part of the gradients of the whole batch's mean loss; the workers' parts add up to the whole.

    Each gradient has the shape of its weight. squared_error: sum_t |h_t - h^_t|^2, (1,). n_fired: number of tokens
    on which each latent fires, (n_latents,).
    """

    W_enc: torch.Tensor
    b_enc: torch.Tensor
    W_dec: torch.Tensor
    b_dec: torch.Tensor
    squared_error: torch.Tensor
    n_fired: torch.Tensor

    def tensors(self) -> list[torch.Tensor]:
        """All tensors, in the order of the fields."""
        return [getattr(self, field.name) for field in fields(self)]


class TorchStepper:
    """`step` changes the state in place, by the gradients of all workers, so every worker has the same state.

    batch_size: tokens of all workers together. nominate_in: torch.bfloat16 on a device that multiplies it natively,
    else torch.float32, see `sae.top_k_torch`.
    """

    def __init__(
        self,
        state: TrainState,
        batch_size: int,
        auxiliary: Auxiliary | None = None,
        workers: Workers = ALONE,
        nominate_in: torch.dtype = torch.float32,
    ) -> None:
        self.state = state
        self.batch_size = batch_size
        self.auxiliary = auxiliary
        self.workers = workers
        self.nominate_in = nominate_in

    def step(self, states: NDArray[Any], adamw: AdamW) -> Step:
        """One step. states: this worker's share of the batch, (n, d_model), any float type, finite.

        The result stays on the device.
        """
        share = torch.from_numpy(states)
        device = self.state.last_fired.device
        if device.type == "cuda":  # a copy from pinned memory does not block
            share = share.pin_memory()
        gradients = self.gradients(share.to(device, non_blocking=True))
        self.workers.sum(gradients.tensors())
        update(self.state, gradients, adamw)
        n_tokens = self.batch_size
        return Step(gradients.squared_error[0] / n_tokens, gradients.n_fired.sum() / n_tokens)

    def gradients(self, states: torch.Tensor) -> Gradients:
        """This worker's gradients. states: its share of the batch, (n, d_model), on the state's device."""
        n_tokens = self.batch_size
        W_enc, b_enc, W_dec, b_dec = (self.state.weights[name] for name in WEIGHTS)
        centred = states.float() - b_dec
        values, indices, _ = nominated_top_k(centred, W_enc, b_enc, self.state.k, self.nominate_in)
        loss = _Loss.of(values, indices, centred, W_dec, torch.tensor(2 / n_tokens))
        by_latent = loss.by_latent(centred, len(W_enc))
        n_fired = torch.zeros_like(b_enc)
        n_fired.index_add_(0, indices.flatten(), (loss.activations > 0).flatten().float())
        if self.auxiliary is not None and len(dead := self.auxiliary.dead_latents(self.state)):
            weight = self.auxiliary.weight_now(centred, loss.residuals, n_tokens, self.workers.sum)
            k = k_auxiliary(W_enc.shape[1], len(dead))
            values, top, _ = nominated_top_k(centred, W_enc[dead], b_enc[dead], k, self.nominate_in)
            auxiliary = _Loss.of(values, dead[top], -loss.residuals, W_dec, 2 / n_tokens * weight)
            of_auxiliary = auxiliary.by_latent(centred, len(W_enc))
            by_latent = tuple(main + added for main, added in zip(by_latent, of_auxiliary, strict=True))
        W_enc_gradient, b_enc_gradient, W_dec_gradient = by_latent
        return Gradients(
            W_enc=W_enc_gradient,
            b_enc=b_enc_gradient,
            W_dec=W_dec_gradient,
            b_dec=2 / n_tokens * loss.residuals.sum(0) - b_enc_gradient @ W_enc,
            squared_error=loss.residuals.square().sum()[None],
            n_fired=n_fired,
        )


@dataclass(frozen=True)
class _Loss:
    """scale / 2 sum_t |r_t|^2 with r_t = sum_s z_ts W_dec[indices_ts] - target_t, and its slopes dL/dz_ts."""

    activations: torch.Tensor
    indices: torch.Tensor
    residuals: torch.Tensor
    slopes: torch.Tensor
    scale: torch.Tensor

    @classmethod
    def of(
        cls,
        values: torch.Tensor,
        indices: torch.Tensor,
        target: torch.Tensor,
        W_dec: torch.Tensor,
        scale: torch.Tensor,
    ) -> _Loss:
        activations = values.relu()
        residuals = embedding_bag(indices, W_dec, per_sample_weights=activations, mode="sum") - target
        slopes = scale * dots(residuals, W_dec, indices) * (activations > 0)
        return cls(activations, indices, residuals, slopes, scale)

    def by_latent(self, centred: torch.Tensor, n_latents: int) -> tuple[torch.Tensor, ...]:
        """dL/dW_enc, dL/db_enc and dL/dW_dec."""
        pairs = self.indices.flatten().argsort(stable=True)
        tokens = pairs // self.indices.shape[1]
        latents = torch.arange(n_latents, device=pairs.device)
        starts = torch.searchsorted(self.indices.flatten()[pairs], latents)

        def total(coefficients: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
            weights = coefficients.flatten()[pairs]
            return embedding_bag(tokens, rows, starts, per_sample_weights=weights, mode="sum")

        ones = torch.ones(len(centred), 1, device=centred.device)
        return (
            total(self.slopes, centred),
            total(self.slopes, ones).squeeze(1),
            total(self.activations * self.scale, self.residuals),
        )


def update(state: TrainState, gradients: Gradients, adamw: AdamW) -> None:
    """One AdamW step with the whole batch's gradients, in place; decoder rows rotate and keep unit norm."""
    W_dec = state.weights["W_dec"]
    along = (gradients.W_dec * W_dec).sum(1, keepdim=True) * W_dec
    state.step += 1
    for name in WEIGHTS:
        gradient = getattr(gradients, name) - (along if name == "W_dec" else 0)
        moments = state.first[name], state.second[name]
        _adamw(state.weights[name], *moments, gradient, adamw.constants(state.step, name))
    W_dec /= W_dec.norm(dim=1, keepdim=True)
    state.last_fired.masked_fill_(gradients.n_fired > 0, state.step)


def _adamw(
    weights: torch.Tensor,
    first: torch.Tensor,
    second: torch.Tensor,
    gradient: torch.Tensor,
    constants: NDArray[np.float32],
) -> None:
    step_size, beta1, beta2, root_correction, epsilon, decay = constants.tolist()
    first.lerp_(gradient, 1 - beta1)
    second.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
    weights.mul_(decay).addcdiv_(first, second.sqrt().mul_(root_correction).add_(epsilon), value=-step_size)

"""The step of `sae.step_cpu` in plain torch, for a GPU: the same equations and the same update.

No gradient is dense in (n_tokens, n_latents): sums over the active pairs are embedding bags, by token to decode
and, with the pairs sorted by latent, by latent for the gradients. Repeatable, since bags do not race.
"""

from __future__ import annotations

import torch
from torch.nn.functional import embedding_bag

from data.errors import UserError
from sae.optimizer import AdamW, Step, TrainState


def torch_step(state: TrainState, states: torch.Tensor, adamw: AdamW) -> Step:
    """states (n_tokens, d_model), any float type, on the state's device; NaN or infinity is a `UserError`."""
    W_enc, b_enc, W_dec, b_dec = (state.weights[name] for name in ("W_enc", "b_enc", "W_dec", "b_dec"))
    n_latents, k, n = len(W_enc), state.k, len(states)

    centred = states.float() - b_dec
    if not torch.isfinite(centred.sum()):
        raise UserError("token states hold NaN or infinity: encode the text again, in float32")
    values, indices = torch.topk(torch.addmm(b_enc, centred, W_enc.T), k)
    activations = values.relu()
    residuals = embedding_bag(indices, W_dec, per_sample_weights=activations, mode="sum") - centred
    slopes = 2 / n * torch.einsum("td,tkd->tk", residuals, W_dec[indices]) * (activations > 0)

    pairs = indices.flatten().argsort(stable=True)
    tokens = pairs // k
    starts = torch.searchsorted(indices.flatten()[pairs], torch.arange(n_latents, device=W_enc.device))

    def by_latent(coefficients: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        weights = coefficients.flatten()[pairs]
        return embedding_bag(tokens, rows, starts, per_sample_weights=weights, mode="sum")

    W_dec_gradient = by_latent(activations * (2 / n), residuals)
    b_enc_gradient = by_latent(slopes, torch.ones(n, 1, device=W_enc.device)).squeeze(1)
    gradients = {
        "W_enc": by_latent(slopes, centred),
        "b_enc": b_enc_gradient,
        "W_dec": W_dec_gradient - (W_dec_gradient * W_dec).sum(1, keepdim=True) * W_dec,
        "b_dec": 2 / n * residuals.sum(0) - b_enc_gradient @ W_enc,
    }
    state.step += 1
    for name, gradient in gradients.items():
        _adamw(state.weights[name], state.first[name], state.second[name], gradient, adamw, state.step)
    W_dec /= W_dec.norm(dim=1, keepdim=True)
    fired = indices[activations > 0]
    state.last_fired[fired] = state.step
    return Step(loss=residuals.square().sum(1).mean().item(), l0=len(fired) / n)


def _adamw(
    weights: torch.Tensor,
    first: torch.Tensor,
    second: torch.Tensor,
    gradient: torch.Tensor,
    adamw: AdamW,
    step: int,
) -> None:
    step_size, beta1, beta2, root_correction, epsilon, decay = adamw.constants(step).tolist()
    first.lerp_(gradient, 1 - beta1)
    second.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
    weights.mul_(decay).addcdiv_(first, second.sqrt().mul_(root_correction).add_(epsilon), value=-step_size)

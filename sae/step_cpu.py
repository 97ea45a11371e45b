"""One training step on CPU: exact gradients, which reach only the k active latents of each token, fused with AdamW.

    L = mean_t |h^_t - h_t|^2      r_t = h^_t - h_t      dz_tj = 2/n <r_t, W_dec_j>  where z_tj > 0
    dW_dec_j = 2/n sum_t z_tj r_t        dW_enc_j = sum_t dz_tj (h_t - b_dec)        db_enc_j = sum_t dz_tj
    db_dec = 2/n sum_t r_t - sum_j db_enc_j W_enc_j

n: tokens in the batch. The forward pass runs by blocks of tokens; the backward pass by blocks of latents, with the
active (token, latent) pairs sorted by latent. Decoder rows keep unit norm: their gradient loses its part along the
row, so that AdamW's moments hold rotations only, and the row is normalised after the step. An auxiliary loss has
the same gradients with other latents z, with r = e^ - e, and without the term 2/n sum_t r_t.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from data.threads import for_each_block
from sae import kernels
from sae.auxiliary import Auxiliary, k_auxiliary
from sae.kernels import Pairs
from sae.optimizer import AdamW, Step, TrainState
from sae.top_k import BLOCK, Nominator, centre

LATENT_BLOCK = 128


class CpuStepper:
    """The buffers of one batch size; `step` changes the state in place."""

    def __init__(self, state: TrainState, batch_size: int, auxiliary: Auxiliary | None = None) -> None:
        n_latents, d_model = state.weights["W_enc"].shape
        self.state = state
        self.auxiliary = auxiliary
        self.centred = np.empty((batch_size, d_model), np.float32)
        self.indices = np.empty((batch_size, state.k), np.int32)
        self.squared_errors = np.empty(batch_size, np.float32)
        self.b_enc_gradient = np.empty(n_latents, np.float32)
        self.pairs = _empty_pairs(batch_size, n_latents, d_model, state.k, 2 / batch_size)

    def step(self, states: NDArray[Any], adamw: AdamW) -> Step:
        """One step on states (batch_size, d_model) of any float type.

        NaN or infinity raises a `UserError` and changes nothing.
        """
        self._forward(states)
        revived = self._revive()
        loss = float(self.squared_errors.mean(dtype=np.float64))
        self._backward((self.pairs,) if revived is None else (self.pairs, revived), adamw)
        n_active = int(self.pairs.offsets[-1])
        return Step(loss=loss, l0=n_active / len(states))

    def _forward(self, states: NDArray[Any]) -> None:
        W_enc, b_enc, W_dec, b_dec = (
            self.state.weights[n].numpy() for n in ("W_enc", "b_enc", "W_dec", "b_dec")
        )
        nominator = Nominator.of(W_enc)

        def worker() -> Callable[[int, int], None]:
            select = nominator.selector(b_enc)

            def forward(start: int, stop: int) -> None:
                block = slice(start, stop)
                centred, residuals = self.centred[block], self.pairs.residuals[block]
                activations, indices = self.pairs.activations[block], self.indices[block]
                centred[:] = centre(states[block], b_dec)
                select(centred, activations, indices)
                np.negative(centred, out=residuals)
                kernels.decode(activations, indices, W_dec, residuals)
                kernels.differentiate(
                    residuals,
                    activations,
                    indices,
                    W_dec,
                    self.pairs.scale,
                    self.pairs.slopes[block],
                    self.squared_errors[block],
                )

            return forward

        for_each_block(len(states), BLOCK, worker)
        kernels.sort_by_latent(self.pairs.activations, self.indices, self.pairs.offsets, self.pairs.places)

    def _revive(self) -> Pairs | None:
        """The pairs of the auxiliary loss; None without such a loss or without dead latents."""
        if self.auxiliary is None or not len(dead := self.auxiliary.dead_latents(self.state).numpy()):
            return None
        W_enc, b_enc, W_dec = (self.state.weights[name].numpy() for name in ("W_enc", "b_enc", "W_dec"))
        n, d_model = self.centred.shape
        weight = self.auxiliary.weight_now(
            torch.from_numpy(self.centred), torch.from_numpy(self.pairs.residuals), n
        )
        pairs = _empty_pairs(n, len(W_enc), d_model, k_auxiliary(d_model, len(dead)), 2 / n * weight.item())
        indices, unused = np.empty(pairs.activations.shape, np.int32), np.empty(n, np.float32)
        W_enc_dead, b_enc_dead = torch.from_numpy(W_enc[dead]), b_enc[dead]

        def worker() -> Callable[[int, int], None]:
            product = torch.empty(BLOCK, len(dead))

            def forward(start: int, stop: int) -> None:
                block = slice(start, stop)
                residuals, activations = pairs.residuals[block], pairs.activations[block]
                out = product[: stop - start]
                torch.mm(torch.from_numpy(self.centred[block]), W_enc_dead.T, out=out)
                kernels.keep_largest(out.numpy(), b_enc_dead, dead, activations, indices[block])
                residuals[:] = self.pairs.residuals[block]
                kernels.decode(activations, indices[block], W_dec, residuals)
                kernels.differentiate(
                    residuals,
                    activations,
                    indices[block],
                    W_dec,
                    pairs.scale,
                    pairs.slopes[block],
                    unused[block],
                )

            return forward

        for_each_block(n, BLOCK, worker)
        kernels.sort_by_latent(pairs.activations, indices, pairs.offsets, pairs.places)
        return pairs

    def _backward(self, losses: tuple[Pairs, ...], adamw: AdamW) -> None:
        state = self.state
        state.step += 1
        constants, of_decoder = adamw.constants(state.step), adamw.constants(state.step, "W_dec")
        moments = {
            name: (weights.numpy(), state.first[name].numpy(), state.second[name].numpy())
            for name, weights in state.weights.items()
        }
        n_blocks = -(-len(self.b_enc_gradient) // LATENT_BLOCK)
        b_dec_gradients = np.zeros((n_blocks, self.centred.shape[1]), np.float32)

        def update(start: int, stop: int) -> None:
            kernels.update_latents(
                start,
                stop,
                losses,
                self.centred,
                (constants, of_decoder),
                moments["W_enc"],
                moments["W_dec"],
                self.b_enc_gradient,
                b_dec_gradients[start // LATENT_BLOCK],
            )

        for_each_block(len(self.b_enc_gradient), LATENT_BLOCK, lambda: update)
        kernels.adamw(*moments["b_enc"], self.b_enc_gradient, constants)
        b_dec_gradient = self.pairs.scale * self.pairs.residuals.sum(axis=0) + b_dec_gradients.sum(axis=0)
        kernels.adamw(*moments["b_dec"], b_dec_gradient, constants)
        state.last_fired.numpy()[np.diff(self.pairs.offsets) > 0] = state.step


def _empty_pairs(n_tokens: int, n_latents: int, d_model: int, k: int, scale: float) -> Pairs:
    return Pairs(
        offsets=np.empty(n_latents + 1, np.int64),
        places=np.empty(n_tokens * k, np.int32),
        activations=np.empty((n_tokens, k), np.float32),
        slopes=np.empty((n_tokens, k), np.float32),
        residuals=np.empty((n_tokens, d_model), np.float32),
        scale=np.float32(scale),
    )

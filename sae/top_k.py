"""Exact top-k latents of many tokens on CPU: an approximate matrix product nominates, float32 dot products decide.

    pre_tj = <h_t - b_dec, W_enc_j> + b_enc_j  =  estimate_tj + error_tj,        |error_tj| <= margin_t

On a processor with int8 dot products (VNNI) the product is taken in int8, four times faster than in float32. With c
~ c' and w ~ w' rounded to int8, the error <c - c', w> + <c', w - w'> is a sum of small terms of either sign, with a
standard deviation of about sqrt((|c - c'|^2 |w|^2 + |c|^2 |w - w'|^2) / d_model); the margin is `DEVIATIONS` of
these, which a normal variable exceeds once in 10^11 times. Every float32 dot product also checks its token's
margin; a token that exceeds it is computed again without the product. Activations and indices are those of float32
dot products, to the bit, whatever the product and the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from data.errors import UserError
from data.threads import for_each_block
from sae import kernels

Product = Literal["int8", "float32"]
Floats = NDArray[np.float32]

BLOCK = 128  # tokens per block; each thread holds the product of one block
DEVIATIONS = 7.0
_ROUNDING = 2.0**-23  # rounding of a float32 dot product per term of the sum, relative to |c| |w|


@dataclass(frozen=True)
class Nominator:
    """W_enc_j ~ scales_j * weights_j, the encoder weights in the number type of the product.

    norm: the largest |W_enc_j|. error: the largest |W_enc_j - scales_j weights_j|. A change of W_enc in place
    invalidates its nominator.
    """

    W_enc: Floats
    weights: torch.Tensor
    scales: Floats
    norm: float
    error: float

    @classmethod
    def of(cls, W_enc: Floats, product: Product | None = None) -> Nominator:
        """The nominator of W_enc (n_latents, d_model); NaN or infinity raises a `UserError`.

        product: number type of the approximate product; None: int8 if the processor multiplies it fast, else
        float32.
        """
        product = product or ("int8" if torch.cpu._is_vnni_supported() else "float32")
        n_latents = len(W_enc)
        quantised = np.empty(W_enc.shape, np.int8)
        scales, norms, errors = (np.empty(n_latents, np.float32) for _ in range(3))

        def quantise(start: int, stop: int) -> None:
            rows = slice(start, stop)
            kernels.quantise_rows(W_enc[rows], quantised[rows], scales[rows], norms[rows], errors[rows])

        for_each_block(n_latents, 512, lambda: quantise)
        norm = float(norms.max())
        if not np.isfinite(norm):
            raise UserError("the encoder weights hold NaN or infinity: train or load the SAE again")
        if product == "float32":
            return cls(W_enc, torch.from_numpy(W_enc), np.ones(n_latents, np.float32), norm, 0.0)
        return cls(W_enc, torch.from_numpy(quantised), scales, norm, float(errors.max()))

    def selector(self, b_enc: Floats) -> Callable[[Floats, Floats, NDArray[np.int32]], None]:
        """A function (centred, activations, indices) that fills the last two for at most BLOCK tokens.

        The function owns a buffer, so each thread needs its own.
        """
        (n_latents, d_model), int8 = self.W_enc.shape, self.weights.dtype == torch.int8
        product = torch.empty(BLOCK, n_latents, dtype=torch.int32 if int8 else torch.float32)
        quantised = np.empty((BLOCK, d_model), np.int8)
        scales, norms, errors = np.ones((3, BLOCK), np.float32)

        def select(centred: Floats, activations: Floats, indices: NDArray[np.int32]) -> None:
            n = len(centred)
            if not np.isfinite(centred.sum()):
                raise UserError("token states hold NaN or infinity: encode the text again, in float32")
            kernels.quantise_rows(centred, quantised, scales, norms, errors)
            margins = d_model * _ROUNDING * self.norm * norms[:n]
            if int8:
                torch._int_mm(torch.from_numpy(quantised[:n]), self.weights.T, out=product[:n])
                deviation = np.hypot(errors[:n] * self.norm, norms[:n] * self.error) / np.sqrt(d_model)
                margins += DEVIATIONS * deviation
            else:
                torch.mm(torch.from_numpy(centred), self.weights.T, out=product[:n])
                scales[:n] = 1
            kernels.select_top_k(
                product.numpy(),
                centred,
                scales,
                self.scales,
                margins,
                self.W_enc,
                b_enc,
                activations,
                indices,
            )

        return select


def top_k_latents(
    states: NDArray[Any], nominator: Nominator, b_enc: Floats, b_dec: Floats, k: int
) -> tuple[Floats, NDArray[np.int32]]:
    """TopK(ReLU(W_enc (h_t - b_dec) + b_enc), k) of states (n_tokens, d_model) in any float type.

    Returns activations, descending, and indices, both (n_tokens, k); equal activations are ordered by ascending
    latent. b_enc: (n_latents,). b_dec: (d_model,). States with NaN or infinity raise a `UserError`.
    """
    n_tokens = len(states)
    activations = np.empty((n_tokens, k), np.float32)
    indices = np.empty((n_tokens, k), np.int32)

    def worker() -> Callable[[int, int], None]:
        select = nominator.selector(b_enc)

        def encode(start: int, stop: int) -> None:
            block = slice(start, stop)
            centred = centre(states[block], b_dec)
            select(centred, activations[block], indices[block])

        return encode

    for_each_block(n_tokens, BLOCK, worker)
    return activations, indices


def centre(states: NDArray[Any], b_dec: Floats) -> Floats:
    """h - b_dec in float32, (n_tokens, d_model); torch converts float16 to float32 ten times faster than numpy."""
    return torch.from_numpy(np.array(states)).float().numpy() - b_dec

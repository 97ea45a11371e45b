"""Others' equations made ours, exactly: each function here changes the weights and not what they compute.

    pre_t = W_enc (h_t - b_dec) + b_enc        h^_t = W_dec^T z_t + b_dec
    z_t = TopK(ReLU(pre_t), k)    or    z_tj = ReLU(pre_tj) where pre_tj > theta_j, else 0

Exact is meant in real numbers: float32 rounds a folded weight once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from data.errors import UserError
from sae.model import SparseAutoencoder


@dataclass(frozen=True)
class Parts:
    """Weights on their way to an SAE, of the file `where`: shapes that do not fit each other are a `UserError`.

    W_enc, W_dec: (n_latents, d_model); b_enc, threshold: (n_latents,); b_dec: (d_model,). With a threshold, k is
    not looked at.
    """

    where: object
    W_enc: torch.Tensor
    b_enc: torch.Tensor
    W_dec: torch.Tensor
    b_dec: torch.Tensor
    k: int | None = None
    threshold: torch.Tensor | None = None

    def __post_init__(self) -> None:
        if self.W_enc.ndim != 2:
            raise UserError(
                f"{self.where}: expected encoder weights of 2 axes, got {tuple(self.W_enc.shape)}"
            )
        n_latents, d_model = self.W_enc.shape
        for name, shape in {"W_dec": (n_latents, d_model), "b_dec": (d_model,)}.items():
            self.expect(name, getattr(self, name), shape)
        for name in ("b_enc", "threshold"):
            if getattr(self, name) is not None:
                self.expect(name, getattr(self, name), (n_latents,))

    def expect(self, name: str, tensor: torch.Tensor, shape: tuple[int, ...]) -> None:
        if tuple(tensor.shape) != shape:
            raise UserError(
                f"{self.where}: expected {name} of shape {shape} for an encoder of (n_latents, d_model) = "
                f"{tuple(self.W_enc.shape)}, got {tuple(tensor.shape)}: it is damaged, or not of the kind it says"
            )


def without_centring(parts: Parts) -> Parts:
    """Of an encoder that reads h_t itself, W_enc h_t + b_enc: b_enc <- b_enc + W_enc b_dec."""
    return replace(parts, b_enc=parts.b_enc + parts.W_enc @ parts.b_dec)


def with_unit_decoder(parts: Parts) -> Parts:
    """Latents in units of their decoder's length: z_j <- |W_dec_j| z_j, so that W_dec_j has length 1."""
    lengths = parts.W_dec.norm(dim=1).clamp(min=1e-8)
    return replace(
        parts,
        W_enc=parts.W_enc * lengths[:, None],
        b_enc=parts.b_enc * lengths,
        W_dec=parts.W_dec / lengths[:, None],
        threshold=None if parts.threshold is None else parts.threshold * lengths,
    )


def of_scaled_states(parts: Parts, factor: float) -> Parts:
    """Of an SAE whose states were multiplied by `factor` first, and its reconstructions divided by it."""
    return replace(parts, W_enc=parts.W_enc * factor, W_dec=parts.W_dec / factor, b_dec=parts.b_dec / factor)


def ungated(parts: Parts, r_mag: torch.Tensor, b_gate: torch.Tensor, b_mag: torch.Tensor) -> Parts:
    """A gated SAE is a JumpReLU: pre = e^r a + b_mag and theta = b_mag - e^r b_gate, where a = W_enc (h - b_dec).

    Its gate is open where a + b_gate > 0, which is pre > theta (Rajamanoharan et al. 2024, arXiv 2404.16014).
    """
    for name, tensor in {"r_mag": r_mag, "the gate's bias": b_gate, "the magnitudes' bias": b_mag}.items():
        parts.expect(name, tensor, parts.W_enc.shape[:1])
    scale = r_mag.exp()
    return replace(parts, W_enc=parts.W_enc * scale[:, None], b_enc=b_mag, threshold=b_mag - scale * b_gate)


def decided(
    k: int | None, threshold: torch.Tensor | None, k_given: int | None, where: object
) -> tuple[int | None, torch.Tensor | None]:
    """(k, threshold) of a file that does not say which of the two its encoder uses; k_given is the user's word."""
    if threshold is None:
        if k is None and k_given is None:
            raise UserError(
                f"{where} says neither a threshold nor how many latents a token may have: give the number, as "
                f"--k 32 or {where}#k=32 (a plain ReLU SAE says it by a tensor `threshold` of zeros)"
            )
        return k_given if k is None else k, None
    if k is None:
        return None, threshold
    if k_given is None:
        raise UserError(
            f"{where} holds a threshold and k = {k}, and does not say which of them chooses the latents: add "
            f"#k={k} to read it as a Top-K SAE, or save it without k to let the threshold decide"
        )
    return k, None


def check_finite(weights: Parts | SparseAutoencoder, where: object) -> None:
    """Refuse NaN and infinity, which would spread to every score."""
    for name in ("W_enc", "b_enc", "W_dec", "b_dec", "threshold"):
        tensor = getattr(weights, name)
        if tensor is not None and not torch.isfinite(tensor).all():
            raise UserError(f"{where}: its {name} holds NaN or infinity: export the SAE again")


def to_autoencoder(parts: Parts, trained_on: Mapping[str, Any]) -> SparseAutoencoder:
    """The SAE of these parts; NaN, infinity and a k that is no number are a `UserError`."""
    threshold = parts.threshold
    check_finite(parts, parts.where)
    k = parts.k if threshold is None else len(parts.b_enc)
    if not isinstance(k, int):
        raise UserError(f"{parts.where} says k = {k!r}, expected the number of latents that a token may have")
    return SparseAutoencoder(
        W_enc=parts.W_enc.contiguous(),
        b_enc=parts.b_enc.contiguous(),
        W_dec=parts.W_dec.contiguous(),
        b_dec=parts.b_dec.contiguous(),
        k=k,
        trained_on=trained_on,
        # ReLU makes a threshold below 0 the same as 0.
        threshold=None if threshold is None else threshold.clamp(min=0).contiguous(),
    )

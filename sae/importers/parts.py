"""Convert other libraries' equations to those of `sae.model`: the weights change, the function does not.

    pre_t = W_enc (h_t - b_dec) + b_enc        h^_t = W_dec^T z_t + b_dec
    z_t = TopK(ReLU(pre_t), k)    or    z_tj = ReLU(pre_tj) where pre_tj > theta_j, else 0

The conversion is exact in real numbers; float32 rounds each converted weight once.
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
    """The weights of an SAE during conversion; `where` is their file, for messages.

    W_enc, W_dec: (n_latents, d_model); b_enc, threshold: (n_latents,); b_dec: (d_model,). With a threshold, k is
    ignored. Shapes that do not fit each other raise a `UserError`.
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
        """Raise a `UserError` if the tensor `name` does not have this shape."""
        if tuple(tensor.shape) != shape:
            raise UserError(
                f"{self.where}: expected {name} of shape {shape} for an encoder of (n_latents, d_model) = "
                f"{tuple(self.W_enc.shape)}, got {tuple(tensor.shape)}: it is damaged, or not of the kind it says"
            )


def without_centring(parts: Parts) -> Parts:
    """b_enc <- b_enc + W_enc b_dec, for an encoder W_enc h_t + b_enc that does not subtract b_dec."""
    return replace(parts, b_enc=parts.b_enc + parts.W_enc @ parts.b_dec)


def with_unit_decoder(parts: Parts) -> Parts:
    """z_j <- |W_dec_j| z_j and W_dec_j <- W_dec_j / |W_dec_j|: decoder rows of norm 1."""
    lengths = parts.W_dec.norm(dim=1).clamp(min=1e-8)
    return replace(
        parts,
        W_enc=parts.W_enc * lengths[:, None],
        b_enc=parts.b_enc * lengths,
        W_dec=parts.W_dec / lengths[:, None],
        threshold=None if parts.threshold is None else parts.threshold * lengths,
    )


def of_scaled_states(parts: Parts, factor: float) -> Parts:
    """W_enc <- factor W_enc, W_dec <- W_dec / factor, b_dec <- b_dec / factor.

    For an SAE that multiplies states by `factor` first and divides its reconstructions by it.
    """
    return replace(parts, W_enc=parts.W_enc * factor, W_dec=parts.W_dec / factor, b_dec=parts.b_dec / factor)


def ungated(parts: Parts, r_mag: torch.Tensor, b_gate: torch.Tensor, b_mag: torch.Tensor) -> Parts:
    """A gated SAE as a JumpReLU: pre = e^r a + b_mag and theta = b_mag - e^r b_gate, where a = W_enc (h - b_dec).

    The gate is open if a + b_gate > 0, which is pre > theta (Rajamanoharan et al. 2024, arXiv 2404.16014).
    """
    for name, tensor in {"r_mag": r_mag, "the gate's bias": b_gate, "the magnitudes' bias": b_mag}.items():
        parts.expect(name, tensor, parts.W_enc.shape[:1])
    scale = r_mag.exp()
    return replace(parts, W_enc=parts.W_enc * scale[:, None], b_enc=b_mag, threshold=b_mag - scale * b_gate)


def decided(
    k: int | None, threshold: torch.Tensor | None, user_k: int | None, where: object
) -> tuple[int | None, torch.Tensor | None]:
    """(k, threshold), one of them None, for a file that does not state which of the two its encoder uses.

    k, threshold: those in the file. user_k: the k that the user names. If the choice stays open, a `UserError`.
    """
    if threshold is None:
        if k is None and user_k is None:
            raise UserError(
                f"{where} says neither a threshold nor how many latents a token may have: give the number, as "
                f"--k 32 or {where}#k=32 (a plain ReLU SAE has a tensor `threshold` of zeros)"
            )
        return user_k if k is None else k, None
    if k is None:
        return None, threshold
    if user_k is None:
        raise UserError(
            f"{where} holds a threshold and k = {k}, and does not say which of them chooses the latents: add "
            f"#k={k} to read it as a Top-K SAE, or save it without k to let the threshold decide"
        )
    return k, None


def check_finite(weights: Parts | SparseAutoencoder, where: object) -> None:
    """Raise a `UserError` for NaN or infinity, which would spread to every score."""
    for name in ("W_enc", "b_enc", "W_dec", "b_dec", "threshold"):
        tensor = getattr(weights, name)
        if tensor is not None and not torch.isfinite(tensor).all():
            raise UserError(f"{where}: its {name} holds NaN or infinity: export the SAE again")


def to_autoencoder(parts: Parts, trained_on: Mapping[str, Any]) -> SparseAutoencoder:
    """The SAE with these weights; NaN, infinity or a k that is no whole number raise a `UserError`."""
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

"""The Top-K sparse autoencoder (SAE) of token states.

    pre_t = W_enc (h_t - b_dec) + b_enc        z_t = TopK(ReLU(pre_t), k)        h^_t = W_dec^T z_t + b_dec

h_t (d_model,): state of token t in a frozen encoder; z_t (n_latents,): its latents, at most k of them above 0.
Row j of W_dec is latent j's decoder direction. Gao et al. 2024 (arXiv 2406.04093), without their auxiliary loss.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from data.errors import UserError
from sae import kernels
from sae.top_k import top_k_latents

States = torch.Tensor | NDArray[Any]


@dataclass(frozen=True)
class SparseAutoencoder:
    """W_enc, W_dec: float32 (n_latents, d_model); b_enc (n_latents,); b_dec (d_model,); all on one device.

    trained_on: what its states were, as JSON can hold it: encoder, layer, prefixes, text, seed, versions.
    """

    W_enc: torch.Tensor
    b_enc: torch.Tensor
    W_dec: torch.Tensor
    b_dec: torch.Tensor
    k: int
    trained_on: Mapping[str, Any] = field(default_factory=dict)
    name: str = "SAE"

    def __post_init__(self) -> None:
        if not 1 <= self.k <= self.n_latents:
            raise UserError(f"k must be between 1 and the {self.n_latents} latents, got {self.k}")

    @property
    def n_latents(self) -> int:
        return self.W_enc.shape[0]

    @property
    def d_model(self) -> int:
        return self.W_enc.shape[1]

    @property
    def device(self) -> torch.device:
        return self.W_enc.device

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits over k and all weights: two SAEs with one fingerprint give the same latents."""
        digest = hashlib.sha256(str((self.k, self.n_latents, self.d_model)).encode())
        for weights in (self.W_enc, self.b_enc, self.W_dec, self.b_dec):
            digest.update(weights.detach().cpu().contiguous().numpy().data)
        return digest.hexdigest()[:16]

    def to(self, device: str | torch.device) -> SparseAutoencoder:
        return replace(
            self, **{name: getattr(self, name).to(device) for name in ("W_enc", "b_enc", "W_dec", "b_dec")}
        )

    def pre_activations(self, states: States) -> torch.Tensor:
        """W_enc (h - b_dec) + b_enc, float32 (n_tokens, n_latents): dense, so for few tokens."""
        centred = torch.as_tensor(self._checked(states), device=self.device).float() - self.b_dec
        return torch.addmm(self.b_enc, centred, self.W_enc.T)

    def encode(self, states: States) -> tuple[torch.Tensor, torch.Tensor]:
        """Activations float32, falling, and indices int32, both (n_tokens, k), of states (n_tokens, d_model).

        Equal activations stand by rising latent; where fewer than k latents are above 0 the last activations are 0,
        and their indices mean nothing. On CPU exact and in bounded memory, see `sae.top_k`.
        """
        states = self._checked(states)
        if self.device.type != "cpu":
            values, indices = torch.topk(self.pre_activations(states), self.k)
            return values.relu(), indices.int()
        weights = (self.W_enc.numpy(), self.b_enc.numpy(), self.b_dec.numpy())
        activations, latents = top_k_latents(_as_numpy(states), weights, self.k)
        return torch.from_numpy(activations), torch.from_numpy(latents)

    def decode(self, activations: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
        """Reconstructed states h^, float32 (n_tokens, d_model), of what `encode` gave."""
        if self.device.type != "cpu":
            bags = torch.nn.functional.embedding_bag(
                indices, self.W_dec, per_sample_weights=activations, mode="sum"
            )
            return bags + self.b_dec
        states = self.b_dec.repeat(len(indices), 1)
        kernels.decode(activations.numpy(), indices.numpy(), self.W_dec.numpy(), states.numpy())
        return states

    def _checked(self, states: States) -> States:
        if states.ndim != 2 or states.shape[1] != self.d_model:
            shape = tuple(states.shape)
            got = f"(n_tokens, {shape[1]})" if len(shape) == 2 else str(shape)
            raise UserError(
                f"expected (n_tokens, {self.d_model}), got {got}: "
                f"{self.name} was trained on {self.trained_on.get('encoder', 'an unnamed encoder')}"
            )
        return states


def initial_autoencoder(
    d_model: int, n_latents: int, k: int, b_dec: NDArray[np.float32], seed: int
) -> SparseAutoencoder:
    """Decoder Kaiming-initialised, encoder = its transpose, then decoder rows of unit norm; b_enc = 0.

    b_dec (d_model,): the mean of a sample of states, the constant that reconstructs them best. The encoder keeps
    the norm that Kaiming gave it, about sqrt(2 d_model / n_latents): with rows of unit norm, FVU after the first
    400 batches was a tenth higher.
    """
    generator = torch.Generator().manual_seed(seed)
    W = torch.empty(n_latents, d_model)
    torch.nn.init.kaiming_uniform_(
        W, mode="fan_out", generator=generator
    )  # what goes into the decoder: n_latents
    return SparseAutoencoder(
        W_enc=W,
        b_enc=torch.zeros(n_latents),
        W_dec=W / W.norm(dim=1, keepdim=True),
        b_dec=torch.from_numpy(b_dec.astype(np.float32)),
        k=k,
    )


def _as_numpy(states: States) -> NDArray[Any]:
    if isinstance(states, np.ndarray):
        return states
    return states.detach().to("cpu", torch.float32).numpy()

"""The sparse autoencoder (SAE) of token states.

    pre_t = W_enc (h_t - b_dec) + b_enc        h^_t = W_dec^T z_t + b_dec
    Top-K:      z_t = TopK(ReLU(pre_t), k)
    threshold:  z_tj = ReLU(pre_tj) where pre_tj > theta_j, else 0

h_t (d_model,): state of token t in a frozen encoder. z_t (n_latents,): its latents, few of them above 0.
Row j of W_dec is latent j's decoder direction. Top-K: Gao et al. 2024 (arXiv 2406.04093). Threshold: JumpReLU
(Rajamanoharan et al. 2024, arXiv 2407.14435); trained BatchTopK and Matryoshka SAEs, with one theta for all latents
(Bussmann et al. 2024, arXiv 2412.06410); the standard ReLU SAE, with theta = 0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from data.encoders import bfloat16_is_native
from data.errors import UserError
from sae import kernels
from sae.threshold import threshold_latents
from sae.top_k import Nominator, top_k_latents
from sae.top_k_torch import exact_top_k

States = torch.Tensor | NDArray[Any]


@dataclass(frozen=True)
class SparseAutoencoder:
    """The weights of an SAE. W_enc, W_dec: float32 (n_latents, d_model); b_enc: (n_latents,); b_dec: (d_model,).

    All tensors are on one device. They must not change in place after first use, since derived values are cached.

    k: active latents per token at most; n_latents for an SAE with a threshold.
    threshold: theta, float32 (n_latents,); None for a Top-K SAE.
    trained_on: record of the training states, JSON-able: encoder, layer, prefixes, text, seed, versions.

    A k out of range, or a k beside a threshold, raises a `UserError`.
    """

    W_enc: torch.Tensor
    b_enc: torch.Tensor
    W_dec: torch.Tensor
    b_dec: torch.Tensor
    k: int
    trained_on: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    threshold: torch.Tensor | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.k <= self.n_latents:
            raise UserError(f"k must be between 1 and the {self.n_latents} latents, got {self.k}")
        if self.threshold is not None and self.k != self.n_latents:
            raise UserError(
                f"an SAE has a threshold or a k, got both: with a threshold, k must be all {self.n_latents} latents"
            )

    @property
    def architecture(self) -> Literal["topk", "jumprelu", "standard"]:
        """The architecture by SAELens's names: topk, jumprelu (some theta above 0) or standard (theta = 0)."""
        if self.threshold is None:
            return "topk"
        return "jumprelu" if bool((self.threshold > 0).any()) else "standard"

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
        """16 hex digits of SHA-256 over k and all weights; SAEs with equal fingerprints compute equal latents."""
        digest = hashlib.sha256(str((self.k, self.n_latents, self.d_model)).encode())
        for weights in self._tensors().values():
            digest.update(weights.detach().cpu().contiguous().numpy().data)
        return digest.hexdigest()[:16]

    @cached_property
    def _nominator(self) -> Nominator:
        return Nominator.of(self.W_enc.numpy())

    def to(self, device: str | torch.device) -> SparseAutoencoder:
        """This SAE with all tensors on the device."""
        moved: dict[str, Any] = {name: weights.to(device) for name, weights in self._tensors().items()}
        return replace(self, **moved)

    def pre_activations(self, states: States) -> torch.Tensor:
        """pre = W_enc (h - b_dec) + b_enc, float32 (n_tokens, n_latents): dense, so only for few tokens."""
        centred = torch.as_tensor(self._checked(states), device=self.device).float() - self.b_dec
        return torch.addmm(self.b_enc, centred, self.W_enc.T)

    def encode(self, states: States) -> tuple[torch.Tensor, torch.Tensor]:
        """z of states (n_tokens, d_model): activations float32, descending, and indices int32, (n_tokens, width).

        width: k; with a threshold, the largest number of active latents of any of these tokens, at least 1. A token
        with fewer has zero activations at the end, whose indices are arbitrary. A Top-K SAE orders equal
        activations by ascending latent. On CPU, Top-K is exact and needs bounded memory, see `sae.top_k`. States of
        another width, NaN or infinity raise a `UserError`.
        """
        states = self._checked(states)
        if self.threshold is not None:
            return threshold_latents(states, self.pre_activations, self.threshold)
        if self.device.type != "cpu":
            centred = torch.as_tensor(states, device=self.device).float() - self.b_dec
            nominate_in = torch.bfloat16 if bfloat16_is_native(self.device) else torch.float32
            values, indices = exact_top_k(centred, self.W_enc, self.b_enc, self.k, nominate_in)
            return values.relu(), indices.int()
        biases = self.b_enc.numpy(), self.b_dec.numpy()
        activations, latents = top_k_latents(_as_numpy(states), self._nominator, *biases, self.k)
        return torch.from_numpy(activations), torch.from_numpy(latents)

    def decode(self, activations: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
        """h^ = W_dec^T z + b_dec, float32 (n_tokens, d_model), from the activations and indices of `encode`."""
        if self.device.type != "cpu":
            bags = torch.nn.functional.embedding_bag(
                indices, self.W_dec, per_sample_weights=activations, mode="sum"
            )
            return bags + self.b_dec
        states = self.b_dec.repeat(len(indices), 1)
        kernels.decode(activations.numpy(), indices.numpy(), self.W_dec.numpy(), states.numpy())
        return states

    def _tensors(self) -> dict[str, torch.Tensor]:
        tensors = {name: getattr(self, name) for name in ("W_enc", "b_enc", "W_dec", "b_dec", "threshold")}
        return {name: tensor for name, tensor in tensors.items() if tensor is not None}

    def _checked(self, states: States) -> States:
        if states.ndim != 2 or states.shape[1] != self.d_model:
            shape = tuple(states.shape)
            got = f"(n_tokens, {shape[1]})" if len(shape) == 2 else str(shape)
            raise UserError(
                f"expected (n_tokens, {self.d_model}), got {got}: "
                f"SAE {self.name or 'without a name'} was trained on "
                f"{self.trained_on.get('encoder', 'an unnamed encoder')}"
            )
        return states


def initial_autoencoder(
    d_model: int, n_latents: int, k: int, b_dec: NDArray[np.float32], seed: int
) -> SparseAutoencoder:
    """An untrained SAE: W_enc Kaiming-initialised, W_dec = W_enc with rows of unit norm, b_enc = 0.

    b_dec (d_model,): the mean of a sample of states, the constant that reconstructs them best. The encoder keeps
    its Kaiming norm, about sqrt(2 d_model / n_latents): with encoder rows of unit norm, FVU after the first 400
    batches was a tenth higher.
    """
    generator = torch.Generator().manual_seed(seed)
    W = torch.empty(n_latents, d_model)
    # W is the decoder's transpose, so fan_out is the decoder's fan-in, n_latents.
    torch.nn.init.kaiming_uniform_(W, mode="fan_out", generator=generator)
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

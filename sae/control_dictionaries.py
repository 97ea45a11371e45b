"""Untrained dictionaries in the form of an SAE: controls for a trained one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from numpy.typing import NDArray

from sae.metrics import l0
from sae.model import SparseAutoencoder


def random_directions(sae: SparseAutoencoder, states: NDArray[Any], seed: int) -> SparseAutoencoder:
    """A control for `sae`: random directions, with its n_latents and its latents per token (L0).

    states: a sample of token states, (n_tokens, d_model), for the mean and, with a threshold, for L0.
    """
    k = sae.k
    if sae.threshold is not None:
        k = round(l0(sae.encode(torch.from_numpy(states).float().to(sae.device))[0]))
    drawn = drawn_directions(sae.n_latents, min(max(k, 1), sae.n_latents), states, seed)
    return replace(drawn, name=f"random directions for {sae.name}").to(sae.device)


def drawn_directions(n_latents: int, k: int, states: NDArray[Any], seed: int) -> SparseAutoencoder:
    """A Top-K SAE over random unit directions; b_dec is the mean of states, (n_tokens, d_model)."""
    sample = torch.from_numpy(states).float()
    generator = torch.Generator().manual_seed(seed)
    W = torch.nn.functional.normalize(torch.randn(n_latents, sample.shape[1], generator=generator), dim=1)
    return SparseAutoencoder(
        W_enc=W, b_enc=torch.zeros(n_latents), W_dec=W, b_dec=sample.mean(0), k=k, name="random directions"
    )

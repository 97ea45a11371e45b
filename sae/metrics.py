"""Pure functions for an SAE's reconstruction and for the use of its latents.

FVU = sum_t |h_t - h^_t|^2 / sum_t |h_t - mean h|^2          0 is perfect; 1 is no better than the mean state
L0 = mean_t #{j : z_tj > 0}                                  a latent is dead if it never fires
"""

from __future__ import annotations

import torch


def fraction_of_variance_unexplained(states: torch.Tensor, reconstructed: torch.Tensor) -> float:
    """FVU = sum_t |h_t - h^_t|^2 / sum_t |h_t - mean h|^2, of states and reconstructions (n_tokens, d_model)."""
    states = states.double()
    return ((states - reconstructed).square().sum() / total_variance(states)).item()


def total_variance(states: torch.Tensor) -> torch.Tensor:
    """sum_t |h_t - mean h|^2, a float64 scalar, of states (n_tokens, d_model)."""
    states = states.double()
    return (states - states.mean(0)).square().sum()


def l0(activations: torch.Tensor) -> float:
    """L0 = mean_t #{j : z_tj > 0}, latents per token, of activations (n_tokens, k)."""
    return (activations > 0).sum().item() / len(activations)


def mean_cosine(states: torch.Tensor, reconstructed: torch.Tensor) -> float:
    """mean_t cos(h_t, h^_t), of states and reconstructions (n_tokens, d_model)."""
    return torch.nn.functional.cosine_similarity(states.float(), reconstructed.float(), dim=1).mean().item()


def dead_latents(activations: torch.Tensor, indices: torch.Tensor, n_latents: int) -> torch.Tensor:
    """Latents that fire on no token, int64 (n_dead,), ascending; activations and indices are (n_tokens, k)."""
    fires = torch.zeros(n_latents, dtype=torch.bool, device=indices.device)
    fires[indices[activations > 0].long()] = True
    return (~fires).nonzero().squeeze(1)

"""The law of every importer: latents and reconstructions equal those of the library that wrote the SAE."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from sae.model import SparseAutoencoder

Agree = Callable[..., None]
N_LATENTS, D_MODEL, K = 96, 24, 5


@pytest.fixture
def states(make_states: Callable[..., Any]) -> torch.Tensor:
    return torch.from_numpy(make_states(300, D_MODEL)).float()


@pytest.fixture
def agree(states: torch.Tensor) -> Agree:
    """Compare latents and reconstructions with the library's; a latent at its threshold may be on or off."""

    def check(ours: SparseAutoencoder, encode: Callable[..., Any], decode: Callable[..., Any]) -> None:
        with torch.no_grad():
            latents = encode(states)
            reconstructions = decode(latents)
        activations, indices = ours.encode(states)
        dense = torch.zeros(len(states), ours.n_latents).scatter_add(1, indices.long(), activations)
        if ours.threshold is not None:
            undecided = (ours.pre_activations(states) - ours.threshold).abs() < 1e-3
            assert undecided.float().mean() < 0.01
            dense[undecided] = latents[undecided]
        torch.testing.assert_close(dense, latents, rtol=1e-4, atol=1e-3)
        assert (latents > 0).sum() > len(states), "states that nothing fires on would show nothing"
        every = torch.arange(ours.n_latents, dtype=torch.int32).expand(len(states), -1).contiguous()
        torch.testing.assert_close(ours.decode(latents, every), reconstructions, rtol=1e-4, atol=1e-2)

    return check


@pytest.fixture
def randomise() -> Callable[[torch.nn.Module], None]:
    """Set every weight of a module to a random value, thresholds to positive ones, so that no terms cancel."""

    def fill(module: torch.nn.Module) -> None:
        generator = torch.Generator().manual_seed(7)
        with torch.no_grad():
            for name, weights in module.named_parameters():
                weights.normal_(generator=generator)
                if "threshold" in name:
                    weights.abs_()
                elif weights.ndim == 1:
                    weights.mul_(0.5)

    return fill

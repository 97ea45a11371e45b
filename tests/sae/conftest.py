"""Small token states, each a sum of a few directions, and small SAEs with random weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from sae.in_memory import ArraySource
from sae.model import SparseAutoencoder

MakeStates = Callable[..., NDArray[np.float16]]


@pytest.fixture(scope="session")
def make_states() -> MakeStates:
    def make(n_tokens: int, d_model: int, seed: int = 0) -> NDArray[np.float16]:
        rng = np.random.default_rng(seed)
        directions = rng.standard_normal((4 * d_model, d_model))
        strengths = rng.exponential(1, (n_tokens, 4 * d_model)) * (rng.random((n_tokens, 4 * d_model)) < 0.02)
        noise = 0.1 * rng.standard_normal((n_tokens, d_model))
        return (1 + strengths @ directions + noise).astype(np.float16)

    return make


@pytest.fixture(scope="session")
def make_autoencoder() -> Callable[..., SparseAutoencoder]:
    def make(n_latents: int, d_model: int, k: int, seed: int = 0) -> SparseAutoencoder:
        generator = torch.Generator().manual_seed(seed)

        def normal(*shape: int) -> torch.Tensor:
            return torch.randn(*shape, generator=generator)

        W_dec = torch.nn.functional.normalize(normal(n_latents, d_model), dim=1)
        W_enc = W_dec + 0.1 * normal(n_latents, d_model)
        return SparseAutoencoder(W_enc, 0.1 * normal(n_latents), W_dec, normal(d_model), k)

    return make


@pytest.fixture
def source(make_states: MakeStates) -> ArraySource:
    return ArraySource(make_states(2_000, 24))

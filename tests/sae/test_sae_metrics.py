"""Metrics on inputs with known values."""

from __future__ import annotations

import pytest
import torch

from sae.metrics import dead_latents, fraction_of_variance_unexplained, l0, mean_cosine


def test_fvu_is_zero_for_the_states_one_for_their_mean_and_quadratic_between() -> None:
    states = torch.randn(200, 8, generator=torch.Generator().manual_seed(0)) + 5
    mean = states.mean(0).expand_as(states)
    assert fraction_of_variance_unexplained(states, states) == 0
    assert fraction_of_variance_unexplained(states, mean) == pytest.approx(1, abs=1e-6)
    halfway = fraction_of_variance_unexplained(states, (states + mean) / 2)
    assert halfway == pytest.approx(0.25, abs=1e-5)


def test_cosine_does_not_see_length() -> None:
    states = torch.randn(50, 8, generator=torch.Generator().manual_seed(0))
    assert mean_cosine(states, 3 * states) == pytest.approx(1)
    assert mean_cosine(states, -states) == pytest.approx(-1)


def test_latents_are_counted_only_where_they_fire() -> None:
    activations = torch.tensor([[2.0, 1.0], [3.0, 0.0]])
    indices = torch.tensor([[0, 3], [3, 1]], dtype=torch.int32)
    assert l0(activations) == 1.5
    assert dead_latents(activations, indices, 5).tolist() == [1, 2, 4]

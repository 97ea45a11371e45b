"""bfloat16 nominates, float32 decides: the latents equal those of float32."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from sae.optimizer import AdamW, TrainState
from sae.step_torch import TorchStepper
from sae.top_k_torch import dots, exact_top_k, nominated_top_k

Make = Callable[..., Any]
Problem = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
N_TOKENS, N_LATENTS, D_MODEL, K = 400, 2_048, 128, 16


@pytest.fixture
def problem(make_states: Make, make_autoencoder: Make) -> Problem:
    """Centred states, W_enc and b_enc."""
    sae = make_autoencoder(N_LATENTS, D_MODEL, K)
    return torch.from_numpy(make_states(N_TOKENS, D_MODEL)).float() - sae.b_dec, sae.W_enc, sae.b_enc


def test_nominees_of_bfloat16_hold_the_top_k_of_float32(problem: Problem) -> None:
    observed = nominated_top_k(*problem, K, torch.bfloat16)
    expected = nominated_top_k(*problem, K, torch.float32)
    assert observed.sure.float().mean() > 0.9
    assert torch.equal(observed.indices, expected.indices)
    torch.testing.assert_close(observed.values, expected.values)


def test_a_sure_token_is_right_and_the_others_are_done_again(problem: Problem) -> None:
    """Nearly equal latents, which bfloat16 cannot distinguish and does not report as sure."""
    centred, W_enc, b_enc = problem
    W_enc = W_enc[:40].repeat(50, 1) * (1 + 1e-4 * torch.rand(2_000, 1, generator=torch.manual_seed(0)))
    b_enc = b_enc[:40].repeat(50)
    expected = nominated_top_k(centred, W_enc, b_enc, K, torch.float32)
    nominated = nominated_top_k(centred, W_enc, b_enc, K, torch.bfloat16)
    right = (nominated.indices.sort(1).values == expected.indices.sort(1).values).all(1)
    assert not right.all()
    assert right[nominated.sure].all()
    values, indices = exact_top_k(centred, W_enc, b_enc, K, torch.bfloat16)
    torch.testing.assert_close(values, expected.values)
    assert torch.equal(indices.sort(1).values, expected.indices.sort(1).values)


@pytest.mark.parametrize("k", [1, 5, 20])
def test_as_many_nominees_as_latents_are_sure_and_ties_stand_by_rising_latent(k: int) -> None:
    values, indices, sure = nominated_top_k(
        torch.ones(3, 4), torch.ones(20, 4), torch.zeros(20), k, torch.bfloat16
    )
    assert torch.equal(values, torch.full((3, k), 4.0))
    if k >= 6:
        assert sure.all()
        assert torch.equal(indices, torch.arange(k).expand(3, k))


def test_many_tokens_are_taken_in_parts(problem: Problem, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = exact_top_k(*problem, K, torch.bfloat16)
    monkeypatch.setattr("sae.top_k_torch.PRODUCTS_AT_ONCE", 3 * N_LATENTS)
    parts = exact_top_k(*problem, K, torch.bfloat16)
    assert torch.equal(whole[1], parts[1])
    torch.testing.assert_close(whole[0], parts[0])


def test_dots_are_gathered_inner_products() -> None:
    rng = np.random.default_rng(0)
    rows, table = (torch.from_numpy(rng.standard_normal((n, 8))).float() for n in (30, 50))
    indices = torch.from_numpy(rng.integers(0, 50, (30, 4)))
    torch.testing.assert_close(dots(rows, table, indices), (rows @ table.T).gather(1, indices))


def test_a_step_that_nominates_in_bfloat16_is_the_step(make_states: Make, make_autoencoder: Make) -> None:
    states = []
    for nominate_in in (torch.float32, torch.bfloat16):
        states.append(TrainState.of(make_autoencoder(N_LATENTS, D_MODEL, K)))
        stepper = TorchStepper(states[-1], N_TOKENS, nominate_in=nominate_in)
        for seed in range(3):
            stepper.step(make_states(N_TOKENS, D_MODEL, seed), AdamW(1e-3, epsilon=1e-2))
    for name, tensor in states[0].tensors().items():
        torch.testing.assert_close(tensor, states[1].tensors()[name], rtol=1e-4, atol=1e-5, msg=name)

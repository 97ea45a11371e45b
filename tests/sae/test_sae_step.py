"""A step is torch autograd's gradient and torch.optim.AdamW's update, on the CPU path and on the GPU path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from data.errors import UserError
from sae.model import SparseAutoencoder
from sae.optimizer import WEIGHTS, AdamW, TrainState, learning_rate
from sae.step_cpu import CpuStepper
from sae.step_torch import TorchStepper

Make = Callable[..., Any]
TakeStep = Callable[[TrainState, np.ndarray, AdamW], Any]
N_TOKENS, N_LATENTS, D_MODEL, K = 300, 96, 24, 4


def cpu(state: TrainState, batch: np.ndarray, adamw: AdamW) -> Any:
    return CpuStepper(state, len(batch)).step(batch, adamw)


def gpu(state: TrainState, batch: np.ndarray, adamw: AdamW) -> Any:
    return TorchStepper(state, len(batch)).step(batch, adamw)


def fresh_state(sae: SparseAutoencoder) -> TrainState:
    return TrainState.of(replace(sae, **{name: getattr(sae, name).clone() for name in WEIGHTS}))


class Reference:
    """Dense autograd in float64, decoder gradient projected off its rows, AdamW, decoder rows of unit norm."""

    def __init__(self, sae: SparseAutoencoder, adamw: AdamW) -> None:
        self.k = sae.k
        self.weights = {name: getattr(sae, name).double().clone().requires_grad_() for name in WEIGHTS}
        self.optimizer = torch.optim.AdamW(
            self.weights.values(),
            lr=adamw.learning_rate,
            betas=adamw.betas,
            eps=adamw.epsilon,
            weight_decay=adamw.weight_decay,
        )

    def step(self, batch: np.ndarray) -> float:
        W_enc, b_enc, W_dec, b_dec = self.weights.values()
        states = torch.from_numpy(batch).double()
        values, indices = ((states - b_dec) @ W_enc.T + b_enc).relu().topk(self.k)
        z = torch.zeros(len(states), len(W_enc), dtype=torch.float64).scatter(1, indices, values)
        loss = (z @ W_dec + b_dec - states).square().sum(1).mean()
        self.optimizer.zero_grad()
        loss.backward()
        self.gradients = {name: weight.grad.clone() for name, weight in self.weights.items()}
        W_dec.grad -= (W_dec.grad * W_dec).sum(1, keepdim=True).detach() * W_dec.detach()
        self.optimizer.step()
        with torch.no_grad():
            W_dec /= W_dec.norm(dim=1, keepdim=True)
        return float(loss.item())


@pytest.mark.parametrize("take_step", [cpu, gpu])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_three_steps_are_autograd_and_adamw(
    take_step: TakeStep, weight_decay: float, make_states: Make, make_autoencoder: Make
) -> None:
    sae = make_autoencoder(N_LATENTS, D_MODEL, K)
    # Epsilon has the scale of gradients: otherwise AdamW divides rounding errors by rounding errors.
    adamw = AdamW(1e-2, betas=(0.8, 0.95), epsilon=1e-2, weight_decay=weight_decay)
    state, reference = fresh_state(sae), Reference(sae, adamw)
    for seed in range(3):
        batch = make_states(N_TOKENS, D_MODEL, seed)
        result = take_step(state, batch, adamw)
        assert float(result.loss) == pytest.approx(reference.step(batch), rel=1e-5)
        for name in WEIGHTS:
            expected = reference.weights[name].detach().float()
            torch.testing.assert_close(state.weights[name], expected, rtol=1e-4, atol=1e-5, msg=name)
    assert state.step == 3


@pytest.mark.parametrize("take_step", [cpu, gpu])
def test_first_moments_are_the_exact_gradient(
    take_step: TakeStep, make_states: Make, make_autoencoder: Make
) -> None:
    sae = make_autoencoder(N_LATENTS, D_MODEL, K)
    state, batch = fresh_state(sae), make_states(N_TOKENS, D_MODEL)
    reference = Reference(sae, AdamW(0.0))
    reference.step(batch)
    take_step(state, batch, AdamW(0.0, betas=(0.5, 0.5)))
    for name in WEIGHTS:
        expected = 0.5 * reference.gradients[name]
        if name == "W_dec":
            expected -= (expected * sae.W_dec).sum(1, keepdim=True) * sae.W_dec
        assert expected.abs().max() > 1e-3
        torch.testing.assert_close(state.first[name], expected.float(), rtol=1e-4, atol=1e-5, msg=name)


def test_both_paths_take_the_same_step_and_count_the_same(make_states: Make, make_autoencoder: Make) -> None:
    sae = make_autoencoder(N_LATENTS, D_MODEL, K)
    sae.b_enc[:40] = -100  # latents that cannot fire
    states, adamw = [fresh_state(sae), fresh_state(sae)], AdamW(1e-2, epsilon=1e-2)
    one, other = (
        take(state, make_states(N_TOKENS, D_MODEL), adamw)
        for take, state in zip((cpu, gpu), states, strict=True)
    )
    assert one.l0 == other.l0
    assert torch.equal(states[0].last_fired, states[1].last_fired)
    assert torch.all(states[0].last_fired[:40] == 0)
    assert torch.any(states[0].last_fired == 1)
    for name, tensor in states[0].tensors().items():
        torch.testing.assert_close(tensor, states[1].tensors()[name], rtol=1e-4, atol=1e-5, msg=name)


def test_threads_change_no_bit_of_a_step(make_states: Make, make_autoencoder: Make) -> None:
    sae, n_threads = make_autoencoder(600, D_MODEL, K), torch.get_num_threads()
    states = []
    try:
        for n in (1, 3):
            torch.set_num_threads(n)
            states.append(fresh_state(sae))
            for seed in range(3):
                cpu(states[-1], make_states(1_000, D_MODEL, seed), AdamW(1e-2))
    finally:
        torch.set_num_threads(n_threads)
    for name, tensor in states[0].tensors().items():
        assert torch.equal(tensor, states[1].tensors()[name]), name


def test_a_bad_batch_changes_nothing(make_states: Make, make_autoencoder: Make) -> None:
    sae = make_autoencoder(N_LATENTS, D_MODEL, K)
    state, batch = fresh_state(sae), make_states(N_TOKENS, D_MODEL)
    batch[7, 3] = np.nan
    with pytest.raises(UserError, match="NaN"):
        cpu(state, batch, AdamW(1e-2))
    for name in WEIGHTS:
        assert torch.equal(state.weights[name], getattr(sae, name))
    assert state.step == 0


def test_learning_rate_warms_up_and_falls_along_a_cosine() -> None:
    rates = [learning_rate(step, 100, 1e-3, 0.05) for step in range(100)]
    assert rates[:5] == pytest.approx([2e-4, 4e-4, 6e-4, 8e-4, 1e-3])
    assert max(rates) == 1e-3
    assert rates[5:] == sorted(rates[5:], reverse=True)
    assert rates[5 + 47] == pytest.approx(5e-4, rel=0.03)
    assert 0 < rates[-1] < 1e-6

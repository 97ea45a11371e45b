"""The auxiliary loss has autograd's gradients, is 0 without dead latents, and revives dead latents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sae import kernels
from sae.auxiliary import Auxiliary, k_auxiliary
from sae.in_memory import ArraySource
from sae.model import SparseAutoencoder, initial_autoencoder
from sae.optimizer import WEIGHTS, AdamW, TrainState
from sae.step_cpu import CpuStepper
from sae.step_torch import TorchStepper
from sae.train import TrainConfig, train

Make = Callable[..., Any]
TakeStep = Callable[[TrainState, np.ndarray, AdamW, Auxiliary | None], Any]
N_TOKENS, N_LATENTS, D_MODEL, K, DEAD = 300, 96, 24, 4, 30
AUXILIARY = Auxiliary(weight=0.5, dead_after=3)


def cpu(state: TrainState, batch: np.ndarray, adamw: AdamW, auxiliary: Auxiliary | None) -> Any:
    return CpuStepper(state, len(batch), auxiliary).step(batch, adamw)


def gpu(state: TrainState, batch: np.ndarray, adamw: AdamW, auxiliary: Auxiliary | None) -> Any:
    return TorchStepper(state, len(batch), auxiliary).step(batch, adamw)


both_paths = pytest.mark.parametrize("take_step", [cpu, gpu])


def copied(sae: SparseAutoencoder) -> TrainState:
    return TrainState.of(replace(sae, **{name: getattr(sae, name).clone() for name in WEIGHTS}))


def state_with_dead(sae: SparseAutoencoder) -> TrainState:
    """A state at step 10: every third latent has not fired yet, and of these only the first two can fire."""
    state = copied(sae)
    state.step = 10
    state.last_fired[:] = 8
    state.last_fired[: 3 * DEAD : 3] = 0
    state.weights["b_enc"][6 : 3 * DEAD : 3] -= 3
    return state


def reference_gradients(
    state: TrainState, batch: np.ndarray, auxiliary: Auxiliary
) -> dict[str, torch.Tensor]:
    """Autograd in float64 through dense latents and Gao et al.'s loss; W_dec's without its part along the rows."""
    weights = {name: tensor.double().clone().requires_grad_() for name, tensor in state.weights.items()}
    W_enc, b_enc, W_dec, b_dec = (weights[name] for name in WEIGHTS)
    states = torch.from_numpy(batch).double()
    dead = state.step - state.last_fired > auxiliary.dead_after
    pre = (states - b_dec) @ W_enc.T + b_enc

    def largest(pre: torch.Tensor, k: int) -> torch.Tensor:
        values, indices = pre.relu().topk(k)
        return torch.zeros_like(pre).scatter(1, indices, values)

    reconstructed = largest(pre, state.k) @ W_dec + b_dec
    error = (states - reconstructed).detach()
    k = min(8, int(dead.sum()))  # the power of two up to 24 / 2
    error_reconstructed = largest(pre.masked_fill(~dead, -torch.inf), k) @ W_dec
    fvu = (states - reconstructed).square().mean() / states.var(0, correction=0).mean()
    normalised = (error - error_reconstructed).square().mean() / error.var(0, correction=0).mean()
    # The project's loss is a sum over d_model that is not divided by the variance.
    scale = D_MODEL * states.var(0, correction=0).mean()
    torch.autograd.backward(scale * (fvu + auxiliary.weight * normalised))
    gradients = {name: tensor.grad for name, tensor in weights.items() if tensor.grad is not None}
    along = (gradients["W_dec"] * W_dec).sum(1, keepdim=True) * W_dec
    return gradients | {"W_dec": (gradients["W_dec"] - along).detach()}


@both_paths
def test_gradients_are_autograds(take_step: TakeStep, make_states: Make, make_autoencoder: Make) -> None:
    state = state_with_dead(make_autoencoder(N_LATENTS, D_MODEL, K))
    batch = make_states(N_TOKENS, D_MODEL)
    expected = reference_gradients(state, batch, AUXILIARY)
    without = reference_gradients(state, batch, replace(AUXILIARY, weight=0.0))
    take_step(state, batch, AdamW(0.0, betas=(0.5, 0.5)), AUXILIARY)
    for name in WEIGHTS:
        torch.testing.assert_close(
            2 * state.first[name], expected[name].float(), rtol=2e-4, atol=1e-5, msg=name
        )
        assert (expected[name] - without[name]).abs().max() > 1e-3, name


@both_paths
def test_where_nothing_is_dead_it_is_the_plain_step(
    take_step: TakeStep, make_states: Make, make_autoencoder: Make
) -> None:
    batch, states = make_states(N_TOKENS, D_MODEL), []
    for auxiliary in (None, replace(AUXILIARY, dead_after=100)):
        states.append(state_with_dead(make_autoencoder(N_LATENTS, D_MODEL, K)))
        take_step(states[-1], batch, AdamW(1e-2), auxiliary)
    for name, tensor in states[0].tensors().items():
        assert torch.equal(tensor, states[1].tensors()[name]), name


@both_paths
def test_without_an_error_to_explain_there_is_no_gradient(
    take_step: TakeStep, make_autoencoder: Make
) -> None:
    """All states are b_dec: V(h) = V(e) = 0, and 0 / 0 must not reach the weights."""
    sae = make_autoencoder(N_LATENTS, D_MODEL, K)
    state = state_with_dead(replace(sae, b_enc=torch.full((N_LATENTS,), -1.0), b_dec=torch.ones(D_MODEL)))
    before = {name: weights.clone() for name, weights in state.weights.items()}
    take_step(state, np.ones((N_TOKENS, D_MODEL), np.float32), AdamW(1e-2), AUXILIARY)
    for name in WEIGHTS:
        torch.testing.assert_close(state.weights[name], before[name])


def test_k_is_a_power_of_two_up_to_half_the_width_and_the_number_of_dead() -> None:
    assert [k_auxiliary(d_model, 10_000) for d_model in (1, 2, 24, 384, 768, 1024)] == [
        1,
        1,
        8,
        128,
        256,
        512,
    ]
    assert k_auxiliary(768, 5) == 5


@both_paths
def test_dead_latents_come_back_and_lower_the_loss(take_step: TakeStep, make_states: Make) -> None:
    """Every second latent starts far below the others; those that never fire are dead after four steps."""
    source = ArraySource(make_states(2_000, D_MODEL))
    sae = initial_autoencoder(D_MODEL, N_LATENTS, K, source.states.mean(0, dtype=np.float32), seed=0)
    sae.b_enc[::2] -= 4
    n_dead, loss = {}, {}
    for weight in (0.0, 1 / 32):
        state, auxiliary = copied(sae), Auxiliary(weight, dead_after=4)
        for batch, _ in zip(source.batches(500, 0, 0), range(150), strict=False):
            loss[weight] = float(take_step(state, batch, AdamW(3e-3), auxiliary).loss)
        n_dead[weight] = len(auxiliary.dead_latents(state))
    assert n_dead[0.0] > 25
    assert n_dead[1 / 32] < n_dead[0.0] / 2
    assert loss[1 / 32] < 0.95 * loss[0.0]


def test_the_configuration_turns_it_on(tmp_path: Path, make_states: Make) -> None:
    source = ArraySource(make_states(2_000, D_MODEL))
    config = TrainConfig(n_tokens=20 * 500, n_latents=512, k=K, batch_size=500)
    weights = [0.0, 0.0, 1 / 32]
    plain, again, revived = (
        train(replace(config, auxiliary_weight=weight), source, tmp_path / str(run)).W_dec
        for run, weight in enumerate(weights)
    )
    assert torch.equal(plain, again)
    assert not torch.equal(plain, revived)


@pytest.mark.parametrize("k", [1, 7, 40])
def test_the_largest_are_kept_and_ties_do_not_overflow(k: int) -> None:
    rng = np.random.default_rng(0)
    pre = rng.integers(-9, 9, (200, 40)).astype(np.float32)
    b_enc, latents = rng.integers(-3, 3, 40).astype(np.float32), np.sort(rng.permutation(500)[:40])
    activations, indices = np.empty((200, k), np.float32), np.empty((200, k), np.int32)
    kernels.keep_largest(pre, b_enc, latents, activations, indices)
    expected = np.maximum(np.sort(pre + b_enc, axis=1)[:, ::-1][:, :k], 0)
    np.testing.assert_array_equal(np.sort(activations, axis=1)[:, ::-1], expected)
    for t in range(200):
        kept = indices[t][activations[t] > 0]
        assert len(set(kept)) == len(kept)
        np.testing.assert_array_equal(
            (pre + b_enc)[t][np.searchsorted(latents, kept)], activations[t][: len(kept)]
        )

"""Encoding equals the dense formula, exactly, whatever the product, the threads and the float type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import UserError
from sae.model import SparseAutoencoder, initial_autoencoder
from sae.top_k import Nominator, Product, top_k_latents

MakeStates = Callable[..., np.ndarray]
MakeAutoencoder = Callable[..., SparseAutoencoder]


def dense_codes(sae: SparseAutoencoder, states: np.ndarray) -> torch.Tensor:
    """TopK(ReLU(W_enc (h - b_dec) + b_enc), k) as a dense float64 matrix (n_tokens, n_latents)."""
    h = torch.from_numpy(states).double()
    pre = (h - sae.b_dec.double()) @ sae.W_enc.double().T + sae.b_enc.double()
    values, indices = pre.relu().topk(sae.k, dim=1)
    return torch.zeros_like(pre).scatter(1, indices, values)


def scattered(sae: SparseAutoencoder, activations: torch.Tensor, indices: torch.Tensor) -> torch.Tensor:
    dense = torch.zeros(len(indices), sae.n_latents)
    return dense.scatter_add(1, indices.long(), activations)


@given(
    n_tokens=st.integers(1, 300),
    n_latents=st.integers(3, 400),
    d_model=st.integers(1, 40),
    k=st.integers(1, 20),
    seed=st.integers(0, 9),
)
@settings(max_examples=60)
def test_encode_and_decode_are_the_dense_formula(
    make_autoencoder: MakeAutoencoder,
    make_states: MakeStates,
    n_tokens: int,
    n_latents: int,
    d_model: int,
    k: int,
    seed: int,
) -> None:
    sae = make_autoencoder(n_latents, d_model, min(k, n_latents), seed)
    states = make_states(n_tokens, d_model, seed)
    activations, indices = sae.encode(states)
    dense = dense_codes(sae, states)
    assert torch.all(activations[:, :-1] >= activations[:, 1:])
    assert torch.all(activations >= 0)
    torch.testing.assert_close(
        scattered(sae, activations, indices), dense.float(), rtol=1e-4, atol=1e-4, check_dtype=False
    )
    torch.testing.assert_close(
        sae.decode(activations, indices),
        (dense @ sae.W_dec.double() + sae.b_dec).float(),
        rtol=1e-4,
        atol=1e-3,
    )


def codes_by_both(sae: SparseAutoencoder, states: np.ndarray, scale: float = 1.0) -> list[Any]:
    """(activations, indices) by the int8 and by the float32 product, W_enc multiplied by scale."""
    W_enc, biases = scale * sae.W_enc.numpy(), (sae.b_enc.numpy(), sae.b_dec.numpy())
    products: tuple[Product, ...] = ("int8", "float32")
    return [top_k_latents(states, Nominator.of(W_enc, product), *biases, sae.k) for product in products]


@pytest.mark.parametrize("n_tokens", [1, 2, 1_000])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("k", [1, 16, 64])
def test_int8_product_gives_the_codes_of_the_float32_product_to_the_bit(
    make_autoencoder: MakeAutoencoder, make_states: MakeStates, k: int, scale: float, n_tokens: int
) -> None:
    by_int8, by_float32 = codes_by_both(make_autoencoder(2048, 64, k), make_states(n_tokens, 64), scale)
    np.testing.assert_array_equal(by_int8[0], by_float32[0])
    np.testing.assert_array_equal(by_int8[1], by_float32[1])


def test_rows_that_int8_cannot_hold_are_still_exact(
    make_autoencoder: MakeAutoencoder, make_states: MakeStates
) -> None:
    """One huge coordinate rounds the others to 0 in int8, and rounding errors are then far from normal."""
    sae = make_autoencoder(1024, 32, 8)
    states = make_states(700, 32).astype(np.float32)
    states[:, 0] += 1000 * (np.arange(700) % 3)
    sae.W_enc[::2, 1] *= 500
    by_int8, by_float32 = codes_by_both(sae, states)
    np.testing.assert_array_equal(by_int8[0], by_float32[0])
    np.testing.assert_array_equal(by_int8[1], by_float32[1])


def test_threads_and_company_change_no_bit(
    make_autoencoder: MakeAutoencoder, make_states: MakeStates
) -> None:
    sae = make_autoencoder(512, 32, 8)
    states = make_states(1_500, 32)
    n_threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = sae.encode(states)
        torch.set_num_threads(3)
        assert torch.get_num_threads() == 3
        together = sae.encode(states)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(n_threads)
    part = sae.encode(states[700:710])
    for one, three, few in zip(alone, together, part, strict=True):
        assert torch.equal(one, three)
        assert torch.equal(one[700:710], few)


def test_equal_latents_stand_by_rising_index(
    make_autoencoder: MakeAutoencoder, make_states: MakeStates
) -> None:
    sae = make_autoencoder(600, 16, 4)
    twins = SparseAutoencoder(
        *(torch.cat([w, w]) for w in (sae.W_enc, sae.b_enc, sae.W_dec)), b_dec=sae.b_dec, k=4
    )
    activations, indices = twins.encode(make_states(600, 16))
    assert torch.equal(activations[:, 0], activations[:, 1])
    assert torch.equal(indices[:, 0] + 600, indices[:, 1])
    assert torch.equal(indices[:, 2] + 600, indices[:, 3])


def test_hundreds_of_equal_latents_give_the_first_of_the_best(
    make_autoencoder: MakeAutoencoder, make_states: MakeStates
) -> None:
    """A state that is b_dec has equal estimates for all latents, and copies of one latent have so for any state."""
    sae = make_autoencoder(3, 16, 3)
    copies = SparseAutoencoder(
        *(w.repeat_interleave(700, dim=0) for w in (sae.W_enc, sae.b_enc, sae.W_dec)), b_dec=sae.b_dec, k=4
    )
    states = torch.cat([torch.from_numpy(make_states(50, 16)).float(), sae.b_dec[None]])
    activations, indices = copies.encode(states)
    of_three, order = sae.pre_activations(states).max(dim=1)
    assert torch.equal(indices, (700 * order[:, None] + torch.arange(4)).int())
    torch.testing.assert_close(activations, of_three.relu()[:, None].expand(-1, 4))


def test_latents_that_do_not_fire_have_activation_zero(
    make_autoencoder: MakeAutoencoder, make_states: MakeStates
) -> None:
    sae = make_autoencoder(50, 8, 10)
    sae.b_enc[:] = -1e4
    sae.b_enc[7] = 1e4
    activations, indices = sae.encode(make_states(20, 8))
    assert torch.all(indices[:, 0] == 7)
    assert torch.all(activations[:, 0] > 0)
    assert torch.all(activations[:, 1:] == 0)


def test_initial_decoder_is_of_unit_norm_and_the_encoder_lies_along_it() -> None:
    sae = initial_autoencoder(24, 100, 4, np.arange(24, dtype=np.float32), seed=3)
    torch.testing.assert_close(sae.W_dec.norm(dim=1), torch.ones(100))
    torch.testing.assert_close(torch.nn.functional.cosine_similarity(sae.W_enc, sae.W_dec), torch.ones(100))
    assert sae.W_enc.norm(dim=1).mean().item() == pytest.approx((2 * 24 / 100) ** 0.5, rel=0.05)
    assert torch.equal(sae.b_dec, torch.arange(24.0))
    again, other = (
        initial_autoencoder(24, 100, 4, np.zeros(24, np.float32), seed=seed).W_dec for seed in (3, 4)
    )
    assert torch.equal(again, sae.W_dec)
    assert not torch.equal(other, sae.W_dec)


def test_states_of_another_width_are_refused_in_one_sentence(
    make_autoencoder: MakeAutoencoder, make_states: MakeStates
) -> None:
    sae = make_autoencoder(50, 8, 2)
    named = SparseAutoencoder(sae.W_enc, sae.b_enc, sae.W_dec, sae.b_dec, 2, {"encoder": "minilm"}, name="x")
    with pytest.raises(
        UserError, match=r"expected \(n_tokens, 8\), got \(n_tokens, 9\): SAE x was .* minilm"
    ):
        named.encode(make_states(5, 9))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_is_refused(make_autoencoder: MakeAutoencoder, make_states: MakeStates, bad: float) -> None:
    sae = make_autoencoder(50, 8, 2)
    states = make_states(600, 8)
    states[300, 3] = bad
    with pytest.raises(UserError, match="NaN or infinity"):
        sae.encode(states)
    sae = make_autoencoder(50, 8, 2)
    sae.W_enc[3, 3] = bad
    with pytest.raises(UserError, match="encoder weights hold NaN"):
        sae.encode(make_states(600, 8))


@pytest.mark.parametrize("k", [0, 51])
def test_k_lies_between_one_and_the_latents(make_autoencoder: MakeAutoencoder, k: int) -> None:
    with pytest.raises(UserError, match="k must be"):
        make_autoencoder(50, 8, k)

"""Pooling is the dense sum or maximum over a text's tokens, whatever their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import UserError
from data.ragged import Ragged, offsets_of
from sae.latents import Pooling, TokenLatents, pool, token_latents

Make = Callable[..., Any]
poolings = pytest.mark.parametrize("pooling", ["sum", "max"])


def random_latents(lengths: list[int], n_latents: int, k: int, seed: int) -> TokenLatents:
    """k distinct latents per token, a third of the activations 0."""
    rng = np.random.default_rng(seed)
    n_tokens = sum(lengths)
    indices = np.argsort(rng.random((n_tokens, n_latents)), axis=1)[:, :k].astype(np.uint16)
    activations = rng.exponential(1, (n_tokens, k)) * (rng.random((n_tokens, k)) < 0.67)
    return TokenLatents(activations.astype(np.float32), indices, offsets_of(lengths))


def dense(latents: TokenLatents, n_latents: int, pooling: Pooling) -> np.ndarray:
    rows = []
    for start, stop in zip(latents.offsets[:-1], latents.offsets[1:], strict=True):
        z = np.zeros((stop - start + 1, n_latents))
        for t in range(start, stop):
            z[t - start, latents.indices[t]] = latents.activations[t]
        rows.append(z.sum(axis=0) if pooling == "sum" else z.max(axis=0))
    return np.array(rows).reshape(len(latents), n_latents)


@poolings
@given(
    lengths=st.lists(st.integers(0, 8), min_size=1, max_size=8),
    n_latents=st.integers(4, 60),
    seed=st.integers(0, 99),
)
@settings(max_examples=50)
def test_pooling_is_the_dense_reference(
    pooling: Pooling, lengths: list[int], n_latents: int, seed: int
) -> None:
    latents = random_latents(lengths, n_latents, 4, seed)
    pooled = pool(latents, n_latents, pooling)
    assert pooled.shape == (len(lengths), n_latents)
    assert pooled.dtype == np.float32
    assert np.all(pooled.data > 0)
    for row in range(len(lengths)):
        columns = pooled.indices[pooled.indptr[row] : pooled.indptr[row + 1]]
        assert np.all(np.diff(columns) > 0)
    np.testing.assert_allclose(pooled.toarray(), dense(latents, n_latents, pooling), rtol=1e-6)


@poolings
def test_the_order_of_tokens_does_not_matter(pooling: Pooling) -> None:
    latents = random_latents([30], 40, 6, 0)
    order = np.random.default_rng(1).permutation(30)
    shuffled = TokenLatents(latents.activations[order], latents.indices[order], latents.offsets)
    one, other = pool(latents, 40, pooling), pool(shuffled, 40, pooling)
    np.testing.assert_array_equal(one.indices, other.indices)
    np.testing.assert_allclose(one.data, other.data, rtol=1e-6)


def test_two_texts_joined_have_the_sum_of_their_masses() -> None:
    latents = random_latents([7, 11], 40, 6, 0)
    joined = TokenLatents(latents.activations, latents.indices, np.array([0, 18]))
    apart = pool(latents, 40).toarray()
    np.testing.assert_allclose(pool(joined, 40).toarray()[0], apart.sum(axis=0), rtol=1e-6)
    largest = pool(latents, 40, "max").toarray().max(axis=0)
    np.testing.assert_array_equal(pool(joined, 40, "max").toarray()[0], largest)


@pytest.mark.parametrize(("n_latents", "dtype"), [(400, np.uint16), (70_000, np.int32)])
def test_token_latents_are_the_encoders_in_numpy(
    n_latents: int, dtype: type, make_states: Make, make_autoencoder: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    sae = make_autoencoder(n_latents, 8, 4)
    states = Ragged(make_states(100, 8), offsets_of([60, 0, 40]))
    activations, indices = sae.encode(states.values)
    monkeypatch.setattr("sae.latents.TOKENS_AT_ONCE", 33)
    done: list[tuple[int, int]] = []
    latents = token_latents(sae, states, lambda *counts: done.append(counts))
    assert latents.indices.dtype == dtype
    np.testing.assert_array_equal(latents.activations, activations.numpy())
    np.testing.assert_array_equal(latents.indices, indices.numpy())
    assert len(latents) == 3
    assert done == [(33, 100), (66, 100), (99, 100), (100, 100)]


def test_a_threshold_decides_how_many_latents_a_token_has(
    make_autoencoder: Make, make_states: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    top_k = make_autoencoder(200, 24, 5)
    states = make_states(500, 24)
    pre = top_k.pre_activations(states)
    threshold = pre.quantile(0.97, dim=0).clamp(min=0.1)
    sae = replace(top_k, k=200, threshold=threshold)
    expected = torch.where(pre > threshold, pre, 0)
    monkeypatch.setattr("sae.threshold.TOKENS_AT_ONCE", {"cpu": 37})
    monkeypatch.setattr("sae.latents.TOKENS_AT_ONCE", 150)
    latents = token_latents(sae, Ragged(states, offsets_of([300, 0, 200])))
    assert latents.activations.shape[1] == (expected > 0).sum(1).max()
    assert np.all(np.diff(latents.activations, axis=1) <= 0)
    observed = torch.zeros_like(pre).scatter_add_(
        1, torch.from_numpy(latents.indices.astype(np.int64)), torch.from_numpy(latents.activations)
    )
    torch.testing.assert_close(observed, expected)
    np.testing.assert_allclose(
        pool(latents, 200).toarray()[0], expected[:300].sum(0).numpy(), rtol=1e-4, atol=1e-5
    )


def test_no_token_above_the_threshold_leaves_one_empty_column(
    make_autoencoder: Make, make_states: Make
) -> None:
    sae = replace(make_autoencoder(200, 24, 5), k=200, threshold=torch.full((200,), 1e6))
    activations, indices = sae.encode(make_states(10, 24))
    assert activations.shape == indices.shape == (10, 1)
    assert not activations.any()
    assert sae.encode(make_states(10, 24)[:0])[0].shape == (0, 1)
    with pytest.raises(UserError, match="NaN or infinity"):
        sae.encode(np.full((2, 24), np.nan, np.float16))
    with pytest.raises(UserError, match="a threshold or a k, got both"):
        replace(sae, k=5)

"""Laws of untrained dictionaries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.metrics import pairwise_distances

from analyses.why.ladder.dictionaries import (
    DICTIONARIES,
    FittingData,
    drawn_states,
    k_means,
    postings_by_k,
    principal_directions,
    random_directions,
    with_postings,
    wordpiece_directions,
)
from data.ragged import Ragged
from data.wordpiece_means import WordpieceMeans
from sae.latents import pool, token_latents

N_LATENTS, K, D_MODEL = 24, 4, 6


@pytest.fixture(scope="module")
def data() -> FittingData:
    generator = np.random.default_rng(0)
    sample = (generator.standard_normal((400, D_MODEL)) + 1).astype(np.float32)
    n_tokens = generator.permutation(np.arange(40))
    mean = generator.standard_normal((40, D_MODEL)).astype(np.float32)
    return FittingData(
        WordpieceMeans(mean, n_tokens.astype(np.int64), sample.mean(axis=0), 0.5), sample, N_LATENTS, K
    )


@pytest.mark.parametrize("name", [name for name, one in DICTIONARIES.items() if one.fit is not None])
def test_equal_seeds_give_equal_dictionaries_and_a_seed_matters_where_it_is_drawn(
    name: str, data: FittingData
) -> None:
    fit = DICTIONARIES[name].fit
    assert fit is not None
    first, again, other = fit(data, 0), fit(data, 0), fit(data, 1)
    assert first.fingerprint == again.fingerprint
    assert (first.fingerprint != other.fingerprint) == DICTIONARIES[name].drawn
    assert first.k == K
    assert first.n_latents == (2 * D_MODEL if name == "principal directions" else N_LATENTS)


def test_latents_of_k_means_are_the_nearest_centroids(data: FittingData) -> None:
    sae = k_means(data, 0)
    activations, latents = sae.encode(data.sample)
    centroids = (sae.W_enc + sae.b_dec).numpy()
    distance = pairwise_distances(data.sample, centroids)
    for row in range(len(data.sample)):
        active = activations[row].numpy() > 0
        nearest = np.argsort(distance[row], kind="stable")[:K][active]
        np.testing.assert_array_equal(latents[row].numpy()[active], nearest)


def test_k_means_is_nearer_to_the_states_than_drawn_states_are(data: FittingData) -> None:
    centroids = (k_means(data, 0).W_enc + k_means(data, 0).b_dec).numpy()
    rows = np.random.default_rng([0, 3]).permutation(len(data.sample))[:N_LATENTS]
    fitted, drawn = (
        np.square(pairwise_distances(data.sample, points).min(axis=1)).mean()
        for points in (centroids, data.sample[rows])
    )
    assert fitted < drawn


def test_a_wordpieces_mean_fires_its_own_latent_first(data: FittingData) -> None:
    sae = wordpiece_directions(data, 0)
    pieces = data.means.commonest(N_LATENTS)
    first = sae.encode(data.means.mean[pieces])[1][:, 0].numpy()
    cosines = (
        torch.nn.functional.normalize(torch.from_numpy(data.means.mean[pieces]) - sae.b_dec, dim=1)
        @ sae.W_enc.T
    )
    np.testing.assert_array_equal(first, np.arange(N_LATENTS))
    np.testing.assert_allclose(cosines.diagonal(), 1, atol=1e-6)


def test_principal_directions_come_in_opposite_pairs_and_the_first_has_most_variance(
    data: FittingData,
) -> None:
    W = principal_directions(data, 0).W_enc.numpy()
    np.testing.assert_allclose(W[0::2], -W[1::2], atol=1e-5)
    variance = np.square((data.sample - data.sample.mean(axis=0)) @ W[0::2].T).mean(axis=0)
    assert np.all(np.diff(variance) <= 1e-5)
    assert variance.sum() == pytest.approx(data.sample.var(axis=0).sum(), rel=1e-4)


def test_drawn_states_are_states(data: FittingData) -> None:
    sae = drawn_states(data, 0)
    unit = data.sample - data.sample.mean(axis=0)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    assert np.allclose((sae.W_enc.numpy() @ unit.T).max(axis=1), 1, atol=1e-5)


def test_postings_by_k_are_those_of_a_dictionary_with_that_k(data: FittingData) -> None:
    sae, texts = random_directions(data, 0), Ragged(data.sample, np.array([0, 30, 30, 200, 400]))
    for k, postings in enumerate(postings_by_k(sae, texts), 1):
        counts = pool(token_latents(replace(sae, k=k), texts), sae.n_latents)
        assert postings == counts.nnz / 4


def test_the_chosen_k_is_nearest_to_the_postings_that_are_wanted(data: FittingData) -> None:
    sae, texts = random_directions(data, 0), Ragged(data.sample, np.arange(0, 401, 10))
    whole = postings_by_k(replace(sae, k=N_LATENTS), texts)
    for target in (0.0, 5.0, float(whole[9]), 1e9):
        chosen = with_postings(sae, texts, target).k
        assert abs(whole[chosen - 1] - target) == np.abs(whole - target).min()

"""Matching is the optimum, knows a permuted SAE again, and its similarities are numpy's."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array

from analyses.saes.matching import (
    activation_correlation,
    decoder_cosine,
    match,
    mutual_nearest,
    permuted_documents,
    random_directions,
)
from analyses.statistics.assignment import best_assignment
from data.errors import UserError


def directions(n: int, d_model: int = 16, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d_model)).astype(np.float32)


def summed_activations(n_docs: int, n_latents: int, seed: int = 0, density: float = 0.4) -> csr_array:
    random = np.random.default_rng(seed)
    dense = random.gamma(1.0, 2.0, (n_docs, n_latents)) * (random.random((n_docs, n_latents)) < density)
    return csr_array(dense.astype(np.float32))


@given(order=st.permutations(range(12)))
def test_a_permuted_sae_matches_itself_by_the_inverse_permutation(order: list[int]) -> None:
    decoder, counts = directions(12), summed_activations(40, 12)
    for similarity in (
        decoder_cosine(decoder, decoder[order]),
        activation_correlation(counts, csr_array(counts[:, order])),
    ):
        for found in (match(similarity), mutual_nearest(similarity)):
            np.testing.assert_array_equal(found.partner, np.argsort(order))
            np.testing.assert_allclose(found.similarity, 1.0, atol=1e-6)


scores = st.integers(1, 5).flatmap(
    lambda n: st.lists(
        st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 0.5, 1.0]), min_size=6, max_size=6),
        min_size=n,
        max_size=n,
    )
)


@given(scores=scores)
def test_matching_is_the_best_of_all(scores: list[list[float]]) -> None:
    similarity = np.array(scores, np.float32)
    best = max(
        sum(similarity[i, j] for i, j in enumerate(columns))
        for columns in permutations(range(6), len(similarity))
    )
    for found in (match(similarity), match(np.ascontiguousarray(similarity.T))):
        assert np.nansum(found.similarity) == pytest.approx(best)
        partners = found.partner[found.matched]
        assert len(set(partners.tolist())) == len(partners) == len(similarity)


@pytest.mark.parametrize(("n_rows", "n_columns"), [(1, 1), (60, 60), (150, 220)])
@pytest.mark.parametrize("decimals", [0, 1, 6])
def test_assignment_equals_scipy_and_its_prices_prove_it(n_rows: int, n_columns: int, decimals: int) -> None:
    random = np.random.default_rng(decimals)
    score = random.standard_normal((n_rows, n_columns)).round(decimals).astype(np.float32)
    partner, price = best_assignment(score)
    rows, columns = linear_sum_assignment(score, maximize=True)
    assert score[np.arange(n_rows), partner].sum() == pytest.approx(score[rows, columns].sum(), abs=1e-4)
    net = score[np.arange(n_rows), partner] - price[partner]
    assert (score - price <= net[:, None] + 1e-6).all()
    assert (price >= 0).all()
    assert (price[np.setdiff1d(np.arange(n_columns), partner)] == 0).all()


def test_assignment_refuses_what_it_cannot_assign() -> None:
    with pytest.raises(UserError, match="transposed"):
        best_assignment(np.zeros((3, 2), np.float32))
    with pytest.raises(UserError, match="not finite"):
        best_assignment(np.array([[1.0, np.nan]], np.float32))


def test_correlation_is_numpys() -> None:
    a, b = summed_activations(50, 7), summed_activations(50, 9, seed=1)
    expected = np.corrcoef(np.sqrt(a.toarray()).T, np.sqrt(b.toarray()).T)[:7, 7:]
    np.testing.assert_allclose(activation_correlation(a, b), expected, atol=1e-6)


def test_latents_without_a_similarity_stay_unmatched() -> None:
    dense = summed_activations(50, 6).toarray()
    dense[:, 2] = 0  # never fires
    dense[:, 4] = 3.7  # fires alike everywhere: no correlation either
    counts = csr_array(dense)
    found = match(activation_correlation(counts, counts))
    assert found.partner.tolist() == [0, 1, -1, 3, -1, 5]
    assert np.isnan(found.similarity[[2, 4]]).all()
    found = match(decoder_cosine(directions(4), np.concatenate([directions(2), np.zeros((1, 16))])))
    assert found.partner.tolist() == [0, 1, -1, -1]
    nothing = np.full((2, 3), np.nan, np.float32)
    assert not match(nothing).matched.any()
    assert not mutual_nearest(nothing).matched.any()


def test_mutual_nearest_pairs_choose_each_other() -> None:
    similarity = np.random.default_rng(0).standard_normal((20, 30)).astype(np.float32)
    found = mutual_nearest(similarity)
    assert found.matched.any()
    for row in np.flatnonzero(found.matched):
        assert similarity[row].argmax() == found.partner[row]
        assert similarity[:, found.partner[row]].argmax() == row


def test_inputs_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(UserError, match="one width"):
        decoder_cosine(directions(3), directions(3, 8))
    with pytest.raises(UserError, match="same two or more documents"):
        activation_correlation(summed_activations(5, 3), summed_activations(6, 3))


def test_random_directions_keep_mean_and_covariance_and_no_direction() -> None:
    like = directions(4000) * np.linspace(0.1, 2, 16, dtype=np.float32) + 0.5
    drawn = random_directions(like, seed=3)
    unit = like / np.linalg.norm(like, axis=1, keepdims=True)
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(drawn.mean(0), unit.mean(0), atol=0.04)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(unit.T), atol=0.03)
    np.testing.assert_array_equal(drawn, random_directions(like, seed=3))
    assert (drawn != random_directions(like, seed=4)).any()


def test_permuted_documents_keep_each_latents_masses_and_lose_the_company() -> None:
    counts = summed_activations(300, 5)
    permuted = permuted_documents(counts, seed=1)
    np.testing.assert_array_equal(np.sort(permuted.toarray(), axis=0), np.sort(counts.toarray(), axis=0))
    length, moved = counts.sum(axis=1), permuted.sum(axis=1)
    assert np.corrcoef(length, moved)[0, 1] > 0.8
    own = np.diag(activation_correlation(counts, permuted))
    assert (own < 0.6).all()

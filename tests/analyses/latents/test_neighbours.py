"""Neighbours: cosine and NPMI against a count by hand, and latents of the same tokens are none."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from analyses.latents.neighbours import (
    chance_cosine,
    decoder_directions,
    nearest_by_cooccurrence,
    nearest_by_direction,
    npmi,
)
from retrieval.study import Study
from retrieval.tokens import TokenTable


@pytest.fixture(scope="module")
def latent(tiny_study: Study) -> int:
    return int(np.argsort(tiny_study.index.document_frequency)[-30])


def test_direction_is_the_decoders_cosine(tiny_study: Study, latent: int) -> None:
    alive = tiny_study.index.document_frequency > 0
    found = nearest_by_direction(decoder_directions(tiny_study), latent, alive, 10)
    weights = tiny_study.sae.W_dec.numpy()
    cosine = cosine_similarity(weights[latent : latent + 1], weights)[0]
    cosine[latent], cosine[~alive] = -2, -2
    assert found["cosine"].to_numpy() == pytest.approx(np.sort(cosine)[::-1][:10], abs=1e-5)
    assert found["cosine"].to_numpy() == pytest.approx(cosine[found["latent"]], abs=1e-5)
    assert latent not in found["latent"].tolist()


def test_npmi_is_that_of_sets_of_tokens(tiny_study: Study, latent: int) -> None:
    """Documents are counted where each of the two has a token without the other."""
    n_docs = len(tiny_study.corpus)
    where = [set(tiny_study.contexts.latent(j)[0].tolist()) for j in range(tiny_study.n_latents)]
    document = tiny_study.tokens.document_of(np.arange(len(tiny_study.tokens.token_ids))).tolist()
    holds = [{document[t] for t in tokens} for tokens in where]
    expected = {}
    for other in range(tiny_study.n_latents):
        own = {document[t] for t in where[latent] - where[other]}
        its = {document[t] for t in where[other] - where[latent]}
        both = len(own & its)
        if other != latent and both >= 5:
            p = both / n_docs
            pmi = math.log(p / (len(holds[latent]) / n_docs) / (len(holds[other]) / n_docs))
            expected[other] = (pmi / -math.log(p) if p < 1 else 0.0, both)
    found = nearest_by_cooccurrence(tiny_study, latent, depth=10**6)
    assert found.exact
    assert set(found.table["latent"]) == set(expected)
    assert found.table["npmi"].is_monotonic_decreasing
    for row in found.table.to_dict("records"):
        value, both = expected[row["latent"]]
        assert row["npmi"] == pytest.approx(value)
        assert row["documents"] == both
        shared = len(where[latent] & where[row["latent"]]) / len(where[latent])
        assert row["same_token"] == pytest.approx(shared)


def test_latents_of_the_same_tokens_are_no_neighbours(tiny_study: Study, latent: int) -> None:
    """A twin that fires exactly where the latent does would have NPMI 1 if documents alone were counted."""
    tokens = tiny_study.tokens
    dead = int(tiny_study.index.document_frequency.argmin())
    fires = (np.asarray(tokens.indices) == latent) & (np.asarray(tokens.activations) > 0)
    silent = ~(np.asarray(tokens.indices) == dead)
    twin_indices = np.concatenate([tokens.indices, np.full((len(fires), 1), dead, np.uint16)], axis=1)
    twin_strength = np.concatenate(
        [np.where(silent, tokens.activations, 0), fires.any(axis=1, keepdims=True)], axis=1
    ).astype(np.float32)
    study = replace(tiny_study)
    vars(study)["tokens"] = TokenTable(
        tokens.offsets, tokens.token_ids, tokens.spans, twin_indices, twin_strength
    )
    found = nearest_by_cooccurrence(study, latent, depth=10**6, at_least=1)
    assert dead not in found.table["latent"].tolist()


def test_reading_fewer_documents_is_said_and_stays_in_bounds(tiny_study: Study, latent: int) -> None:
    found = nearest_by_cooccurrence(tiny_study, latent, depth=50, at_least=2, at_most=20)
    assert not found.exact
    assert found.n_read == 20
    assert found.n_documents == tiny_study.index.document_frequency[latent]
    assert found.table["npmi"].between(-1, 1).all()
    again = nearest_by_cooccurrence(tiny_study, latent, depth=50, at_least=2, at_most=20)
    assert found.table.equals(again.table)


def test_npmi_is_one_for_the_inseparable_and_nought_for_the_independent() -> None:
    np.testing.assert_allclose(npmi(np.array([10]), 10, np.array([10]), 100), 1)
    np.testing.assert_allclose(npmi(np.array([5]), 10, np.array([50]), 100), 0, atol=1e-12)
    np.testing.assert_allclose(npmi(np.array([100]), 100, np.array([100]), 100), 0)


def test_chance_is_what_most_random_pairs_stay_below(tiny_study: Study) -> None:
    directions, alive = decoder_directions(tiny_study), tiny_study.index.document_frequency > 0
    alive[::3] = False
    own = directions[alive].astype(np.float64)
    pairs = (own @ own.T)[np.triu_indices(len(own), 1)]
    found = chance_cosine(directions, alive)
    assert (pairs < found).mean() == pytest.approx(0.95, abs=0.01)
    assert chance_cosine(directions, alive) == found
    assert chance_cosine(directions, np.zeros_like(alive)) == 0.0

"""Synthetic states obey their law, and a dictionary that is known to be right is found to be."""

from __future__ import annotations

import json

import numpy as np
import pytest

from analyses.why.known_truth import KnownTruth, known_truth, random_dictionary, true_dictionary
from analyses.why.reading.recovery import RANDOM, TRAINED, TRUE, best_cosines, rankings, synonyms
from analyses.why.reading.synthetic import Setting, Truth, synthesise, zipf_mandelbrot

SMALL = Setting(n_directions=48, d_model=64, n_documents=200, n_tokens=40, n_queries=60, concentration=20.0)


@pytest.fixture(scope="module")
def truth() -> Truth:
    return synthesise(SMALL)


@pytest.fixture(scope="module")
def answer() -> KnownTruth:
    return known_truth(SMALL)


def test_directions_fire_by_the_law_that_is_put_in() -> None:
    many = synthesise(
        Setting(n_directions=40, d_model=8, n_documents=4000, n_tokens=50, concentration=1e5, n_queries=1)
    )
    fired = np.bincount(many.documents.meaning, minlength=40) / len(many.documents.meaning)
    expected = zipf_mandelbrot(40, many.setting.exponent, many.setting.shift)
    error = np.sqrt(expected * (1 - expected) / len(many.documents.meaning))
    assert (np.abs(fired - expected) < 4.5 * error).all()
    assert (np.diff(expected) < 0).all()
    assert expected.sum() == pytest.approx(1)


def test_a_query_says_what_its_document_says_in_other_words_where_there_are_any(truth: Truth) -> None:
    for query, document in enumerate(truth.relevant.tolist()):
        said = truth.queries.word[
            truth.queries.states.offsets[query] : truth.queries.states.offsets[query + 1]
        ]
        rows = slice(truth.documents.states.offsets[document], truth.documents.states.offsets[document + 1])
        assert set(truth.meaning_of[said]) <= set(truth.documents.meaning[rows])
    sizes = np.bincount(truth.meaning_of)
    assert sizes.min() == 1
    assert sizes.max() > 1


def test_the_true_dictionary_recovers_everything_and_random_directions_nothing(truth: Truth) -> None:
    assert best_cosines(truth, true_dictionary(truth)) == pytest.approx(1)
    assert best_cosines(truth, random_dictionary(truth)).max() < 0.9


def test_words_of_one_direction_fire_one_latent_of_the_true_dictionary() -> None:
    plain = synthesise(Setting(n_directions=48, d_model=64, n_documents=200, n_queries=5, own=0.0, noise=0.0))
    found = synonyms(plain, {TRUE: true_dictionary(plain)}).set_index(["dictionary", "measure"])["value"]
    assert found[TRUE, "synonym precision"] == 1
    assert found[TRUE, "synonym recall"] == 1
    assert 0 < found["chance", "synonym precision"] < 0.2


@pytest.mark.slow
def test_training_recovers_most_of_the_dictionary(answer: KnownTruth) -> None:
    trained, random = (answer.value(name, "directions found") for name in (TRAINED, RANDOM))
    assert trained["low"] > 0.5 > random["high"]


def test_a_rotation_of_all_states_changes_no_ranking_of_the_true_dictionary(truth: Truth) -> None:
    from dataclasses import replace

    from data.ragged import Ragged

    rotation = np.linalg.qr(np.random.default_rng(5).standard_normal((64, 64)))[0].astype(np.float32)
    turned = {
        name: replace(texts, states=Ragged(texts.states.values @ rotation, texts.states.offsets))
        for name, texts in (("documents", truth.documents), ("queries", truth.queries))
    }
    rotated = replace(truth, directions=truth.directions @ rotation, **turned)
    values = [
        rankings(one, {TRAINED: true_dictionary(one)}).set_index(["dictionary", "measure"])["value"]
        for one in (truth, rotated)
    ]
    assert values[0][TRAINED, "nDCG@10"] == pytest.approx(values[1][TRAINED, "nDCG@10"], abs=1e-6)


@pytest.mark.slow
def test_the_answer_is_json_and_its_sentences_name_their_numbers(answer: KnownTruth) -> None:
    assert json.loads(json.dumps(answer.to_dict()))["dictionaries"][TRUE]["directions found"]["value"] == 1
    assert len(answer.sentences()) == 4
    assert f"{answer.value(TRAINED, 'directions found')['value']:.0%}" in answer.sentences()[0]

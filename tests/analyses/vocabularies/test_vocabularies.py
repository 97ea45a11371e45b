"""Every vocabulary counts what a plain count counts, in all texts and in some; controls and queries are kept."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analyses.laws.law_sentences import LINES, headline, law_line, law_sentences
from analyses.laws.laws import Laws, laws, laws_of, write_laws
from analyses.laws.study_growth import growth, heaps
from analyses.vocabularies import control_counts
from analyses.vocabularies.control_counts import (
    controls_are_kept,
    counted_queries,
    queries_are_kept,
    sample_of,
    write_controls,
    write_queries,
)
from analyses.vocabularies.vocabularies import Vocabulary, part_of, vocabularies
from data.encoders import Encoder
from data.errors import UserError
from own_study import as_built
from retrieval.study import Study


@pytest.fixture(scope="module")
def kept(tiny_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A copy with its controls and queries counted."""
    folder = tmp_path_factory.mktemp("counted") / "copy"
    shutil.copytree(as_built(), folder)
    study, stages = Study.open(folder), set()
    assert not controls_are_kept(study)
    assert not queries_are_kept(study)
    write_controls(study, lambda stage, done, total: stages.add(stage))
    write_queries(study)
    assert controls_are_kept(study)
    assert queries_are_kept(study)
    assert stages == {"Read by random directions", "Read by random encoder"}
    return study


def test_frequencies_are_plain_counts(tiny_study: Study) -> None:
    tokens = tiny_study.tokens
    fired = np.asarray(tokens.activations) > 0
    latents = np.asarray(tokens.indices)[fired]
    activation = np.zeros(tiny_study.n_latents)
    np.add.at(activation, latents, np.asarray(tokens.activations)[fired])
    found = vocabularies(tiny_study)["latents"]
    np.testing.assert_array_equal(found.frequency("documents"), tiny_study.index.document_frequency)
    np.testing.assert_array_equal(
        found.frequency("tokens"), np.bincount(latents, minlength=tiny_study.n_latents)
    )
    ours = found.frequency("activation")
    np.testing.assert_allclose(ours / ours.sum(), activation / activation.sum(), rtol=1e-4)
    assert np.median(ours[ours > 0]) == pytest.approx(1000)


@pytest.mark.parametrize("system", ["latents", "words", "wordpieces"])
@pytest.mark.parametrize("measure", ["documents", "tokens"])
def test_two_halves_make_the_whole(tiny_study: Study, system: str, measure: str) -> None:
    found = vocabularies(tiny_study)[system]
    half = np.random.default_rng(0).random(found.n_texts) < 0.5
    whole = found.frequency(measure)  # type: ignore[arg-type]
    np.testing.assert_array_equal(found.frequency(measure, half) + found.frequency(measure, ~half), whole)  # type: ignore[arg-type]
    rows = np.flatnonzero(half)
    np.testing.assert_array_equal(
        part_of(found, rows, "part").frequency(measure),  # type: ignore[arg-type]
        found.frequency(measure, half),  # type: ignore[arg-type]
    )


def test_what_was_not_counted_is_said(tiny_study: Study) -> None:
    found = vocabularies(tiny_study)["words"]
    with pytest.raises(UserError, match="cannot be counted by activation: expected documents, tokens"):
        found.frequency("activation")
    assert vocabularies(tiny_study, "queries") == {}


def test_controls_read_the_sample_as_often_as_the_latents(kept: Study) -> None:
    found = vocabularies(kept)
    assert {"sample", "random_directions", "random_encoder"} <= set(found)
    n = len(sample_of(kept))
    for name in ("sample", "random_directions", "random_encoder"):
        assert found[name].n_texts == n
        # Top-K: each token wakes so many at most, and nearly each does
        per_token = found[name].frequency("tokens").sum() / kept.tokens.token_ids.size
        assert per_token <= kept.manifest["sae"]["k"] * len(kept.corpus) / n + 1e-9
    sample, whole = found["sample"], found["latents"]
    if n == len(kept.corpus):
        np.testing.assert_array_equal(sample.frequency(), whole.frequency())
    assert not np.array_equal(found["random_directions"].frequency(), sample.frequency())


def test_controls_read_every_query(kept: Study) -> None:
    found = vocabularies(kept, "queries")
    assert set(found) == {"latents", "words", "wordpieces", "random_directions", "random_encoder"}
    twin = Encoder.load(replace(kept.encoder.config, model=f"random:{kept.encoder.config.model}"))
    states = twin.encode(list(kept.queries.texts), "query")
    table = control_counts.latent_counts(states, kept.sae)
    read = found["random_encoder"]
    assert read.n_texts == len(kept.queries.ids)
    np.testing.assert_array_equal(read.frequency(), np.bincount(table["term"], minlength=kept.n_latents))
    for name in ("random_directions", "random_encoder"):
        assert not np.array_equal(found[name].frequency(), found["latents"].frequency())


def test_every_vocabulary_grows_to_what_occurs_in_it(kept: Study) -> None:
    laws, curve, found = heaps(kept), growth(kept), vocabularies(kept)
    assert set(laws) == set(found)
    for name, law in laws.items():
        last = curve[curve["system"] == name].iloc[-1]
        occurs = (found[name].frequency() > 0).sum()
        assert law.distinct == occurs == round(last["expected"])
        assert last["observed"] == occurs
        assert law.n_docs == found[name].n_texts
        assert law.capacity == (None if name == "words" else found[name].n_terms)
    sampled = {laws[name].n_tokens for name in ("sample", "random_directions", "random_encoder")}
    assert sampled == {int(np.diff(kept.tokens.offsets)[sample_of(kept)].sum())}


def test_a_bound_that_was_run_into_is_told() -> None:
    frequency = np.round(
        1e6 * np.exp(-0.05 * np.arange(200))
    )  # falls exponentially: no exponent is large enough
    summed = frequency.astype(np.float32)
    one = Vocabulary("latents", np.arange(201), np.zeros(200, np.int32), None, summed, ["x"] * 200, 1)
    fits, parameters, pairs = laws_of(one, "activation", n_halves=0, n_bootstrap=2, n_rival_bootstrap=2)
    told = [pd.DataFrame(rows).assign(system="latents") for rows in (fits, parameters, pairs)]
    sentences = " ".join(law_sentences(Laws("activation", "documents", *told, pd.DataFrame()), "latents"))
    assert "run into the bound of its search, 60" in sentences
    assert "occurrences as independent, which they are not" in sentences


def test_reading_the_documents_anew_counts_what_the_study_counted(
    kept: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The road of the controls, with the study's own encoder and SAE."""
    states = kept.encoder.encode(list(kept.corpus.texts))
    table = control_counts.latent_counts(states, kept.sae)
    ours = np.bincount(table["term"], minlength=kept.n_latents)
    # rounding in another batch may swap the last of k here and there
    assert np.abs(ours - kept.index.document_frequency).sum() <= 0.01 * ours.sum()
    pieces = control_counts.wordpiece_counts(states, len(kept.wordpieces))
    found = vocabularies(kept)["wordpieces"]
    np.testing.assert_array_equal(
        np.bincount(pieces["term"], weights=pieces["count"], minlength=found.n_terms),
        found.frequency("tokens"),
    )
    words = control_counts.word_counts(states, list(kept.corpus.texts))
    counted = Counter(dict(words.groupby("name")["count"].sum().items()))
    theirs = vocabularies(kept)["words"]
    same = [counted[name] == n for name, n in zip(theirs.names, theirs.frequency("tokens"), strict=True) if n]
    assert np.mean(same) > 0.97  # a word that the encoder cut short is named by where it first stands


def test_queries_hold_what_their_mass_says(kept: Study) -> None:

    found = {counts.system: (counts, summed) for counts, summed in counted_queries(kept)}
    assert set(found) == {"latents", "words", "wordpieces"}
    counts, summed = found["latents"]
    assert summed is not None
    theirs = kept.query_counts
    assert counts.n_docs == theirs.shape[0]
    assert summed.sum() == pytest.approx(float(theirs.sum()), rel=0.01)


def test_laws_are_kept_and_said_as_they_are(kept: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    few = {"n_bootstrap": 9, "n_rival_bootstrap": 3}
    monkeypatch.setattr(
        "analyses.laws.laws.laws_of", lambda *given, **named: laws_of(*given, **named, n_halves=20, **few)
    )
    assert laws(kept) is None
    stages: list[str] = []
    made = write_laws(kept, progress=lambda stage, done, total: stages.append(stage))
    assert {"Laws of latents", "Laws of random encoder"} <= set(stages)
    again = laws(kept)
    assert again is not None
    for name in ("fits", "parameters", "comparisons", "ranks"):
        assert getattr(again, name).equals(getattr(made, name))
    told = made.to_dict()
    assert set(told) == {"latents", "words", "wordpieces", "sample", "random_directions", "random_encoder"}
    for fit in told["latents"]["fits"]:
        assert fit["form"] == "naive" or 0 < fit["p_value"] <= 1
        for parameter in fit["parameters"].values():
            assert parameter["low"] <= parameter["value"] + 1e-9 or parameter["low"] is None
    check_sentences(made)


def check_sentences(made: Laws) -> None:
    """No sentence says what its p-value does not bear."""
    for system in made.systems:
        power = made.fits[(made.fits["system"] == system) & (made.fits["law"] == "power_law")].iloc[0]
        first = law_sentences(made, system)[0]
        assert ("is ruled out" in first) == (power["p_value"] < 0.1)
        assert ("cannot be ruled out" in first) == (power["p_value"] >= 0.1)
        for law in LINES:
            line = law_line(made, system, law)
            assert (line["rank"] >= 0.5).all()
            assert (line["share"] > 0).all()
    sentence = headline(made)
    stands = made.fits[(made.fits["system"] == "latents") & (made.fits["law"] == "power_law")][
        "p_value"
    ].iloc[0]
    assert ("does not show that they follow one" in sentence) == (stands >= 0.1)


def test_too_few_terms_say_so() -> None:
    lonely = Vocabulary(
        "latents", np.array([0, 1]), np.zeros(1, np.int32), np.ones(1, np.int32), None, ["one"], 1
    )
    fits, parameters, comparisons = laws_of(lonely, "documents")
    assert (fits, parameters, comparisons) == ([], [], [])

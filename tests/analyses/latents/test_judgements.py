"""Judgements: kept whatever tab writes, and their agreement is Cohen's kappa."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyses.latents.type_evidence.judgements import (
    ANSWERS,
    agreement,
    cohen_kappa,
    judge_latent,
    judgements,
    withdraw,
)
from analyses.latents.types import TYPES
from data.errors import UserError
from retrieval.study import Study

rated = st.lists(
    st.tuples(st.sampled_from(TYPES), st.sampled_from(TYPES), st.integers(1, 5)), min_size=2, max_size=40
)


def study_in(folder: Path, sae: str = "an SAE") -> Study:
    manifest: Mapping[str, object] = {"sae": {"fingerprint": sae, "n_latents": 100}, "fingerprint": "a study"}
    return Study(folder, manifest)


@settings(max_examples=60)
@given(rows=rated)
def test_kappa_is_that_of_scikit_learn(rows: list[tuple[str, str, int]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="needs scikit-learn")
    a, b, weights = (np.array(column) for column in zip(*rows, strict=True))
    found = cohen_kappa(a, b, weights[None].astype(float))[0]
    if len(set(a) | set(b)) == 1:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(metrics.cohen_kappa_score(a, b, sample_weight=weights), abs=1e-9)


@settings(max_examples=40)
@given(rows=rated)
def test_kappa_takes_no_side_and_is_one_where_all_are_equal(rows: list[tuple[str, str, int]]) -> None:
    a, b, weights = (np.array(column) for column in zip(*rows, strict=True))
    weights = weights[None].astype(float)
    np.testing.assert_allclose(cohen_kappa(a, b, weights), cohen_kappa(b, a, weights))
    if len(set(a)) > 1:
        assert cohen_kappa(a, a, weights)[0] == pytest.approx(1.0)


def test_agreement_of_a_whole_vocabulary_is_its_kappa_whatever_the_strata() -> None:
    generator = np.random.default_rng(0)
    types = generator.choice(TYPES, 300)
    answers = np.where(generator.random(300) < 0.7, types, generator.choice(TYPES, 300))
    judged = pd.DataFrame({"latent": np.arange(300), "type": answers})
    plain = cohen_kappa(types, answers, np.ones((1, 300)))[0]
    found = agreement(judged, types, types)
    assert found.kappa == pytest.approx(plain)
    assert found.equal == pytest.approx((types == answers).mean())
    assert found.low < found.kappa < found.high
    assert found.n_judged == 300


def test_a_balanced_sample_does_not_pass_for_the_vocabulary() -> None:
    """Broad latents, nine in ten of them, are judged as the rule does; the narrow ones never are."""
    types = np.array(["broad"] * 900 + ["narrow"] * 100)
    judged = pd.DataFrame(
        {"latent": [0, 1, 2, 3, 900, 901, 902, 903], "type": ["broad"] * 4 + ["lexical"] * 4}
    )
    found = agreement(judged, types, types)
    assert found.equal == pytest.approx(0.9)


def test_the_interval_covers_the_vocabularys_kappa() -> None:
    generator = np.random.default_rng(3)
    types = generator.choice(TYPES, 4000, p=[0.3, 0.1, 0.6])
    answers = np.where(generator.random(4000) < 0.7, types, generator.choice(TYPES, 4000))
    truth = cohen_kappa(types, answers, np.ones((1, 4000)))[0]
    covered = 0
    for trial in range(40):
        rows = np.concatenate(
            [np.random.default_rng(trial).permutation(np.flatnonzero(types == name))[:40] for name in TYPES]
        )
        found = agreement(
            pd.DataFrame({"latent": rows, "type": answers[rows]}), types, types, n_resamples=400, seed=trial
        )
        covered += found.low <= truth <= found.high
    assert covered >= 33  # of 40; 38 are expected


def test_unsure_ones_and_latents_without_a_type_are_left_out() -> None:
    types = np.array(["lexical", "broad", "dead", "broad"])
    judged = pd.DataFrame({"latent": [0, 1, 2, 3], "type": ["lexical", "unsure", "broad", "broad"]})
    found = agreement(judged, types, types)
    assert (found.n_judged, found.n_unsure, found.equal) == (2, 1, 1.0)
    nothing = agreement(judged[:0], types, types)
    assert nothing.n_judged == 0
    assert np.isnan(nothing.kappa)


def test_a_judgement_is_kept_replaced_and_withdrawn(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    assert judgements(study).empty
    judge_latent(study, 3, "broad", "ada")
    judge_latent(study, 5, "unsure", "ada")
    judge_latent(study, 3, "narrow", "bob")
    judge_latent(study, 3, "lexical", " ada ")
    kept = judgements(study)
    assert list(kept.columns) == ["latent", "type", "judge", "time"]
    assert kept[["latent", "type", "judge"]].to_numpy().tolist() == [
        [5, "unsure", "ada"],
        [3, "narrow", "bob"],
        [3, "lexical", "ada"],
    ]
    withdraw(study, 3, "ada")
    assert judgements(study)["judge"].tolist() == ["ada", "bob"]


@pytest.mark.parametrize(
    ("latent", "type_", "judge"), [(3, "verb", "ada"), (100, "broad", "ada"), (3, "broad", " ")]
)
def test_what_is_no_judgement_is_refused(tmp_path: Path, latent: int, type_: str, judge: str) -> None:
    with pytest.raises(UserError):
        judge_latent(study_in(tmp_path), latent, type_, judge)
    assert judgements(study_in(tmp_path)).empty


def test_judgements_of_another_sae_do_not_count_and_stay(tmp_path: Path) -> None:
    judge_latent(study_in(tmp_path), 3, "broad", "ada")
    rebuilt = study_in(tmp_path, "another SAE")
    assert judgements(rebuilt).empty
    judge_latent(rebuilt, 3, "narrow", "ada")
    assert judgements(study_in(tmp_path))["type"].tolist() == ["broad"]
    assert judgements(replace(rebuilt))["type"].tolist() == ["narrow"]


def test_two_writers_lose_nothing(tmp_path: Path) -> None:
    study = study_in(tmp_path)

    def write(judge: str) -> None:
        for latent in range(25):
            judge_latent(study, latent, ANSWERS[latent % 4], judge)

    writers = [threading.Thread(target=write, args=(judge,)) for judge in ("ada", "bob")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert judgements(study).groupby("judge").size().to_dict() == {"ada": 25, "bob": 25}


def test_a_writer_waits_for_another_that_holds_the_file(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    judge_latent(study, 1, "broad", "ada")
    other = sqlite3.connect(tmp_path / "notes.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("begin immediate")
    waiting = threading.Thread(target=judge_latent, args=(study, 2, "narrow", "ada"))
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()
    assert len(judgements(study)) == 1  # readers do not wait
    other.execute("rollback")
    other.close()
    waiting.join(10)
    assert len(judgements(study)) == 2

"""Meanings are a plain count, chance is as many tokens drawn, and the law is what the points say."""

from __future__ import annotations

import shutil
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from Stemmer import Stemmer

from analyses.latents.types import TYPES, TypeThresholds, type_measures
from analyses.laws.polysemy import (
    FEWEST_TOKENS,
    MEASURES,
    SPECIFICITY,
    compute_polysemy,
    polysemy_is_kept,
    polysemy_law,
    polysemy_measures,
    polysemy_medians,
    specificity_law,
    types_by_frequency,
    write_polysemy,
)
from analyses.text.token_words import surface_word
from own_study import as_built
from retrieval.study import Study


@pytest.fixture(scope="module")
def table(tiny_study: Study) -> pd.DataFrame:
    return compute_polysemy(tiny_study)


def spread(summed: dict[object, float]) -> tuple[int, float]:
    shares = np.array(list(summed.values())) / sum(summed.values())
    return len(shares), float(2 ** -(shares * np.log2(shares)).sum())


def test_meanings_of_a_latent_are_the_forms_of_a_plain_count(tiny_study: Study, table: pd.DataFrame) -> None:
    stem, tokens = Stemmer("english").stemWord, tiny_study.tokens
    for row in table[table["system"] == "latents"].iloc[::40].to_dict("records"):
        token, value = tiny_study.contexts.latent(int(row["term"]))
        summed: dict[object, float] = defaultdict(float)
        for t, d, v in zip(token, tokens.document_of(token), value, strict=True):
            summed[stem(surface_word(tiny_study, int(t), int(d)))] += float(v)
        number, effective = spread(summed)
        assert row["tokens"] == len(token) >= FEWEST_TOKENS
        assert row["number"] == pytest.approx(number, abs=1)  # words that were cut short
        assert row["effective"] == pytest.approx(effective, rel=0.02)


def test_meanings_of_a_word_are_the_latents_that_its_tokens_wake(
    tiny_study: Study, table: pd.DataFrame
) -> None:
    stem, tokens = Stemmer("english").stemWord, tiny_study.tokens
    wanted = table[(table["system"] == "words") & table["tokens"].between(8, 20)].iloc[3]
    summed: dict[object, float] = defaultdict(float)
    n = 0
    for document in range(len(tiny_study.corpus)):
        rows = tokens.document(document)
        for token in range(rows.start, rows.stop):
            start, end = tokens.spans[token]
            if end > start and stem(surface_word(tiny_study, token, document)) == stem(wanted["name"]):
                n += 1
                for latent, value in zip(tokens.indices[token], tokens.activations[token], strict=True):
                    if value > 0:
                        summed[int(latent)] += float(value)
    number, effective = spread(summed)
    assert (wanted["tokens"], wanted["number"]) == (n, number)
    assert wanted["effective"] == pytest.approx(effective, rel=1e-5)


def test_none_has_more_meanings_than_tokens_let_it(table: pd.DataFrame, tiny_study: Study) -> None:
    k = tiny_study.tokens.indices.shape[1]
    latents, words = (table[table["system"] == name] for name in ("latents", "words"))
    assert (latents["number"] <= latents["tokens"]).all()
    assert (words["number"] <= k * words["tokens"]).all()
    for prefix in ("", "chance_"):
        assert (table[f"{prefix}effective"] <= table[f"{prefix}number"] + 1e-9).all()
        assert (table[f"{prefix}effective"] >= 1 - 1e-9).all()


def test_what_means_more_with_frequency_has_the_slope_it_was_given() -> None:
    generator = np.random.default_rng(0)
    tokens = np.exp(generator.uniform(2, 9, 800)).round()
    made = pd.DataFrame({"system": "latents", "term": range(800), "name": "x", "tokens": tokens})
    for name, slope in (
        ("number", 0.5),
        ("effective", 0.0),
        ("chance_number", 0.8),
        ("chance_effective", 0.7),
    ):
        made[name] = tokens**slope * np.exp(generator.normal(0, 0.2, 800))
    law = polysemy_law(made).set_index(["measure", "control"])
    assert law.loc[("number", False), "slope"] == pytest.approx(0.5, abs=0.02)
    assert law.loc[("effective", False), "low"] < 0 < law.loc[("effective", False), "high"]
    assert law.loc[("number", True), "slope"] == pytest.approx(0.8, abs=0.02)
    assert set(polysemy_medians(made)["measure"]) == set(MEASURES)


def test_a_study_keeps_its_meanings(tiny_study: Study, table: pd.DataFrame, tmp_path: Path) -> None:
    shutil.copytree(as_built(), tmp_path / "copy", ignore=shutil.ignore_patterns("meanings*"))
    study = Study.open(tmp_path / "copy")
    assert not polysemy_is_kept(study)
    write_polysemy(study)
    assert polysemy_is_kept(study)
    assert not polysemy_is_kept(study, seed=1)
    pd.testing.assert_frame_equal(polysemy_measures(study), table)


def test_specificity_is_rank_correlation_and_types_share_out(tiny_study: Study, table: pd.DataFrame) -> None:
    measures = type_measures(tiny_study)
    law = specificity_law(tiny_study, table, measures)
    assert list(law["measure"]) == list(SPECIFICITY)
    assert law["rho"].abs().max() <= 1
    assert law["n"].max() <= (table["system"] == "latents").sum()
    shares = types_by_frequency(measures, tiny_study.index.document_frequency, TypeThresholds())
    np.testing.assert_allclose(shares.groupby("low")["share"].sum(), 1)
    assert set(shares["type"]) == set(TYPES)

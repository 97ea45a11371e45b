"""Types: what is measured is what a plain count gives, and the rule does what it says."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from Stemmer import Stemmer

from analyses.latents.forms import closeness, surface_forms
from analyses.latents.types import (
    FEWEST_DOCUMENTS,
    N_DOCUMENTS,
    TYPES,
    TypeThresholds,
    classify,
    kinds,
    latent_types,
    type_measures,
    type_shares,
)
from analyses.statistics.intervals import bootstrap_mean, wilson
from analyses.text.token_words import surface_word
from retrieval.study import Study

share = st.floats(0, 1)


@pytest.fixture(scope="module")
def measures(tiny_study: Study) -> pd.DataFrame:
    return type_measures(tiny_study)


def test_top_forms_are_those_of_a_plain_count(tiny_study: Study, measures: pd.DataFrame) -> None:
    stem, tokens = Stemmer("english").stemWord, tiny_study.tokens
    checked = 0
    for latent in np.flatnonzero(measures["n_tokens"])[::61]:
        summed: dict[str, float] = defaultdict(float)
        token, value = tiny_study.contexts.latent(int(latent))
        for t, d, v in zip(token, tokens.document_of(token), value, strict=True):
            if tokens.spans[t, 1] > tokens.spans[t, 0]:
                summed[stem(surface_word(tiny_study, int(t), int(d)))] += float(v)
        row = measures.iloc[int(latent)]
        assert row["n_tokens"] == len(token)
        assert row["top_form_share"] == pytest.approx(max(summed.values(), default=0) / value.sum())
        assert summed.get(stem(row["top_form"]), 0) == pytest.approx(max(summed.values(), default=0))
        checked += 1
    assert checked > 3


def test_shares_and_closeness_are_within_bounds(measures: pd.DataFrame) -> None:
    assert measures[["top_form_share", "top_forms_share"]].to_numpy().max() <= 1 + 1e-9
    assert measures[["top_form_share", "top_forms_share"]].to_numpy().min() >= 0
    assert measures["closeness"].abs().max() <= 1 + 1e-6
    assert measures["closeness"].notna().any()


def test_special_tokens_are_no_form_and_stop_words_have_no_meaning(tiny_study: Study) -> None:
    forms = surface_forms(tiny_study)
    special = tiny_study.tokens.spans[:, 0] == tiny_study.tokens.spans[:, 1]
    np.testing.assert_array_equal(~forms.is_form[forms.of_token], special)
    stem = Stemmer("english").stemWord
    meaning = dict(zip(map(stem, forms.words), forms.has_meaning, strict=True))
    assert {word: meaning[word] for word in ("the", ".", "return")} == {"the": 0, ".": 0, "return": 1}


def test_coherence_is_the_mean_over_pairs(tiny_study: Study, measures: pd.DataFrame) -> None:
    vectors = np.asarray(tiny_study.vectors, np.float64)

    def mean_cosine(rows: list[int]) -> float:
        return float(np.mean([vectors[a] @ vectors[b] for a, b in combinations(rows, 2)]))

    everything = mean_cosine(list(range(len(vectors))))
    for latent in np.flatnonzero(measures["coherence"].notna())[::97]:
        token, _ = tiny_study.contexts.latent(int(latent))
        documents = list(dict.fromkeys(tiny_study.tokens.document_of(token).tolist()))[:N_DOCUMENTS]
        expected = mean_cosine(documents) - everything
        assert measures["coherence"].iloc[int(latent)] == pytest.approx(expected, abs=1e-5)


def test_closeness_is_the_cosine_of_two_forms_drawn_by_share() -> None:
    vectors = np.eye(4, 3, dtype=np.float32)
    vectors[3] = [0.6, 0.8, 0.0]
    forms = np.array([[0, 3, -1], [0, 1, 2], [1, -1, -1]])
    shares = np.array([[0.5, 0.2, 0.0], [0.3, 0.2, 0.1], [0.9, 0.0, 0.0]])
    found = closeness(forms, shares, vectors)
    assert found[0] == pytest.approx(0.6)  # the only pair
    assert found[1] == pytest.approx(0.0)
    assert np.isnan(found[2])
    weighted = closeness(np.array([[0, 3, 1]]), np.array([[0.5, 0.3, 0.2]]), vectors)[0]
    assert weighted == pytest.approx((0.15 * 0.6 + 0.10 * 0.0 + 0.06 * 0.8) / (0.15 + 0.10 + 0.06))


def table(*rows: tuple[int, float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["n_tokens", "top_form_share", "top_forms_share", "closeness"])


def test_the_rule() -> None:
    known = {
        "dead": (0, 0.0, 0.0, float("nan")),
        "rare": (4, 1.0, 1.0, float("nan")),
        "lexical": (5, 0.5, 0.9, 0.9),
        "narrow": (99, 0.3, 0.6, 0.4),
        "broad": (99, 0.3, 0.6, float("nan")),
    }
    assert classify(table(*known.values()), TypeThresholds()).tolist() == list(known)


@settings(max_examples=40)
@given(
    rows=st.lists(st.tuples(st.integers(0, 9), share, share, st.floats(-1, 1)), min_size=1),
    low=share,
    high=share,
)
def test_shares_sum_to_one_and_fall_as_thresholds_rise(
    rows: list[tuple[int, float, float, float]], low: float, high: float
) -> None:
    low, high = sorted((low, high))
    measures = table(*rows)
    counts = [
        type_shares(classify(measures, TypeThresholds(lexical=bound, closeness=bound)))
        for bound in (low, high)
    ]
    typed = (measures["n_tokens"] >= TypeThresholds().fewest_tokens).any()
    for shares in counts:
        assert shares["share"].sum() == pytest.approx(1.0 if typed else 0.0)
        assert (shares["low"] <= shares["share"] + 1e-9).all()
        assert (shares["high"] >= shares["share"] - 1e-9).all()
    lexical, broad = TYPES.index("lexical"), TYPES.index("broad")
    assert counts[0]["count"][lexical] >= counts[1]["count"][lexical]
    assert counts[0]["count"][broad] <= counts[1]["count"][broad]


def test_types_of_a_study(tiny_study: Study, measures: pd.DataFrame) -> None:
    types = latent_types(tiny_study)
    assert types["latent"].tolist() == list(range(tiny_study.n_latents))
    np.testing.assert_array_equal(types["type"] == "dead", tiny_study.index.document_frequency == 0)
    assert set(TYPES) <= set(types["type"])
    pd.testing.assert_frame_equal(types.drop(columns="type"), measures)


@given(total=st.integers(1, 500), data=st.data())
def test_wilson_is_its_formula(total: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, total))
    z, p = 1.959963984540054, count / total
    centre, half = p + z**2 / (2 * total), z * np.sqrt(p * (1 - p) / total + z**2 / (4 * total**2))
    low, high = wilson(count, total)
    assert low == pytest.approx((centre - half) / (1 + z**2 / total), abs=1e-9)
    assert high == pytest.approx((centre + half) / (1 + z**2 / total), abs=1e-9)


def test_intervals_of_nothing_and_of_a_constant() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert np.isnan(bootstrap_mean(np.zeros(0))).all()
    assert bootstrap_mean(np.full(9, 0.25)) == pytest.approx((0.25, 0.25))
    values = np.random.default_rng(0).normal(size=400)
    low, high = bootstrap_mean(values)
    error = values.std(ddof=1) / 20
    assert low == pytest.approx(values.mean() - 1.96 * error, abs=0.3 * error)
    assert high == pytest.approx(values.mean() + 1.96 * error, abs=0.3 * error)


def test_kinds_tell_types_further() -> None:
    types = np.array(["lexical", "narrow", "broad", "broad", "broad", "rare", "dead"])
    frequency = np.array([3, 3, FEWEST_DOCUMENTS, FEWEST_DOCUMENTS - 1, 5, 2, 0])
    found = kinds(types, {0, 1, 4, 6}, frequency)
    # a form's latent stays lexical; broad needs documents; a wordpiece needs none, nor tokens that are there
    assert found.tolist() == ["lexical", "subword", "broad", "rare", "subword", "rare", "dead"]
    assert (kinds(types, (), np.full(7, 99)) == types).all()

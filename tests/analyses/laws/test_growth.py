"""Heaps' curve is the mean over all orders, its end is exact, and known laws give their exponents back."""

from __future__ import annotations

import shutil
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import linregress

from analyses.laws.growth import expected_distinct, fit_heaps, growth_curve, heaps_of, sizes_of, unseen_terms
from analyses.laws.study_growth import (
    dictionary_growth,
    filling_curves,
    growth,
    growth_is_kept,
    heaps,
    write_growth,
)
from analyses.text.token_words import surface_word
from analyses.text.word_table import folded
from analyses.vocabularies.term_counts import TermCounts, counted, term_counts
from data.errors import UserError
from own_study import as_built
from retrieval.study import Study


def text_of(terms: NDArray[np.int64], n_terms: int, length: int = 100) -> TermCounts:
    """A running text of so many terms, cut into documents of `length` tokens."""
    n_docs = len(terms) // length
    documents = np.repeat(np.arange(n_docs, dtype=np.int32), length)
    names = [str(term) for term in range(n_terms)]
    return counted(
        "words", terms[: n_docs * length], documents, names, np.full(n_docs, length, np.int64), None
    )


@given(st.lists(st.sets(st.integers(0, 4)), min_size=1, max_size=7))
def test_the_curve_is_the_mean_over_all_subsets(documents: list[set[int]]) -> None:
    frequency = np.array([sum(term in held for held in documents) for term in range(5)])
    for size in range(len(documents) + 1):
        seen = [len(set().union(*chosen)) for chosen in combinations(documents, size)]
        assert expected_distinct(frequency, len(documents), np.array([size]))[0] == pytest.approx(
            np.mean(seen)
        )


@given(st.lists(st.integers(0, 30), min_size=1, max_size=20), st.integers(30, 60))
def test_the_end_of_the_curve_is_what_occurs_and_its_slope_is_what_occurs_once(
    frequencies: list[int], n_docs: int
) -> None:
    frequency = np.array(frequencies)
    before, end = expected_distinct(frequency, n_docs, np.array([n_docs - 1, n_docs]))
    assert end == pytest.approx((frequency > 0).sum())
    assert end - before == pytest.approx((frequency == 1).sum() / n_docs, abs=1e-9)


def test_words_grow_as_a_brute_force_over_orders_says(tiny_study: Study) -> None:
    tokens, held = tiny_study.tokens, []
    for document in range(len(tiny_study.corpus)):
        rows = tokens.document(document)
        spans = tokens.spans[rows]
        held.append(
            {
                folded(surface_word(tiny_study, rows.start + i, document))
                for i in range(len(spans))
                if spans[i, 1] > spans[i, 0]
            }
        )
    generator, sizes = np.random.default_rng(5), sizes_of(len(held))
    curves = []
    for _ in range(200):
        seen: set[str] = set()
        curve = []
        for document in generator.permutation(len(held)):
            seen |= held[document]
            curve.append(len(seen))
        curves.append(np.array(curve)[sizes - 1])
    counts = term_counts(tiny_study, "words")
    ours = growth_curve(counts)
    mean = np.mean(curves, axis=0)
    # not to the digit: a word that the encoder cut short is named by where its beginning first stands
    np.testing.assert_allclose(ours["expected"], mean, rtol=0.03)
    slope = np.polyfit(np.log(ours["tokens"]), np.log(mean), 1)[0]
    assert heaps_of(counts, n_halves=2).exponent == pytest.approx(slope, abs=0.005)


def test_a_power_law_gives_its_exponent_back_and_least_squares_are_scipys() -> None:
    x = np.geomspace(10, 1e6, 40)
    assert fit_heaps(x, 3 * x**0.6) == pytest.approx((0.6, 3))
    noisy = 3 * x**0.6 * np.exp(np.random.default_rng(0).normal(0, 0.1, len(x)))
    theirs = linregress(np.log(x), np.log(noisy))
    assert fit_heaps(x, noisy) == pytest.approx((theirs.slope, np.exp(theirs.intercept)))
    assert np.isnan(fit_heaps(x[:1], x[:1])).all()


@pytest.mark.parametrize("zipf", [1.6, 2.0])
def test_zipfs_text_grows_by_heaps_law_with_the_inverse_exponent(zipf: float) -> None:
    """Terms of probability r^-a grow as tokens^(1/a): van Leijenhorst and van der Weide (2005)."""
    terms = np.random.default_rng(1).zipf(zipf, 200_000)
    counts = text_of(np.unique(terms, return_inverse=True)[1], len(np.unique(terms)))
    law = heaps_of(counts, n_halves=40)
    assert law.last_exponent == pytest.approx(1 / zipf, abs=0.04)
    assert law.exponent == pytest.approx(1 / zipf, abs=0.06)
    assert law.low < law.exponent < law.high
    assert law.misses < 0.15


def test_a_closed_vocabulary_stops() -> None:
    law = heaps_of(text_of(np.random.default_rng(2).integers(0, 300, 50_000), 300), n_halves=4)
    assert (law.distinct, law.once, law.last_exponent, law.unseen) == (300, 0, 0.0, 0.0)
    assert law.misses > 0.15  # no power law


def test_the_interval_holds_as_often_as_it_says() -> None:
    """Of texts drawn from one law, so many have an interval that holds the mean exponent."""
    generator, laws = np.random.default_rng(3), []
    weights = 1 / np.arange(1, 3001) ** 1.1
    for _ in range(40):
        terms = generator.choice(3000, 8000, p=weights / weights.sum())
        laws.append(heaps_of(text_of(terms, 3000, 40), n_halves=40))
    mean = np.mean([law.exponent for law in laws])
    held = np.mean([law.low <= mean <= law.high for law in laws])
    assert held >= 0.8


def test_chaos_interval_holds_what_is_unseen_where_all_are_alike() -> None:
    generator, held = np.random.default_rng(4), []
    for _ in range(200):
        frequency = generator.binomial(60, 0.02, 1000)
        _, low, high = unseen_terms(int((frequency == 1).sum()), int((frequency == 2).sum()), 60)
        held.append(low <= (frequency == 0).sum() <= high)
    assert 0.88 <= np.mean(held) <= 1.0


def test_nothing_to_read_grows_nothing() -> None:
    empty = counted("words", np.zeros(0, np.int64), np.zeros(0, np.int32), [], np.zeros(1, np.int64), None)
    law = heaps_of(empty)
    assert law.distinct == 0
    assert np.isnan(law.exponent)
    assert law.to_dict()["exponent"] is None


def test_a_study_keeps_its_growth(tiny_study: Study, tmp_path: Path) -> None:
    shutil.copytree(as_built(), tmp_path / "copy")
    study, stages = Study.open(tmp_path / "copy"), []
    assert not growth_is_kept(study)
    curve, laws = growth(study), heaps(study)
    write_growth(study, lambda stage, done, total: stages.append((stage, done, total)))
    assert growth_is_kept(study)
    assert {stage for stage, *_ in stages} == {f"Growth of {name}" for name in laws}
    assert heaps(study) == laws
    assert growth(study).equals(curve)
    assert laws["latents"].capacity == study.n_latents
    assert laws["words"].capacity is None
    assert laws["latents"].distinct == (study.index.document_frequency > 0).sum()


def test_dictionaries_of_one_collection_are_compared(tiny_study: Study, tmp_path: Path) -> None:
    shutil.copytree(as_built(), tmp_path / "again")
    both = [tiny_study, Study.open(tmp_path / "again")]
    table, curves = dictionary_growth(both), filling_curves(both)
    assert table["reached"].nunique() == 1
    assert set(curves["study"]) == {tiny_study.name, "again"}
    assert curves.groupby("study")["share"].max().tolist() == pytest.approx(table["reached"].tolist())
    other = Study(tiny_study.path, tiny_study.manifest | {"collection": {"name": "else", "fingerprint": "x"}})
    with pytest.raises(UserError, match="of one collection"):
        dictionary_growth([tiny_study, other])

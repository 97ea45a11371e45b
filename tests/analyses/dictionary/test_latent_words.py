"""Words of a latent: share, PMI and entropy against scipy and a count by hand; places against all tokens."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
import scipy.stats

from analyses.dictionary.latent_words import (
    AT_LEAST,
    TokenReading,
    entropy,
    latent_wordpieces,
    latent_words,
    position_histogram,
    token_reading,
)
from analyses.text.token_words import readable_wordpiece, surface_word
from analyses.text.word_table import folded
from retrieval.study import Study


@pytest.fixture(scope="module")
def reading(tiny_study: Study) -> TokenReading:
    return token_reading(tiny_study)


@pytest.fixture(scope="module")
def latents(tiny_study: Study) -> list[int]:
    order = np.argsort(-np.diff(tiny_study.contexts.ptr))
    return [int(order[rank]) for rank in (0, 30, 150)]


def test_wordpieces_are_those_of_a_count_by_hand(
    tiny_study: Study, reading: TokenReading, latents: list[int]
) -> None:
    names = [readable_wordpiece(piece) for piece in tiny_study.wordpieces]
    ids = tiny_study.tokens.token_ids.tolist()
    everywhere = Counter(ids)
    for latent in latents:
        summed: Counter[int] = Counter()
        for token, value in zip(*(a.tolist() for a in tiny_study.contexts.latent(latent)), strict=True):
            summed[ids[token]] += value
        use = latent_wordpieces(tiny_study, latent, reading, depth=10**6)
        assert use.n_words == len(use.table) == len(summed)
        assert use.entropy == pytest.approx(scipy.stats.entropy(list(summed.values()), base=2))
        assert use.table["share"].sum() == pytest.approx(1)
        assert use.table["share"].is_monotonic_decreasing
        total = sum(summed.values())
        expected = sorted(
            (names[i], m / total, math.log2((m / total) / (everywhere[i] / len(ids))))
            for i, m in summed.items()
        )
        rows = sorted(use.table[["word", "share", "pmi"]].itertuples(index=False, name=None))
        assert [row[0] for row in rows] == [row[0] for row in expected]
        np.testing.assert_allclose([row[1:] for row in rows], [row[1:] for row in expected], atol=1e-9)


def test_words_are_whole_surface_words(tiny_study: Study, reading: TokenReading, latents: list[int]) -> None:
    owner = np.repeat(np.arange(len(tiny_study.corpus)), np.diff(tiny_study.tokens.offsets))
    words = [folded(surface_word(tiny_study, t, d)) for t, d in enumerate(owner.tolist())]
    token, value = tiny_study.contexts.latent(latents[1])
    use = latent_words(tiny_study, latents[1], reading, depth=10**6)
    summed: Counter[str] = Counter()
    for t, v in zip(token.tolist(), value.tolist(), strict=True):
        summed[words[t]] += v
    by_word = use.table.groupby(use.table["word"].map(folded))["activation"].sum()
    assert by_word.to_dict() == pytest.approx(dict(summed))
    for row in use.table.head(5).to_dict("records"):
        number = reading.word[next(t for t in token.tolist() if words[t] == folded(row["word"]))]
        chance = (reading.word == number).mean()
        assert row["pmi"] == pytest.approx(math.log2(row["share"] / chance))


def test_orders_agree_on_the_words_and_sum_to_the_divergence(
    tiny_study: Study, reading: TokenReading, latents: list[int]
) -> None:
    everywhere = reading.word_count / reading.word_count.sum()
    for latent in latents:
        by_share = latent_words(tiny_study, latent, reading, 10**6).table
        telling = latent_words(tiny_study, latent, reading, 10**6, "telling").table
        assert set(map(tuple, telling.to_numpy())) == set(map(tuple, by_share.to_numpy()))
        bits = telling["share"] * telling["pmi"]
        assert bits.is_monotonic_decreasing
        token, value = tiny_study.contexts.latent(latent)
        here = np.bincount(reading.word[token], weights=value, minlength=len(everywhere))
        assert bits.sum() == pytest.approx(scipy.stats.entropy(here, everywhere, base=2))
        by_pmi = latent_words(tiny_study, latent, reading, 10**6, "pmi").table
        often = by_pmi["count"] >= AT_LEAST
        assert often.is_monotonic_decreasing
        assert by_pmi.loc[often, "pmi"].is_monotonic_decreasing
        first = latent_words(tiny_study, latent, reading, 3, "pmi").table
        assert first.equals(by_pmi.head(3))


def test_depth_leaves_entropy_alone(tiny_study: Study, reading: TokenReading, latents: list[int]) -> None:
    short, whole = (latent_words(tiny_study, latents[0], reading, depth) for depth in (3, 10**6))
    assert len(short.table) == 3
    assert short.entropy == whole.entropy
    assert short.n_words == len(whole.table)
    assert 1 <= short.effective_words <= short.n_words


def test_entropy_of_equal_shares_is_their_logarithm() -> None:
    assert entropy(np.full(8, 1 / 8)) == pytest.approx(3)
    assert entropy(np.array([1.0, 0.0])) == 0
    assert entropy(np.zeros(3)) == 0


def test_places_are_tenths_of_each_document(
    tiny_study: Study, reading: TokenReading, latents: list[int]
) -> None:
    tokens = tiny_study.tokens
    for latent in latents:
        token, _ = tiny_study.contexts.latent(latent)
        document = tokens.document_of(token)
        place = (token - tokens.offsets[document]) / np.diff(tokens.offsets)[document]
        table = position_histogram(tiny_study, latent, reading)
        expected, _ = np.histogram(place + 1e-9, bins=10, range=(0, 1))
        assert table["count"].tolist() == expected.tolist()
        assert table["share"].sum() == pytest.approx(1)
        assert table["share_of_all"].sum() == pytest.approx(1)

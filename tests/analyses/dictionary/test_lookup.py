"""Latents are found from words and words from latents, and a text compared with itself shares everything."""

from __future__ import annotations

import numpy as np

from analyses.dictionary.lookup import find_latents
from analyses.dictionary.your_text import compare_texts, read_text
from analyses.text.word_table import compute_words
from retrieval.study import Study


def test_every_token_of_the_words_stands_once(tiny_study: Study) -> None:
    table = compute_words(tiny_study)
    assert list(table.words) == sorted(set(table.words))
    assert int(table.ptr[-1]) == len(table.token) == len(np.unique(table.token))


def test_a_latent_is_found_by_its_number_and_by_a_word_it_fires_on(tiny_study: Study) -> None:
    latent = int(np.asarray(tiny_study.tokens.indices)[5, 0])
    by_number = find_latents(tiny_study, str(latent))
    assert latent in by_number.loc[by_number["how"] == "id", "latent"].tolist()
    by_word = find_latents(tiny_study, "array")
    fires = by_word[by_word["how"] == "word"]
    assert len(fires)
    assert fires["score"].between(0, 1).all()


def test_a_sentence_wakes_the_latents_of_its_tokens(tiny_study: Study) -> None:
    found = find_latents(tiny_study, "sort the rows of an array", limit=5)
    assert "sentence" in set(found["how"])
    summed = tiny_study.encode("sort the rows of an array", "document").counts
    woken = set(found.loc[found["how"] == "sentence", "latent"])
    assert woken <= set(summed.indices.tolist())


def test_a_text_compared_with_itself_shares_all(tiny_study: Study) -> None:
    one = read_text(tiny_study, "Return the sum of the rows.")
    compared = compare_texts(tiny_study, one, one)
    assert compared["side"].nunique() == 1
    np.testing.assert_allclose(compared["weight_first"], compared["weight_second"])
    other = compare_texts(tiny_study, one, read_text(tiny_study, "A generator of random numbers."))
    assert not other["latent"].duplicated().any()
    assert other["side"].nunique() == 3
    only = other[(other["weight_first"] == 0) | (other["weight_second"] == 0)]
    assert (only["contribution"] == 0).all()

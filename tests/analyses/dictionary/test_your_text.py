"""The reader's own texts: read as the study's documents are, and compared by the same BM25 that ranks them."""

from __future__ import annotations

import numpy as np
import pytest

from analyses.attribution.score_breakdown import explain
from analyses.dictionary.your_text import SIDES, ReadText, compare_texts, latents_between, read_text
from analyses.text.word_table import word_table
from data.errors import UserError
from retrieval.bm25 import Bm25Parameters
from retrieval.study import Study


@pytest.fixture(scope="module")
def first(tiny_study: Study) -> ReadText:
    return read_text(tiny_study, "Return the sorted keys of an array.")


@pytest.fixture(scope="module")
def second(tiny_study: Study) -> ReadText:
    return read_text(tiny_study, "A generator of random array values.")


def test_a_document_read_again_is_the_document(tiny_study: Study) -> None:
    rows = tiny_study.tokens.document(3)
    again = read_text(tiny_study, tiny_study.corpus.texts[3])
    np.testing.assert_array_equal(again.encoded.token_ids, tiny_study.tokens.token_ids[rows])
    activations = np.asarray(tiny_study.tokens.activations[rows])
    assert len(again.tokens) == pytest.approx((activations > 0).sum(), rel=0.01)
    assert again.tokens["activation"].sum() == pytest.approx(activations.sum(), rel=1e-3)


def test_tokens_stand_in_the_text_and_pool_to_its_mass(first: ReadText) -> None:
    for row in first.tokens[first.tokens["end"] > 0].to_dict("records"):
        assert first.text[row["start"] : row["end"]].lower() in row["word"]
    summed = first.tokens.groupby("latent")["activation"].sum()
    np.testing.assert_allclose(
        first.pooled.set_index("latent")["mass"].sort_index(), summed.sort_index(), rtol=1e-5
    )
    assert first.pooled["strength"].is_monotonic_decreasing
    assert first.read == len(first.text)


@pytest.mark.parametrize("parameters", [Bm25Parameters(), Bm25Parameters(k1=2, b=0.3, idf="lucene")])
def test_contributions_sum_to_the_score_that_search_gives(
    tiny_study: Study, parameters: Bm25Parameters
) -> None:
    query = tiny_study.queries.texts[2]
    doc_id = str(tiny_study.search(query, parameters=parameters)["doc_id"].iloc[1])
    document = tiny_study.corpus.texts[tiny_study.position[doc_id]]
    compared = compare_texts(
        tiny_study,
        read_text(tiny_study, query, "query", parameters),
        read_text(tiny_study, document, "document", parameters),
        parameters,
    )
    score = explain(tiny_study, query, doc_id, parameters).score
    assert compared["contribution"].sum() == pytest.approx(score, rel=1e-3)


def test_the_three_sides_part_the_latents(tiny_study: Study, first: ReadText, second: ReadText) -> None:
    compared = compare_texts(tiny_study, first, second)
    here, there = set(first.pooled["latent"]), set(second.pooled["latent"])
    sides = [set(compared.loc[compared["side"] == side, "latent"]) for side in SIDES]
    assert sides == [here & there, here - there, there - here]
    assert len(compared) == len(here | there)


def test_a_text_and_a_word_share_all_with_themselves(tiny_study: Study, first: ReadText) -> None:
    assert set(compare_texts(tiny_study, first, first)["side"]) == {"shared"}
    between = latents_between(tiny_study, first, "keys", first, "KEYS", word_table(tiny_study))
    on_keys = first.tokens.loc[first.tokens["word"] == "keys", "latent"]
    assert set(between["latent"]) == set(on_keys)
    np.testing.assert_array_equal(between["activation_first"], between["activation_second"])
    np.testing.assert_array_equal(between["count_first"], between["count_second"])


def test_words_share_the_latents_that_fire_on_both(
    tiny_study: Study, first: ReadText, second: ReadText
) -> None:
    words = word_table(tiny_study)
    between = latents_between(tiny_study, first, "array", second, "array", words)
    assert len(between) > 0
    tokens = words.tokens_of("array")
    indices, activations = tiny_study.tokens.indices[tokens], tiny_study.tokens.activations[tokens]
    for row in between.to_dict("records"):
        count = int(((indices == row["latent"]) & (activations > 0)).sum())
        assert row["count_first"] == row["count_second"] == count
        assert row["share_first"] == pytest.approx(count / len(tokens))
    with pytest.raises(UserError, match='the text has no word "platypus"'):
        latents_between(tiny_study, first, "platypus", second, "array", words)


def test_what_lies_beyond_the_encoder_is_told(tiny_study: Study) -> None:
    long = read_text(tiny_study, "word " * 500)
    assert 0 < long.read < len(long.text)

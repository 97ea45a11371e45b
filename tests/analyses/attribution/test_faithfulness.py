"""Deletion and insertion: an order that is right must beat chance, a constant one must not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analyses.attribution.faithfulness import Faithfulness, agreement, faithfulness
from analyses.attribution.rescoring import Rescored, rescored
from analyses.attribution.token_credit import Credits, credits
from data.errors import UserError
from retrieval.queries import EncodedText
from retrieval.study import Study


@pytest.fixture(scope="module")
def query(tiny_study: Study) -> EncodedText:
    return tiny_study.encode(tiny_study.queries.texts[3])


@pytest.fixture(scope="module")
def doc_id(tiny_study: Study, query: EncodedText) -> str:
    return str(tiny_study.search(query)["doc_id"].iloc[0])


@pytest.fixture(scope="module")
def text(tiny_study: Study, query: EncodedText, doc_id: str) -> Rescored:
    return rescored(tiny_study, query, doc_id)


@pytest.fixture(scope="module")
def two(tiny_study: Study, query: EncodedText, doc_id: str) -> list[Credits]:
    return [credits(tiny_study, query, doc_id, method) for method in ("proportional", "leave-one-out")]


@pytest.fixture(scope="module")
def judged(text: Rescored, two: list[Credits]) -> Faithfulness:
    return faithfulness(text, two)


def test_curves_run_between_the_whole_text_and_none_of_its_words(
    judged: Faithfulness, text: Rescored
) -> None:
    bare = text.scores_of_words(np.zeros((1, text.tokens.n_words), bool))[0] / text.score
    for (curve, _), points in judged.curves.groupby(["curve", "method"]):
        ends = points.sort_values("part")["score"].iloc[[0, -1]].tolist()
        assert ends == pytest.approx([1, bare] if curve == "deletion" else [bare, 1])


def test_a_point_is_the_score_without_the_words_of_most_credit(
    judged: Faithfulness, text: Rescored, two: list[Credits]
) -> None:
    curve = judged.curves.query("curve == 'deletion' and method == 'leave-one-out'")
    order = np.argsort(-two[1].of_words, kind="stable")
    size = np.bincount(text.tokens.word[text.tokens.word >= 0])
    part, score = [0.0], [1.0]
    for n in range(1, len(order) + 1):
        kept = np.ones((1, len(order)), bool)
        kept[0, order[:n]] = False
        part.append(size[order[:n]].sum() / size.sum())
        score.append(text.scores_of_words(kept)[0] / text.score)
    np.testing.assert_allclose(curve["score"], np.interp(curve["part"], part, score), atol=0.03)
    assert curve["score"].iloc[1] < 0.99


def test_credits_beat_chance_and_their_opposite_loses_to_it(
    judged: Faithfulness, text: Rescored, two: list[Credits]
) -> None:
    assert (judged.areas["random_as_good"] == 0).all()
    worst = [replace(each, tokens=each.tokens.assign(credit=-each.tokens["credit"])) for each in two]
    assert (faithfulness(text, worst).areas["random_as_good"] > 95).all()


def test_the_random_orders_are_their_own_control(
    text: Rescored, two: list[Credits], judged: Faithfulness
) -> None:
    random, first = np.random.default_rng(5), ~two[0].tokens["word"].duplicated()
    shuffled = [
        replace(two[0], tokens=two[0].tokens.assign(credit=np.where(first, random.random(len(first)), 0.0)))
        for _ in range(40)
    ]
    areas = faithfulness(text, shuffled).areas
    inside = (areas["low"] <= areas["area"]) & (areas["area"] <= areas["high"])
    assert inside.mean() > 0.8
    again = faithfulness(text, two)
    np.testing.assert_array_equal(again.areas["random"], judged.areas["random"])


def test_methods_agree_with_themselves_and_not_with_their_opposite(two: list[Credits]) -> None:
    opposite = replace(two[0], tokens=two[0].tokens.assign(credit=-two[0].tokens["credit"]))
    table = agreement([two[0], two[0], opposite])
    assert table["spearman"].tolist() == pytest.approx([1, -1, -1])
    assert table["kendall"].iloc[0] == pytest.approx(1)
    constant = replace(two[0], tokens=two[0].tokens.assign(credit=0.0))
    assert agreement([two[0], constant])["spearman"].isna().all()


def test_too_few_words_are_one_sentence(tiny_study: Study, query: EncodedText, doc_id: str) -> None:
    short = tiny_study.encode("sort")
    with pytest.raises(UserError, match="a text of 1 words has no order"):
        faithfulness(rescored(tiny_study, short, doc_id, "query"), [])

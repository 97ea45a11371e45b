"""The ledger of words sums to lexical BM25's score, and names places in the text."""

from __future__ import annotations

import json

import pytest

from analyses.attribution.word_breakdown import LexicalExplanation, explain_words
from data.errors import UserError
from retrieval.lexical import stems_of
from retrieval.study import Study


@pytest.fixture(scope="module", params=[0, 3, 6])
def explained(tiny_study: Study, request: pytest.FixtureRequest) -> LexicalExplanation:
    query = tiny_study.queries.texts[request.param] + " zyzzyva"
    return explain_words(tiny_study, query, str(tiny_study.search(query, system="bm25")["doc_id"].iloc[0]))


def test_contributions_sum_to_the_score_of_search(tiny_study: Study, explained: LexicalExplanation) -> None:
    found = tiny_study.search(explained.query, 200, "bm25").set_index("doc_id")["score"]
    assert explained.score == pytest.approx(found[explained.doc_id], rel=1e-6)
    assert explained.breakdown["contribution"].sum() == pytest.approx(explained.score, rel=1e-5)
    assert abs(explained.residual) < 1e-5 * explained.score


def test_every_word_of_the_query_is_shared_missing_or_unknown(explained: LexicalExplanation) -> None:
    words = [*explained.breakdown["word"], *explained.missing, *explained.unknown]
    assert sorted(words) == sorted(set(stems_of(explained.query)))
    assert "zyzzyva" in explained.unknown


def test_places_carry_the_contribution_of_their_word(
    tiny_study: Study, explained: LexicalExplanation
) -> None:
    text = tiny_study.corpus.texts[tiny_study.position[explained.doc_id]]
    for places, whole in ((explained.document_words, text), (explained.query_words, explained.query)):
        sums = places.groupby("stem")["credit"].sum()
        assert sums.to_dict() == pytest.approx(
            dict(zip(explained.breakdown["word"], explained.breakdown["contribution"], strict=True))
        )
        for row in places.to_dict("records"):
            assert stems_of(whole[row["start"] : row["end"]]) == [row["stem"]]
    counts = explained.document_words["stem"].value_counts().to_dict()
    assert counts == dict(
        zip(explained.breakdown["word"], explained.breakdown["document_count"], strict=True)
    )


def test_nothing_shared_scores_nothing(tiny_study: Study) -> None:
    explained = explain_words(tiny_study, "zyzzyva", tiny_study.corpus.ids[0])
    assert explained.score == 0
    assert explained.breakdown.empty
    assert json.loads(json.dumps(explained.to_dict()))["words"] == []


def test_an_unknown_document_is_one_sentence(tiny_study: Study) -> None:
    with pytest.raises(UserError, match='no document "nowhere"'):
        explain_words(tiny_study, "sort", "nowhere")

"""Pairs of tokens: their credits sum to each system's own score, and agree with the match of a whole study."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import colbert_folder
from analyses.attribution.score_breakdown import explain, token_credit
from analyses.attribution.word_breakdown import explain_words
from analyses.comparison.judged_queries import judged_queries
from analyses.why.matches.grid import SPECIAL, pair_grid
from analyses.why.matches.parts import KINDS, score_parts
from analyses.why.matches.word_tokens import Words, document_tokens, query_tokens
from analyses.why.token_pairs import kinds_of, token_pairs, why_no_pairs
from data.corpus import Collection, Corpus, Queries
from data.encoders import Encoder, EncoderConfig
from data.errors import UserError
from retrieval.pipeline import build_study
from retrieval.queries import EncodedText
from retrieval.study import Study
from retrieval.systems import COSINE, MAXSIM
from sae.control_dictionaries import drawn_directions

QUERY = "Sort the arrays of strings, and return a sorted copy"


@pytest.fixture(scope="module")
def query(tiny_study: Study) -> EncodedText:
    return tiny_study.encode(QUERY)


@pytest.fixture(scope="module")
def documents(tiny_study: Study, query: EncodedText) -> list[str]:
    return list(tiny_study.search(query, 4)["doc_id"])


def test_kinds() -> None:
    kinds = kinds_of(["run", "cat", ""], ["run", "running", "cats", "dog", ""])
    assert [[KINDS[kind] for kind in row] for row in kinds] == [
        ["exact", "inflected", "soft", "soft", "special"],
        ["soft", "soft", "inflected", "soft", "special"],
        ["special"] * 5,
    ]


def test_credits_of_latents_sum_to_the_score_and_to_each_tokens_credit(
    tiny_study: Study, query: EncodedText, documents: list[str]
) -> None:
    for doc_id in documents:
        explained, pairs = explain(tiny_study, query, doc_id), token_pairs(tiny_study, query, doc_id)
        assert pairs.credit.sum() == pytest.approx(explained.score, rel=1e-5)
        assert pairs.score == explained.score
        for axis, tokens in ((1, explained.query_tokens), (0, explained.document_tokens)):
            credits = token_credit(tokens)
            np.testing.assert_allclose(pairs.credit.sum(axis=axis)[credits["position"]], credits["credit"])
        np.testing.assert_allclose(pairs.on_query @ pairs.on_document.T, pairs.credit)
        assert sum(record["credit"] for record in pairs.to_records()) == pytest.approx(
            explained.score, rel=1e-5
        )


def test_pairs_of_each_kind_are_the_parts_of_the_study(tiny_study: Study) -> None:
    judged = judged_queries(tiny_study)
    of_documents, names = document_tokens(tiny_study)
    of_queries = query_tokens(tiny_study, judged, names)
    weighted, rows = tiny_study.weighted(), np.arange(0, len(judged), 20)
    first = judged.run(weighted).documents[rows, 0].astype(np.int64)
    words = Words.of(names, of_documents)
    parts = score_parts(of_documents, of_queries, words, weighted, judged, "sum", (rows, first))
    for place, (row, document) in enumerate(zip(rows, first, strict=True)):
        encoded = tiny_study.encode(tiny_study.queries.texts[judged.rows[row]])
        pairs = token_pairs(tiny_study, encoded, tiny_study.corpus.ids[document])
        of_kind = np.bincount(pairs.kind.ravel(), pairs.credit.ravel(), minlength=len(KINDS))
        # encoded in batches, states differ by rounding
        np.testing.assert_allclose(
            of_kind, parts.credit[place].sum(axis=0), rtol=0.02, atol=0.02 * pairs.score
        )


def test_credits_of_the_cosine_sum_to_the_cosine_of_search(
    tiny_study: Study, query: EncodedText, documents: list[str]
) -> None:
    found = tiny_study.search(query, 200, COSINE.name).set_index("doc_id")["score"]
    for doc_id in documents:
        pairs = token_pairs(tiny_study, query, doc_id, "cosine")
        assert pairs.is_exact
        assert pairs.credit.sum() == pytest.approx(found[doc_id], abs=1e-4)


def test_words_are_equal_stems_and_sum_to_lexical_bm25(
    tiny_study: Study, query: EncodedText, documents: list[str]
) -> None:
    for doc_id in documents:
        pairs = token_pairs(tiny_study, query, doc_id, "words")
        assert pairs.credit.sum() == pytest.approx(explain_words(tiny_study, QUERY, doc_id).score, rel=1e-5)
        assert set(pairs.kind[pairs.credit != 0]) <= {0, 1}


def test_maxsim_takes_the_best_token_of_each(
    tiny_study: Study, query: EncodedText, documents: list[str]
) -> None:
    pairs = token_pairs(tiny_study, query, documents[0], "maxsim")
    assert ((pairs.credit != 0).sum(axis=1) == 1).all()
    text_of_document = tiny_study.corpus.texts[tiny_study.position[documents[0]]]
    states = [
        tiny_study.encoder.encode([text], side).states.values.astype(float)
        for text, side in ((QUERY, "query"), (text_of_document, "document"))
    ]
    unit = [one / np.linalg.norm(one, axis=1, keepdims=True) for one in states]
    assert pairs.score == pytest.approx((unit[0] @ unit[1].T).max(axis=1).sum(), abs=1e-6)


def test_a_multi_vector_encoder_has_maxsim_and_no_pairs_of_a_cosine(
    tiny_collection: Collection, tmp_path: Path
) -> None:
    folder = colbert_folder.pylate_folder(tmp_path / "colbert")
    encoder = Encoder.load(EncoderConfig(str(folder), max_length=40, device="cpu"))
    corpus = Corpus(*(list(column[:20]) for column in vars(tiny_collection.corpus).values()))
    text = tiny_collection.queries.texts[0]
    states = encoder.encode(list(corpus.texts)).states.values
    sae = drawn_directions(64, 4, states, 0)
    object.__setattr__(sae, "trained_on", {"encoder": encoder.describe()})
    qrels = {"q": {corpus.ids[0]: 1}}
    study = build_study(
        Collection("few", corpus, Queries(["q"], [text]), qrels), encoder, sae, tmp_path / "study"
    )
    ranked = study.search(text, 20, MAXSIM.name).set_index("doc_id")["score"]
    encoded = study.encode(text)
    for doc_id in corpus.ids[:3]:
        assert token_pairs(study, encoded, doc_id, "maxsim").score == pytest.approx(ranked[doc_id], abs=1e-2)
    assert why_no_pairs(study, "cosine")
    with pytest.raises(UserError, match="MaxSim"):
        token_pairs(study, encoded, corpus.ids[0], "cosine")


def test_a_grid_holds_every_credit_and_leaves_out_the_weakest_words(
    tiny_study: Study, query: EncodedText, documents: list[str]
) -> None:
    systems = [token_pairs(tiny_study, query, documents[0], system) for system in ("latent", "words")]
    whole, small = pair_grid(systems, 500), pair_grid(systems, 5)
    assert whole.n_left_out == 0
    assert whole.rows[-1] == whole.columns[-1] == SPECIAL
    assert len(small.columns) == 6
    for grid in (whole, small):
        for layer in grid.layers:
            assert layer.credit.sum() + layer.left_out.sum() == pytest.approx(layer.pairs.score, rel=1e-5)
    assert whole.rows[0] == "sort"
    strongest = np.unravel_index(whole.layers[0].credit.argmax(), whole.layers[0].credit.shape)
    named = whole.layers[0].latents[strongest[0]][strongest[1]]
    assert 0 < sum(credit for _, credit in named) <= whole.layers[0].credit.max() * (1 + 1e-9)
    assert [credit for _, credit in named] == sorted((credit for _, credit in named), reverse=True)

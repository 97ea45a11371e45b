"""Credit of tokens: leave-one-out against counts made anew, occlusion against texts encoded by hand."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array, vstack

from analyses.attribution.rescoring import Side, rescored, word_of_tokens, word_spans
from analyses.attribution.token_credit import METHODS, credits
from data.errors import UserError
from data.ragged import offsets_of
from retrieval.bm25 import IDFS, PHIS, Bm25Parameters
from retrieval.index import Index
from retrieval.queries import EncodedText
from retrieval.search import score_documents
from retrieval.study import Study
from retrieval.weighted_index import WeightedIndex
from sae.latents import TokenLatents, pool

PARAMETERS = st.builds(
    Bm25Parameters,
    k1=st.floats(0, 20),
    b=st.floats(0, 1),
    phi=st.sampled_from(PHIS),
    idf=st.sampled_from(IDFS),
)
SIDES: list[Side] = ["document", "query"]


@pytest.fixture(scope="module")
def query(tiny_study: Study) -> EncodedText:
    return tiny_study.encode(tiny_study.queries.texts[3])


@pytest.fixture(scope="module")
def doc_id(tiny_study: Study, query: EncodedText) -> str:
    return str(tiny_study.search(query)["doc_id"].iloc[1])


def mass_of(study: Study, indices: np.ndarray, activations: np.ndarray) -> csr_array:
    latents = TokenLatents(activations, indices, offsets_of([len(indices)]))
    return pool(latents, study.n_latents, study.pooling)


def rebuilt(study: Study) -> Study:
    """The same study indexed anew by its pooling, from its tokens."""
    table = study.tokens
    latents = TokenLatents(
        np.asarray(table.activations), np.asarray(table.indices), np.asarray(table.offsets)
    )
    anew = replace(study)
    anew.__dict__["index"] = Index.from_counts(pool(latents, study.n_latents, study.pooling))
    return anew


def pooled(study: Study, pooling: str) -> Study:
    return rebuilt(replace(study, manifest={**study.manifest, "pooling": pooling}))


@pytest.mark.parametrize("pooling", ["sum", "max"])
@given(parameters=PARAMETERS)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_leaving_a_token_out_equals_counting_the_document_without_it(
    tiny_study: Study, query: EncodedText, doc_id: str, pooling: str, parameters: Bm25Parameters
) -> None:
    study = pooled(tiny_study, pooling)
    asked = replace(query, counts=mass_of(study, query.indices, query.activations))
    position, text = study.position[doc_id], rescored(study, asked, doc_id, "document", parameters)
    found = credits(study, asked, doc_id, "leave-one-out", "document", parameters)
    rows = study.tokens.document(position)
    indices, activations = (
        np.asarray(column[rows]) for column in (study.tokens.indices, study.tokens.activations)
    )
    weighted = study.weighted(parameters)
    assert found.score == pytest.approx(
        score_documents(weighted, asked.counts, np.array([position]))[0], rel=1e-6
    )
    counts = [
        mass_of(study, np.delete(indices, token, axis=0), np.delete(activations, token, axis=0))
        for token in range(len(indices))
    ]
    # Counts of the cut documents in an index of their own, whose idf and average length are the study's.
    cut = WeightedIndex.of(Index.from_counts(csr_array(vstack(counts))), parameters)
    cut = replace(cut, idf=weighted.idf, average_length=weighted.average_length)
    scores = score_documents(cut, asked.counts, np.arange(len(counts)))
    np.testing.assert_allclose(found.tokens["credit"], text.score - scores, atol=1e-5 * (text.score + 1))


@pytest.mark.parametrize("pooling", ["sum", "max"])
def test_leaving_a_token_out_of_the_query_equals_asking_without_it(
    tiny_study: Study, query: EncodedText, doc_id: str, pooling: str
) -> None:
    study = pooled(tiny_study, pooling)
    asked = replace(query, counts=mass_of(study, query.indices, query.activations))
    found = credits(study, asked, doc_id, "leave-one-out", "query")
    document = np.array([study.position[doc_id]])
    for token in range(len(query.token_ids)):
        cut = mass_of(study, np.delete(query.indices, token, 0), np.delete(query.activations, token, 0))
        score = score_documents(study.weighted(), cut, document)[0]
        assert found.score - score == pytest.approx(found.tokens["credit"].iloc[token], abs=1e-5)


@pytest.mark.parametrize("side", SIDES)
def test_nothing_kept_scores_nothing_and_everything_scores_all(
    tiny_study: Study, query: EncodedText, doc_id: str, side: Side
) -> None:
    text = rescored(tiny_study, query, doc_id, side)
    n_tokens, n_words = len(text.tokens.word), text.tokens.n_words
    none, every = text.scores(np.array([[False] * n_tokens, [True] * n_tokens]))
    assert none == 0
    assert every == pytest.approx(tiny_study.search(query)["score"].iloc[1], rel=1e-6)
    assert text.scores_of_words(np.ones((1, n_words), bool))[0] == pytest.approx(every, rel=1e-12)


@pytest.mark.parametrize("side", SIDES)
def test_proportional_credits_sum_to_the_score(
    tiny_study: Study, query: EncodedText, doc_id: str, side: Side
) -> None:
    found = credits(tiny_study, query, doc_id, "proportional", side)
    assert found.tokens["credit"].sum() == pytest.approx(found.score, rel=1e-6)
    assert found.of_words.sum() + found.special == pytest.approx(found.score, rel=1e-6)


@pytest.mark.parametrize("side", SIDES)
def test_occlusion_masks_one_word_in_the_text_and_encodes_it_again(
    tiny_study: Study, query: EncodedText, doc_id: str, side: Side
) -> None:
    found = credits(tiny_study, query, doc_id, "occlusion", side)
    text = rescored(tiny_study, query, doc_id, side).tokens
    starts, ends = word_spans(text)
    read = text.text[: ends.max()]
    document = tiny_study.position[doc_id]
    word = int(found.of_words.argmax())
    masked = f"{read[: starts[word]]}[MASK]{read[ends[word] :]}"
    encoded = tiny_study.encode(masked, side)
    assert "[MASK]" in [tiny_study.wordpieces[int(token)] for token in encoded.token_ids]
    if side == "query":
        score = score_documents(tiny_study.weighted(), encoded.counts, np.array([document]))[0]
    else:
        weighted = tiny_study.weighted()
        other = WeightedIndex.of(Index.from_counts(encoded.counts), weighted.parameters)
        other = replace(other, idf=weighted.idf, average_length=weighted.average_length)
        score = score_documents(other, query.counts, np.array([0]))[0]
    expected = found.score - np.mean(found.mask_costs) - score
    assert found.of_words[word] == pytest.approx(expected, abs=2e-3 * found.score)
    special = found.tokens["word"] < 0
    assert found.tokens.loc[special, "credit"].isna().all()
    assert found.tokens.loc[~special, "credit"].notna().all()


def test_without_a_mask_the_word_is_removed(
    tiny_study: Study, query: EncodedText, doc_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(tiny_study.encoder), "mask_token", property(lambda self: None))
    found = credits(tiny_study, query, doc_id, "occlusion", "query")
    assert found.mask_costs == ()
    starts, ends = word_spans(rescored(tiny_study, query, doc_id, "query").tokens)
    cut = tiny_study.encode(query.text[: starts[0]] + query.text[ends[0] :])
    score = score_documents(tiny_study.weighted(), cut.counts, np.array([tiny_study.position[doc_id]]))[0]
    assert found.of_words[0] == pytest.approx(found.score - score, abs=2e-3 * found.score)


def test_words_are_told_apart_by_what_touches() -> None:
    text = "re-rank 2 signals"
    spans = np.array([[0, 0], [0, 2], [2, 3], [3, 5], [5, 7], [8, 9], [10, 16], [16, 17], [0, 0]])
    assert word_of_tokens(text, spans).tolist() == [-1, 0, 1, 2, 2, 3, 4, 4, -1]


@pytest.mark.parametrize("method", METHODS)
def test_as_json(tiny_study: Study, query: EncodedText, doc_id: str, method: str) -> None:
    read = json.loads(
        json.dumps(credits(tiny_study, query, doc_id, method, "query").to_dict(), allow_nan=False)
    )  # type: ignore[arg-type]
    assert len(read["tokens"]) == len(query.token_ids)


def test_an_unknown_method_is_one_sentence(tiny_study: Study, query: EncodedText, doc_id: str) -> None:
    with pytest.raises(UserError, match='no credit "gradient": choose one of proportional'):
        credits(tiny_study, query, doc_id, "gradient")  # type: ignore[arg-type]

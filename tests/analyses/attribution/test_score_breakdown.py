"""Explanations: the ledger sums to the score, and the tokens' credits to the ledger."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analyses.attribution.score_breakdown import (
    Explanation,
    explain,
    explain_several,
    query_latents,
    share_over_tokens,
    token_credit,
)
from data.errors import UserError
from retrieval.bm25 import Bm25Parameters
from retrieval.study import Study

PARAMETERS = [
    Bm25Parameters(),
    Bm25Parameters(idf="lucene"),
    Bm25Parameters(k1=1.5, b=0.3, phi="log1p"),
    Bm25Parameters(phi="none", idf="lucene"),
]


@pytest.fixture(scope="module")
def query(tiny_study: Study) -> str:
    return str(tiny_study.queries.texts[3])


@pytest.fixture(scope="module")
def explained(tiny_study: Study, query: str) -> Explanation:
    return explain(tiny_study, query, str(tiny_study.search(query)["doc_id"].iloc[0]))


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_contributions_sum_to_the_score_of_search(
    tiny_study: Study, query: str, parameters: Bm25Parameters
) -> None:
    encoded = tiny_study.encode(query)
    results = tiny_study.search(encoded, 5, parameters=parameters)
    assert len(results) == 5
    for row in results.to_dict("records"):
        explanation = explain(tiny_study, encoded, row["doc_id"], parameters)
        total = explanation.breakdown["contribution"].sum()
        assert explanation.score == pytest.approx(row["score"], rel=1e-6)
        assert total == pytest.approx(explanation.score, rel=1e-5)
        assert explanation.residual == pytest.approx(explanation.score - total, abs=1e-9)


def test_a_contribution_is_the_product_of_its_columns(explained: Explanation) -> None:
    breakdown = explained.breakdown
    product = breakdown["query_weight"] * breakdown["idf"] * breakdown["saturation"]
    np.testing.assert_allclose(breakdown["contribution"], product, rtol=1e-9)
    assert breakdown["contribution"].is_monotonic_decreasing
    assert (breakdown["document_weight"] > 0).all()


@pytest.mark.parametrize("side", ["document_tokens", "query_tokens"])
def test_credits_of_a_latent_sum_to_its_contribution(explained: Explanation, side: str) -> None:
    credit = getattr(explained, side).groupby("latent")["credit"].sum()
    contribution = explained.breakdown.set_index("latent")["contribution"]
    assert len(credit) == len(contribution) > 10
    np.testing.assert_allclose(credit.loc[contribution.index], contribution, rtol=1e-9, atol=1e-12)


def test_credits_are_in_proportion_to_activations(explained: Explanation) -> None:
    tokens = explained.document_tokens
    several = tokens.groupby("latent").filter(lambda part: len(part) > 1 and part["credit"].sum() > 0)
    assert len(several)
    for _, part in several.groupby("latent"):
        np.testing.assert_allclose(
            part["credit"] / part["credit"].sum(), part["activation"] / part["activation"].sum()
        )


def test_max_pooling_credits_the_strongest_tokens_alone(tiny_study: Study, explained: Explanation) -> None:
    study = replace(tiny_study, manifest={**tiny_study.manifest, "pooling": "max"})
    rows = study.tokens.document(study.position[explained.doc_id])
    table = study.tokens
    tokens = share_over_tokens(
        explained.breakdown, study, table.token_ids[rows], table.spans[rows], table.indices[rows],
        table.activations[rows],
    )  # fmt: skip
    strongest = tokens.groupby("latent")["activation"].transform("max")
    assert (tokens.loc[tokens["activation"] < strongest, "credit"] == 0).all()
    total = tokens.groupby("latent")["credit"].sum()
    contribution = explained.breakdown.set_index("latent")["contribution"]
    np.testing.assert_allclose(total.loc[contribution.index], contribution, atol=1e-12)


def test_token_credit_keeps_the_sum_and_the_order_of_the_text(explained: Explanation) -> None:
    credit = token_credit(explained.document_tokens)
    assert credit["credit"].sum() == pytest.approx(explained.breakdown["contribution"].sum())
    assert credit["position"].is_monotonic_increasing
    assert credit["position"].is_unique


def test_spans_name_the_tokens_in_the_text(tiny_study: Study, explained: Explanation) -> None:
    text = tiny_study.corpus.texts[tiny_study.position[explained.doc_id]].lower()
    tokens = explained.document_tokens[explained.document_tokens["end"] > 0]
    shown = [text[start:end] for start, end in zip(tokens["start"], tokens["end"], strict=True)]
    same = [word == token.removeprefix("##") for word, token in zip(shown, tokens["token"], strict=True)]
    assert np.mean(same) > 0.95  # accents and rare signs are normalised by the tokenizer


def test_as_json(explained: Explanation) -> None:
    read = json.loads(json.dumps(explained.to_dict()))
    assert list(read) == ["query", "doc_id", "score", "residual", "latents"]
    assert sum(latent["contribution"] for latent in read["latents"]) == pytest.approx(read["score"], rel=1e-5)
    first = read["latents"][0]
    assert set(first["document_tokens"][0]) == {"token", "start", "end", "credit"}
    assert sum(token["credit"] for token in first["query_tokens"]) == pytest.approx(first["contribution"])


def test_an_unknown_document_is_one_sentence(tiny_study: Study, query: str) -> None:
    with pytest.raises(UserError, match='no document "nowhere"'):
        explain(tiny_study, query, "nowhere")


def test_latents_of_a_query_fall_by_what_they_can_move(tiny_study: Study, query: str) -> None:
    encoded = tiny_study.encode(query)
    table = query_latents(tiny_study, encoded)
    assert table["strength"].is_monotonic_decreasing
    assert set(table["latent"]) == set(encoded.counts.indices.tolist())
    pd.testing.assert_series_equal(table["strength"], table["query_weight"] * table["idf"], check_names=False)


@pytest.mark.parametrize("pooling", ["sum", "max"])
def test_ledgers_of_several_are_those_of_each(tiny_study: Study, query: str, pooling: str) -> None:
    study = replace(tiny_study, manifest={**tiny_study.manifest, "pooling": pooling})
    encoded = study.encode(query)
    found = explain_several(study, encoded, study.search(encoded)["doc_id"].tolist())
    assert len(found.doc_ids) == 10
    for column, doc_id in enumerate(found.doc_ids):
        alone = explain(study, encoded, doc_id)
        contribution = pd.Series(found.contributions[:, column], found.latents)
        pd.testing.assert_series_equal(
            contribution[alone.breakdown["latent"]].reset_index(drop=True),
            alone.breakdown["contribution"],
            check_names=False,
        )
        assert found.contributions[:, column].sum() == pytest.approx(alone.score, rel=1e-5)
        credit = token_credit(alone.document_tokens)
        np.testing.assert_allclose(found.credits[column][credit["position"]], credit["credit"], atol=1e-9)
        assert found.credits[column].sum() == pytest.approx(credit["credit"].sum())

"""The LIMIT microscope: power is a difference of means of scores, and the mean of token states is the vector."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_array

from analyses.attribution.limit import (
    Attribute,
    attribute_latents,
    attribute_of,
    is_limit_style,
    pooled_away,
)
from data.errors import UserError
from retrieval.columns import rank_of
from retrieval.queries import EncodedText
from retrieval.search import contribution_table, scores_of_all
from retrieval.study import Study


@pytest.fixture(scope="module")
def query(limit_study: Study) -> EncodedText:
    return limit_study.encode(limit_study.queries.texts[2])


@pytest.fixture(scope="module")
def relevant(limit_study: Study) -> list[str]:
    return list(limit_study.qrels[limit_study.queries.ids[2]])


@pytest.fixture(scope="module")
def found(limit_study: Study, query: EncodedText, relevant: list[str]) -> Attribute:
    return attribute_latents(limit_study, query, relevant)


@pytest.mark.parametrize(
    ("query", "attribute"),
    [
        ("Who likes Quokkas?", "Quokkas"),
        ("who likes  the Houston Astros ?", "the Houston Astros"),
        ("Who likes (a+b)*?", "(a+b)*"),
        ("Who dislikes Quokkas?", None),
        ("sort the rows", None),
    ],
)
def test_what_a_query_asks_for(query: str, attribute: str | None) -> None:
    assert attribute_of(query) == attribute


def test_only_a_limit_collection_is_one(limit_study: Study, tiny_study: Study) -> None:
    assert is_limit_style(limit_study)
    assert not is_limit_style(tiny_study)
    with pytest.raises(UserError, match="Who likes quokkas"):
        attribute_latents(tiny_study, tiny_study.encode("sort the rows"), [tiny_study.corpus.ids[0]])


def test_power_is_a_difference_of_means(
    limit_study: Study, query: EncodedText, relevant: list[str], found: Attribute
) -> None:
    """Against the ledgers of all documents, one by one; and all powers sum to the difference of mean scores."""
    summed = csr_array(query.counts)
    summed.sort_indices()
    index, documents = limit_study.weighted(), np.arange(len(limit_study.corpus))
    table = contribution_table(index, summed, documents)
    inside = np.isin(documents, [limit_study.position[d] for d in relevant])
    power = dict(zip(summed.indices, table[:, inside].mean(1) - table[:, ~inside].mean(1), strict=True))
    for row in found.latents.to_dict("records"):
        assert row["power"] == pytest.approx(power[row["latent"]], abs=1e-5)
        assert row["power"] == pytest.approx(row["relevant"] - row["others"], abs=1e-6)
    scores = scores_of_all(index, summed)
    assert found.latents["power"].sum() == pytest.approx(
        scores[inside].mean() - scores[~inside].mean(), abs=1e-4
    )
    shown = found.documents
    assert shown.loc[shown["relevant"], "doc_id"].tolist() == sorted(relevant, key=limit_study.position.get)  # type: ignore[arg-type]
    assert shown.loc[shown["relevant"], "names"].all()
    own = table[np.searchsorted(summed.indices, found.latents["latent"])][:, shown["document"]]
    np.testing.assert_allclose(found.contributions, own, atol=1e-5)
    for row in shown.to_dict("records"):
        assert row["latent_rank"] == rank_of(scores, row["document"])


def test_the_mean_of_the_tokens_is_the_documents_vector(
    limit_study: Study, query: EncodedText, found: Attribute
) -> None:
    pooled = pooled_away(limit_study, query, found)
    table = pooled.documents.merge(found.documents[["document", "cosine", "relevant"]], on="document")
    np.testing.assert_allclose(table["cosine_x"], table["cosine_y"], atol=2e-3)  # states are float16
    counts = pooled.tokens.groupby("document")["named"].agg(["size", "sum"])
    assert counts["size"].to_dict() == dict(zip(table["document"], table["n_tokens"], strict=True))
    assert counts["sum"].to_dict() == dict(zip(table["document"], table["n_named"], strict=True))
    named = table[table["n_named"] > 0]
    assert len(named), "an attribute stands within the tokens that are read"
    assert (named["share"].between(0, 1)).all()
    best = pooled.tokens.groupby("document")["cosine"].max().to_dict()
    assert best == pytest.approx(dict(zip(table["document"], table["best_token"], strict=True)))
    assert (table.loc[table["n_named"] == 0, ["named_cosine"]].isna()).all().all()
    for place, measure in (("maxsim_place", "maxsim"), ("token_place", "best_token")):
        assert table.sort_values(place)[measure].is_monotonic_decreasing
        assert sorted(table[place]) == list(range(1, len(table) + 1))

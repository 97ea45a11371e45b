"""A latent's documents and queries: what it is worth, against dense BM25 without it."""

from __future__ import annotations

from dataclasses import replace

import ir_measures
import numpy as np
import pandas as pd
import pytest
from ir_measures import nDCG
from scipy.sparse import csc_array

from analyses.dictionary.latent_documents import heaviest_documents, queries_using
from retrieval.bm25 import Bm25Parameters, Idf
from retrieval.study import Study


@pytest.fixture(scope="module")
def counts(tiny_study: Study) -> csc_array:
    return csc_array(tiny_study.query_counts)


@pytest.fixture(scope="module")
def latents(tiny_study: Study, counts: csc_array) -> list[int]:
    """Latents of several queries and documents: frequent, middling."""
    used = np.diff(counts.indptr)
    order = np.argsort(-used * (tiny_study.index.document_frequency < 100), kind="stable")
    return [int(np.argmax(used)), *(int(order[rank]) for rank in (0, 3, 10))]


def dense_ndcg(study: Study, counts: csc_array, idf: Idf, without: int | None) -> pd.Series:
    """nDCG@10 of all queries by BM25 written out over dense matrices."""
    parameters = Bm25Parameters(idf=idf)
    index = study.index
    summed = csc_array(
        (index.counts, index.documents, index.indptr), shape=(index.n_docs, index.n_terms)
    ).toarray()
    w = np.sqrt(summed.astype(np.float64))
    length = w.sum(axis=1, keepdims=True)
    norm = parameters.k1 * (1 - parameters.b + parameters.b * length / length.mean())
    n = (summed > 0).sum(axis=0)
    odds = (len(summed) - n + 0.5) / (n + 0.5)
    weight = np.maximum(0, np.log(odds)) if idf == "clipped" else np.log1p(odds)
    query = np.sqrt(counts.toarray().astype(np.float64))
    if without is not None:
        query[:, without] = 0
    scores = (query * weight) @ (w * (parameters.k1 + 1) / (w + norm)).T
    run = {
        identifier: {study.corpus.ids[d]: float(row[d]) for d in np.flatnonzero(row > 0)}
        for identifier, row in zip(study.queries.ids, scores, strict=True)
    }
    qrels = {query: dict(grades) for query, grades in study.qrels.items()}
    return pd.Series({m.query_id: m.value for m in ir_measures.iter_calc([nDCG @ 10], qrels, run)})


@pytest.mark.parametrize("idf", ["clipped", "lucene"])
def test_a_loss_is_that_of_dense_bm25_without_the_latent(
    tiny_study: Study, counts: csc_array, latents: list[int], idf: Idf
) -> None:
    whole = dense_ndcg(tiny_study, counts, idf, None)
    for latent in latents:
        found = queries_using(tiny_study, latent, counts, idf)
        expected = dense_ndcg(tiny_study, counts, idf, latent)
        uses = set(np.asarray(tiny_study.queries.ids)[counts[:, [latent]].toarray()[:, 0] > 0].tolist())
        assert set(found.table["query_id"]) == uses
        table = found.table.set_index("query_id")
        assert table["ndcg"].to_numpy() == pytest.approx(whole[table.index].to_numpy(), abs=1e-6)
        assert table["ndcg_without"].to_numpy() == pytest.approx(expected[table.index].to_numpy(), abs=1e-6)
        assert found.mean_lost == pytest.approx((whole - expected)[table.index].mean(), abs=1e-6)
        assert found.table["lost"].is_monotonic_decreasing
        assert found.n_queries == len(tiny_study.queries)


def test_some_latent_matters(tiny_study: Study, counts: csc_array) -> None:
    """Losses are not all nought: removing the right latents moves rankings."""
    order = np.argsort(-np.diff(counts.indptr))[:120]
    assert any(queries_using(tiny_study, int(j), counts, "lucene").mean_lost != 0 for j in order)


def test_a_study_without_judgements_has_queries_and_no_losses(
    tiny_study: Study, counts: csc_array, latents: list[int]
) -> None:
    study = replace(tiny_study)
    vars(study)["qrels"] = {}
    found = queries_using(study, latents[0], counts)
    assert len(found.table) > 0
    assert found.n_judged == 0
    assert np.isnan(found.mean_lost)


def test_documents_fall_by_mass_and_carry_their_share(tiny_study: Study, latents: list[int]) -> None:
    for latent in latents:
        table = heaviest_documents(tiny_study, latent, depth=10**6)
        assert len(table) == tiny_study.index.document_frequency[latent]
        assert table["mass"].is_monotonic_decreasing
        assert table["weight"].to_numpy() == pytest.approx(np.sqrt(table["mass"]))
        document = tiny_study.position[table["doc_id"].iloc[0]]
        _, summed = tiny_study.index.document_row(document)
        share = table["weight"].iloc[0] / np.sqrt(summed.astype(np.float64)).sum()
        assert table["share_of_length"].iloc[0] == pytest.approx(share)

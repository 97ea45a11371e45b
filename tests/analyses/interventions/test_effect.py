"""Interventions: nothing changes nothing, taking out is never having had, and controls weigh as much."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from analyses.interventions.edited_index import Intervention, edit, query_after, scores_after
from analyses.interventions.effect import effect, matched_controls
from data.errors import UserError
from retrieval.bm25 import IDFS, PHIS, Bm25Parameters, average_length
from retrieval.columns import best_documents, query_columns, rank_of
from retrieval.evaluate import evaluate
from retrieval.index import Index
from retrieval.pruning import without_terms
from retrieval.search import contribution_table, scores_of_all, search
from retrieval.study import Study
from retrieval.weighted_index import WeightedIndex

PARAMETERS = st.builds(
    Bm25Parameters,
    k1=st.floats(0, 20),
    b=st.floats(0, 1),
    phi=st.sampled_from(PHIS),
    idf=st.sampled_from(IDFS),
)


@pytest.fixture(scope="module")
def queries(tiny_study: Study) -> csr_array:
    return tiny_study.query_counts


@given(data=st.data(), parameters=PARAMETERS)
@settings(max_examples=25)
def test_columns_are_contributions_and_sum_to_what_search_ranks_by(
    data: st.DataObject, parameters: Bm25Parameters, tiny_study: Study, queries: csr_array
) -> None:
    query = queries[[data.draw(st.integers(0, queries.shape[0] - 1))]]
    index = WeightedIndex.of(tiny_study.index, parameters)
    columns = query_columns(tiny_study.index, query, parameters)
    documents = np.arange(0, index.n_docs, 17)
    np.testing.assert_allclose(
        columns[:, documents], contribution_table(index, query, documents), rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(columns.sum(axis=0), scores_of_all(index, query), rtol=1e-4, atol=1e-5)


@given(scores=st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0]), max_size=30), depth=st.integers(1, 12))
def test_best_documents_and_ranks_are_those_of_a_stable_sort(scores: list[float], depth: int) -> None:
    values = np.array(scores, np.float32)
    order = [d for d in np.argsort(-values, kind="stable").tolist() if values[d] > 0]
    assert best_documents(values, depth).tolist() == order[:depth]
    for document in range(len(values)):
        assert rank_of(values, document) == (order.index(document) + 1 if document in order else None)


@given(data=st.data(), parameters=PARAMETERS)
@settings(max_examples=25)
def test_what_changes_nothing_changes_no_bit(
    data: st.DataObject, parameters: Bm25Parameters, tiny_study: Study, queries: csr_array
) -> None:
    query = queries[[data.draw(st.integers(0, queries.shape[0] - 1))]]
    before = scores_after(tiny_study, query, [], parameters)
    latents = tuple(query.indices[:3].tolist())
    absent = int(np.setdiff1d(np.arange(tiny_study.n_latents), query.indices)[0])
    for one in (
        Intervention((), "index"),
        Intervention(latents, "query", factor=1),
        Intervention((absent,), "query"),
        Intervention((absent,), "index", length=False),
    ):
        np.testing.assert_array_equal(scores_after(tiny_study, query, [one], parameters), before)


@given(data=st.data(), parameters=PARAMETERS)
@settings(max_examples=25)
def test_out_of_the_whole_index_is_never_having_been_there(
    data: st.DataObject, parameters: Bm25Parameters, tiny_study: Study, queries: csr_array
) -> None:
    query = queries[[data.draw(st.integers(0, queries.shape[0] - 1))]]
    pool = np.union1d(query.indices[:8], np.flatnonzero(tiny_study.index.document_frequency)[:8]).tolist()
    gone = tuple(data.draw(st.sets(st.sampled_from(pool), min_size=1)))
    rebuilt = WeightedIndex.of(without_terms(tiny_study.index, np.array(gone)), parameters)
    after = scores_after(tiny_study, query, [Intervention(gone, "index")], parameters)
    np.testing.assert_allclose(after, scores_of_all(rebuilt, query), rtol=1e-4, atol=1e-5)


@given(data=st.data(), parameters=PARAMETERS, factor=st.sampled_from([0.0, 0.5, 1.0, 3.0]))
@settings(max_examples=20)
def test_a_changed_document_is_that_document_indexed_with_other_masses(
    data: st.DataObject, parameters: Bm25Parameters, factor: float, tiny_study: Study, queries: csr_array
) -> None:
    query = queries[[data.draw(st.integers(0, queries.shape[0] - 1))]]
    document = data.draw(st.integers(0, tiny_study.index.n_docs - 1))
    terms, _ = tiny_study.index.document_row(document)
    latents = tuple(terms[:4].tolist())
    identifier = tiny_study.corpus.ids[document]
    one = Intervention(latents, "document", factor, doc_id=identifier)
    added = Intervention((int(query.indices[0]),), "document", activation=2.5, doc_id=identifier)
    counts = _counts_of(tiny_study).tolil()
    for latent in latents:
        counts[document, latent] *= factor
    counts[document, int(query.indices[0])] = 2.5
    rebuilt = WeightedIndex.of(Index.from_counts(csr_array(counts.tocsr())), parameters)
    after = scores_after(tiny_study, query, [one, added], parameters)
    np.testing.assert_allclose(after, scores_of_all(rebuilt, query), rtol=1e-4, atol=1e-5)


def test_statistics_of_a_scaled_index_are_those_of_scaled_counts(tiny_study: Study) -> None:
    latents = np.argsort(-tiny_study.index.document_frequency)[:5]
    edited = edit(tiny_study, [Intervention(tuple(latents.tolist()), "index", 0.25)], Bm25Parameters())
    counts = _counts_of(tiny_study).tocsc()
    for latent in latents:
        counts.data[counts.indptr[latent] : counts.indptr[latent + 1]] *= 0.25
    scaled = Index.from_counts(csr_array(counts.tocsr()))
    np.testing.assert_allclose(edited.length, scaled.document_length("sqrt"), rtol=1e-6)
    np.testing.assert_array_equal(edited.document_frequency, scaled.document_frequency)
    assert average_length(edited.length) == pytest.approx(average_length(scaled.document_length("sqrt")))


@given(
    contribution=st.lists(st.floats(0, 10), min_size=1, max_size=20), seed=st.integers(0, 99), data=st.data()
)
def test_controls_contribute_as_much_and_are_others(
    contribution: list[float], seed: int, data: st.DataObject
) -> None:
    values = np.array(contribution)
    touched = np.array(data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values))))
    drawn = matched_controls(values, touched, 5, seed)
    wanted = values[touched].sum()
    possible = wanted > 0 and values[~touched].sum() >= wanted
    assert len(drawn) == (5 if possible else 0)
    for control in drawn:
        assert not touched[control].any()
        assert len(set(control.tolist())) == len(control)
        assert values[control].sum() >= wanted * (1 - 1e-6)
        assert values[control[:-1]].sum() < wanted


def test_an_effect_is_what_two_searches_say(tiny_study: Study, queries: csr_array) -> None:
    row = 3
    query, query_id = queries[[row]], tiny_study.queries.ids[row]
    latents = tuple(int(j) for j in query.indices[np.argsort(-query.data)[:6]])
    found = effect(tiny_study, query, [Intervention(latents)], query_id=query_id, n_controls=8)
    ids = tiny_study.corpus.ids
    changed = query_after(query, [Intervention(latents)])
    measured = []
    for counts, column in ((query, "before"), (changed, "after")):
        run = search(tiny_study.weighted(), counts, 10, [query_id], ids)
        shown = found.ranking.dropna(subset=[column]).sort_values(column)
        assert shown[shown[column] <= 10]["doc_id"].tolist() == [doc for doc, _ in run.results(0)]
        measured.append(evaluate(run, {query_id: tiny_study.qrels[query_id]})["nDCG@10"].iloc[0])
    assert found.ndcg == pytest.approx(tuple(measured))
    assert len(found.controls) in (0, 8)
    assert 0 < found.share <= 1
    assert found.to_dict()["ndcg_after"] == found.ndcg[1]  # type: ignore[index]


def test_a_query_may_be_given_what_it_lacks(queries: csr_array) -> None:
    query = queries[[0]]
    absent = int(np.setdiff1d(np.arange(query.shape[1]), query.indices)[5])
    given_it = query_after(query, [Intervention((absent,), activation=1.5)])
    assert given_it[0, absent] == pytest.approx(1.5)
    assert given_it.nnz == query.nnz + 1
    assert query_after(given_it, [Intervention((absent,))]).nnz == query.nnz


def test_what_cannot_be_done_is_told(tiny_study: Study, queries: csr_array) -> None:
    with pytest.raises(UserError, match="factor is -1"):
        Intervention((1,), factor=-1)
    with pytest.raises(UserError, match="in one of query"):
        Intervention((1,), "corpus")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="whole index"):
        Intervention((1,), "index", activation=1.0)
    with pytest.raises(UserError, match="names that document"):
        Intervention((1,), "document")
    with pytest.raises(UserError, match="latent 512 is outside"):
        effect(tiny_study, queries[[0]], [Intervention((512,))])
    with pytest.raises(UserError, match='no document "nowhere"'):
        effect(tiny_study, queries[[0]], [Intervention((1,), "document", doc_id="nowhere")])


def _counts_of(study: Study) -> csr_array:
    index = study.index
    columns = np.repeat(np.arange(index.n_terms), index.document_frequency)
    return csr_array(
        (index.counts.astype(np.float32), (index.documents, columns)), shape=(index.n_docs, index.n_terms)
    )

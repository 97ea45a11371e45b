"""Search against dense BM25 in float64, and laws of rankings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from data.errors import UserError
from retrieval.bm25 import Bm25Parameters
from retrieval.index import Index
from retrieval.run import Run
from retrieval.search import contribution_table, contributions, score_documents, scores_of_all, search
from retrieval.weighted_index import WeightedIndex


def names(n: int) -> list[str]:
    return [str(i) for i in range(n)]


def run_of(
    counts: csr_array, queries: csr_array, parameters: Bm25Parameters, depth: int, **options: int
) -> Run:
    index = WeightedIndex.of(Index.from_counts(counts), parameters)
    return search(index, queries, depth, names(queries.shape[0]), names(counts.shape[0]), **options)


def dense_scores(counts: csr_array, queries: csr_array, parameters: Bm25Parameters) -> NDArray[np.float64]:
    """The paper's equation, term by term, over dense float64 arrays; (n_queries, n_docs)."""
    phi = {"sqrt": np.sqrt, "log1p": np.log1p, "none": np.asarray}[parameters.phi]
    document, query = phi(counts.toarray().astype(float)), phi(queries.toarray().astype(float))
    N, n = len(document), (document > 0).sum(axis=0)
    if parameters.idf == "clipped":
        idf = np.maximum(0, np.log((N - n + 0.5) / (n + 0.5)))
    else:
        idf = np.log(1 + (N - n + 0.5) / (n + 0.5))
    length = document.sum(axis=1)
    relative = length / length.mean() if length.any() else length
    bound = document + parameters.k1 * (1 - parameters.b + parameters.b * relative[:, None])
    saturated = np.divide(document * (parameters.k1 + 1), bound, out=np.zeros_like(bound), where=document > 0)
    scores: NDArray[np.float64] = (query * idf) @ saturated.T
    return scores


@given(data=st.data(), depth=st.integers(1, 130))
def test_search_equals_the_dense_formula(
    data: st.DataObject,
    depth: int,
    any_counts: st.SearchStrategy[Any],
    any_parameters: st.SearchStrategy[Bm25Parameters],
) -> None:
    (counts, queries), parameters = data.draw(any_counts), data.draw(any_parameters)
    run, expected = run_of(counts, queries, parameters, depth), dense_scores(counts, queries, parameters)
    assert run.documents.shape == run.scores.shape == (queries.shape[0], depth)
    for documents, scores, reference in zip(run.documents, run.scores, expected, strict=True):
        n_results = min(depth, np.count_nonzero(reference))
        assert (documents[n_results:] == -1).all()
        assert (scores[n_results:] == 0).all()
        documents, scores = documents[:n_results], scores[:n_results]
        assert len(set(documents.tolist())) == n_results
        np.testing.assert_allclose(scores, reference[documents], rtol=1e-5)
        np.testing.assert_allclose(scores, np.sort(reference)[::-1][:n_results], rtol=1e-5)
        falling = np.diff(scores) < 0
        assert (falling | ((np.diff(scores) == 0) & (np.diff(documents) > 0))).all()


@given(data=st.data(), depth=st.integers(1, 20))
def test_depth_only_cuts(data: st.DataObject, depth: int, any_counts: st.SearchStrategy[Any]) -> None:
    counts, queries = data.draw(any_counts)
    every = run_of(counts, queries, Bm25Parameters(idf="lucene"), 200)
    top = run_of(counts, queries, Bm25Parameters(idf="lucene"), depth)
    np.testing.assert_array_equal(top.documents, every.documents[:, :depth])
    np.testing.assert_array_equal(top.scores, every.scores[:, :depth])


@given(
    seed=st.integers(0, 2**32 - 1),
    n_docs=st.integers(1, 5000),
    depth=st.integers(1, 100),
    levels=st.integers(1, 99),
)
def test_ties_stand_in_document_order(seed: int, n_docs: int, depth: int, levels: int) -> None:
    """One term, few distinct counts, more blocks than results: selection by block maxima, with many ties."""
    counts = np.random.default_rng(seed).integers(0, levels + 1, n_docs).astype(np.float32)
    run = run_of(
        csr_array(counts[:, None]), csr_array([[1.0]]), Bm25Parameters(b=0, phi="none", idf="lucene"), depth
    )
    order = np.argsort(-counts, kind="stable")[:depth]
    expected = np.full(depth, -1)
    expected[: len(order)] = np.where(counts[order] > 0, order, -1)
    np.testing.assert_array_equal(run.documents[0], expected)


@given(data=st.data(), seed=st.integers(0, 2**32 - 1))
def test_a_permuted_corpus_gives_the_permuted_run(
    data: st.DataObject, seed: int, any_counts: st.SearchStrategy[Any]
) -> None:
    counts, queries = data.draw(any_counts)
    order = np.random.default_rng(seed).permutation(counts.shape[0])
    depth = max(1, counts.shape[0])
    run = run_of(counts, queries, Bm25Parameters(), depth)
    permuted = run_of(counts[order], queries, Bm25Parameters(), depth)
    np.testing.assert_array_equal(permuted.scores, run.scores)
    for query in range(len(run)):
        moved = [(str(order[int(document)]), score) for document, score in permuted.results(query)]
        assert sorted(moved) == sorted(run.results(query))


@given(data=st.data(), n_threads=st.integers(1, 4))
def test_neither_threads_nor_other_queries_change_a_bit(
    data: st.DataObject, n_threads: int, any_counts: st.SearchStrategy[Any]
) -> None:
    counts, queries = data.draw(any_counts)
    together = run_of(counts, queries, Bm25Parameters(), 10, n_threads=n_threads)
    for row in range(queries.shape[0]):
        alone = run_of(counts, queries[[row]], Bm25Parameters(), 10)
        np.testing.assert_array_equal(alone.documents[0], together.documents[row])
        np.testing.assert_array_equal(alone.scores[0], together.scores[row])


@given(data=st.data())
def test_a_query_without_terms_has_no_results(
    data: st.DataObject, any_counts: st.SearchStrategy[Any]
) -> None:
    counts, queries = data.draw(any_counts)
    empty = csr_array((1, counts.shape[1]), dtype=np.float32)
    run = run_of(counts, csr_array(vstack([queries, empty, queries])), Bm25Parameters(idf="lucene"), 10)
    n = queries.shape[0]
    assert run.results(n) == []
    np.testing.assert_array_equal(run.documents[:n], run.documents[n + 1 :])


@given(data=st.data())
def test_contributions_sum_to_the_score(
    data: st.DataObject, any_counts: st.SearchStrategy[Any], any_parameters: st.SearchStrategy[Bm25Parameters]
) -> None:
    (counts, queries), parameters = data.draw(any_counts), data.draw(any_parameters)
    index = WeightedIndex.of(Index.from_counts(counts), parameters)
    run = run_of(counts, queries, parameters, 10)
    expected = dense_scores(counts, queries, parameters)
    for query in range(len(run)):
        results = run.results(query)
        documents = np.array([int(document) for document, _ in results], np.int64)
        row = queries[[query]]
        np.testing.assert_allclose(
            score_documents(index, row, documents), expected[query][documents], rtol=1e-12
        )
        for document, (_, score) in zip(documents, results, strict=True):
            observed, breakdown = contributions(index, row, int(document))
            assert observed == score
            assert breakdown["contribution"].sum() == pytest.approx(score, rel=1e-5)
            assert breakdown["term"].tolist() == row.indices.tolist()
            product = breakdown["query_weight"] * breakdown["idf"] * breakdown["saturation"]
            np.testing.assert_array_equal(breakdown["contribution"], product)
            assert ((breakdown["document_weight"] > 0) == (breakdown["saturation"] > 0)).all()


@given(data=st.data())
def test_all_scores_rank_as_search_and_split_into_contributions(
    data: st.DataObject, any_counts: st.SearchStrategy[Any], any_parameters: st.SearchStrategy[Bm25Parameters]
) -> None:
    (counts, queries), parameters = data.draw(any_counts), data.draw(any_parameters)
    index = WeightedIndex.of(Index.from_counts(counts), parameters)
    everything = np.arange(counts.shape[0])
    run = run_of(counts, queries, parameters, max(1, len(everything)))
    for query in range(len(run)):
        row = queries[[query]]
        scores = scores_of_all(index, row)
        observed = run.documents[query][run.documents[query] >= 0]
        np.testing.assert_array_equal(scores[observed], run.scores[query][: len(observed)])
        assert np.count_nonzero(scores) == len(observed)
        table = contribution_table(index, row, everything)
        assert table.shape == (row.nnz, len(everything))
        np.testing.assert_allclose(table.sum(axis=0), scores, rtol=1e-5, atol=1e-6)
        for document in everything[:3]:
            breakdown = contributions(index, row, int(document))[1]
            np.testing.assert_allclose(table[:, document], breakdown["contribution"], rtol=1e-12)


def test_what_cannot_be_searched_is_told() -> None:
    counts = csr_array(np.eye(3, dtype=np.float32))
    index = WeightedIndex.of(Index.from_counts(counts), Bm25Parameters())
    with pytest.raises(UserError, match="expected counts over 3 terms, got 2"):
        search(index, csr_array((1, 2), dtype=np.float32), 10, ["q"], names(3))
    with pytest.raises(UserError, match="depth is 0"):
        search(index, counts, 0, names(3), names(3))
    with pytest.raises(UserError, match="expected 3 document ids, got 4"):
        search(index, counts, 1, names(3), names(4))
    with pytest.raises(UserError, match="3 queries came with 2 ids"):
        search(index, counts, 1, names(2), names(3))
    with pytest.raises(UserError, match="got 3 rows"):
        contributions(index, counts, 0)

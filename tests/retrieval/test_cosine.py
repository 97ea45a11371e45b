"""Cosine search against a dense float64 reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import UserError
from retrieval.cosine import cosine_search


@given(
    seed=st.integers(0, 2**32 - 1),
    n_docs=st.integers(1, 60),
    depth=st.integers(1, 70),
    n_queries=st.integers(1, 7),
)
def test_equals_the_dense_formula(seed: int, n_docs: int, depth: int, n_queries: int) -> None:
    random = np.random.default_rng(seed)
    documents = random.normal(size=(n_docs, 8)).astype(np.float32)
    queries = random.normal(size=(n_queries, 8)).astype(np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("retrieval.cosine.DOCUMENTS", 16)
        patch.setattr("retrieval.cosine.QUERIES", 3)
        run = cosine_search(documents, queries, depth, [str(i) for i in range(n_queries)], [""] * n_docs)
    norms = np.linalg.norm(queries.astype(float), axis=1)[:, None] * np.linalg.norm(
        documents.astype(float), axis=1
    )
    expected = queries.astype(float) @ documents.T.astype(float) / norms
    n_results = min(depth, n_docs)
    assert (run.documents[:, n_results:] == -1).all()
    for row, reference in enumerate(expected):
        observed = run.documents[row, :n_results]
        assert len(set(observed.tolist())) == n_results
        np.testing.assert_allclose(run.scores[row, :n_results], reference[observed], atol=1e-6)
        np.testing.assert_allclose(
            run.scores[row, :n_results], np.sort(reference)[::-1][:n_results], atol=1e-6
        )


def test_ties_null_vectors_and_negative_cosines() -> None:
    documents = np.array([[-1, 0], [0, 0], [2, 0], [0, 0], [5, 0], [-3, 0]], np.float32)
    run = cosine_search(documents, np.array([[1, 0]], np.float32), 9, ["q"], list("abcdef"))
    assert run.results(0) == [("c", 1), ("e", 1), ("b", 0), ("d", 0), ("a", -1), ("f", -1)]


def test_vectors_may_stay_on_disk(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 4)).astype(np.float16)
    np.save(tmp_path / "vectors.npy", vectors)
    mapped = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    ids = [str(i) for i in range(50)]
    run = cosine_search(mapped, vectors[:5], 3, ids[:5], ids)
    assert [run.results(row)[0][0] for row in range(5)] == ids[:5]


def test_what_cannot_be_compared_is_told() -> None:
    documents, ids = np.ones((2, 4), np.float32), ["a", "b"]
    with pytest.raises(UserError, match="width 4, got 3"):
        cosine_search(documents, np.ones((1, 3), np.float32), 1, ["q"], ids)
    with pytest.raises(UserError, match="expected 2 document ids, got 1"):
        cosine_search(documents, documents[:1], 1, ["q"], ["a"])
    with pytest.raises(UserError, match="not finite"):
        cosine_search(documents * np.nan, documents[:1], 1, ["q"], ids)

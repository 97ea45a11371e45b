"""MaxSim against a plain double loop and sentence-transformers' own scores; blocks and ties."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import retrieval.maxsim
from data.errors import UserError
from data.ragged import Ragged, offsets_of
from retrieval.maxsim import maxsim_scores, maxsim_search


def ragged(rng: np.random.Generator, lengths: list[int], width: int = 8, whole: bool = False) -> Ragged:
    values = rng.standard_normal((sum(lengths), width))
    values = np.round(values) if whole else values / np.linalg.norm(values, axis=1, keepdims=True)
    return Ragged(values.astype(np.float16), offsets_of(lengths))


def by_hand(documents: Ragged, queries: Ragged) -> NDArray[np.float64]:
    scores = np.zeros((len(queries), len(documents)))
    for q, query in enumerate(queries):
        for d, document in enumerate(documents):
            for vector in query.astype(np.float64):
                products = [float(vector @ other) for other in document.astype(np.float64)]
                scores[q, d] += max(products, default=0.0)
    return scores


def blocks(documents: Ragged, size: int) -> Iterator[Ragged]:
    for first in range(0, len(documents), size):
        offsets = documents.offsets[first : first + size + 1]
        yield Ragged(documents.values[offsets[0] : offsets[-1]], offsets - offsets[0])


def names(prefix: str, n: int) -> list[str]:
    return [f"{prefix}{i}" for i in range(n)]


@settings(max_examples=30)
@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=12),
    st.lists(st.integers(0, 5), min_size=1, max_size=6),
    st.integers(1, 20),
    st.integers(1, 20),
)
def test_scores_are_the_double_loops(
    documents: list[int], queries: list[int], query_tokens: int, document_tokens: int
) -> None:
    rng = np.random.default_rng(len(documents) + 7 * sum(queries))
    corpus, query_vectors = ragged(rng, documents), ragged(rng, queries)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retrieval.maxsim, "QUERY_TOKENS", query_tokens)
        patch.setattr(retrieval.maxsim, "DOCUMENT_TOKENS", document_tokens)
        np.testing.assert_allclose(
            maxsim_scores(corpus, query_vectors), by_hand(corpus, query_vectors), atol=1e-5
        )


@settings(max_examples=30)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=15), st.integers(1, 6), st.integers(1, 20))
def test_the_ranking_is_the_sorted_scores_with_ties_in_document_order(
    documents: list[int], size: int, depth: int
) -> None:
    rng = np.random.default_rng(sum(documents))
    corpus, query_vectors = ragged(rng, documents, 2, whole=True), ragged(rng, [3, 1, 2], 2, whole=True)
    observed = maxsim_search(
        blocks(corpus, size), query_vectors, depth, names("q", 3), names("d", len(documents))
    )
    scores = by_hand(corpus, query_vectors)  # whole numbers: exact in float32
    for row in range(3):
        expected = sorted(range(len(documents)), key=lambda d: (-scores[row, d], d))[:depth]
        there = observed.documents[row] >= 0
        assert observed.documents[row][there].tolist() == expected
        assert observed.scores[row][there].tolist() == scores[row, expected].tolist()


def test_a_document_without_vectors_is_no_result() -> None:
    rng = np.random.default_rng(0)
    corpus, query_vectors = ragged(rng, [2, 0, 3]), ragged(rng, [4])
    observed = maxsim_search([corpus], query_vectors, 5, ["q"], names("d", 3))
    assert sorted(observed.documents[0][observed.documents[0] >= 0].tolist()) == [0, 2]


def test_documents_may_be_mapped_from_a_file(tmp_path: pytest.TempPathFactory) -> None:
    rng = np.random.default_rng(1)
    corpus, query_vectors = ragged(rng, [5] * 40), ragged(rng, [3, 4])
    np.save(f"{tmp_path}/values.npy", corpus.values)
    mapped = Ragged(np.load(f"{tmp_path}/values.npy", mmap_mode="r"), corpus.offsets)
    one = maxsim_search([corpus], query_vectors, 10, ["a", "b"], names("d", 40))
    other = maxsim_search(blocks(mapped, 7), query_vectors, 10, ["a", "b"], names("d", 40))
    assert (one.documents == other.documents).all()
    np.testing.assert_allclose(one.scores, other.scores, rtol=1e-6)


def test_scores_are_sentence_transformers_own() -> None:
    similarity = pytest.importorskip("sentence_transformers.util.similarity")
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(2)
    corpus, query_vectors = ragged(rng, [3, 9, 1, 6], 16), ragged(rng, [4, 2, 7], 16)
    theirs = similarity.maxsim(
        *([torch.from_numpy(row.astype(np.float32)) for row in rows] for rows in (query_vectors, corpus))
    )
    np.testing.assert_allclose(maxsim_scores(corpus, query_vectors), theirs.numpy(), atol=1e-5)


def test_what_does_not_belong_together_is_told() -> None:
    rng = np.random.default_rng(3)
    corpus = ragged(rng, [2, 2])
    with pytest.raises(UserError, match="expected query vectors of width 8, got 4"):
        maxsim_search([corpus], ragged(rng, [2], 4), 5, ["q"], ["a", "b"])
    with pytest.raises(UserError, match="expected 2 document ids, got 3"):
        maxsim_search([corpus], ragged(rng, [2]), 5, ["q"], ["a", "b", "c"])
    broken = Ragged(np.full((2, 8), np.nan, np.float16), offsets_of([2]))
    with pytest.raises(UserError, match="not finite"):
        maxsim_search([broken], ragged(rng, [2]), 5, ["q"], ["a"])

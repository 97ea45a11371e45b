"""An index equals its counts: in memory, saved and mapped, or built block by block."""

from __future__ import annotations

from itertools import pairwise
from mmap import mmap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from data.errors import UserError
from retrieval import index as index_module
from retrieval.bm25 import PHIS, Bm25Parameters, term_weight
from retrieval.index import FORMS, Index, write_index
from retrieval.weighted_index import WeightedIndex

COUNTS = csr_array(np.array([[1, 0, 4], [0, 0, 0], [9, 0, 0]], np.float32))


def assert_same(one: Index, other: Index) -> None:
    for name in FORMS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name, strict=True)


@given(data=st.data())
def test_postings_are_the_columns(data: st.DataObject, any_counts: st.SearchStrategy[Any]) -> None:
    counts, _ = data.draw(any_counts)
    index, dense = Index.from_counts(counts), counts.toarray()
    assert (index.n_docs, index.n_terms, index.n_postings) == (*dense.shape, np.count_nonzero(dense))
    np.testing.assert_array_equal(index.document_frequency, (dense > 0).sum(axis=0))
    for term in range(index.n_terms):
        documents, counts = index.postings(term)
        np.testing.assert_array_equal(documents, np.flatnonzero(dense[:, term]))
        np.testing.assert_array_equal(counts, dense[documents, term])
    for document, row in enumerate(dense):
        terms, counts = index.document_row(document)
        np.testing.assert_array_equal(terms, np.flatnonzero(row))
        np.testing.assert_array_equal(counts, row[terms])
        np.testing.assert_array_equal(index.counts_of(document, np.arange(len(row))), row)
    for phi in PHIS:
        np.testing.assert_allclose(
            index.document_length(phi), term_weight(dense, phi).sum(axis=1), rtol=1e-12
        )


@given(data=st.data())
def test_impacts_are_the_saturation(
    data: st.DataObject, any_counts: st.SearchStrategy[Any], any_parameters: st.SearchStrategy[Bm25Parameters]
) -> None:
    (counts, _), parameters = data.draw(any_counts), data.draw(any_parameters)
    index = Index.from_counts(counts)
    weighted = WeightedIndex.of(index, parameters)
    weight = term_weight(index.counts, parameters.phi)
    length = index.document_length(parameters.phi)
    norm = 1 - parameters.b + parameters.b * length / max(length.mean() if len(length) else 0, 1e-300)
    expected = weight * (parameters.k1 + 1) / (weight + parameters.k1 * norm[index.documents])
    np.testing.assert_allclose(weighted.impact, expected, rtol=1e-6)
    assert weighted.impact.dtype == np.float32


@given(data=st.data(), cuts=st.lists(st.integers(0, 120), max_size=4), chunk=st.integers(1, 300))
def test_streaming_equals_memory(
    data: st.DataObject,
    cuts: list[int],
    chunk: int,
    any_counts: st.SearchStrategy[Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    counts, _ = data.draw(any_counts)
    edges = sorted({0, counts.shape[0], *(cut for cut in cuts if cut < counts.shape[0])})
    blocks = (counts[start:stop] for start, stop in pairwise(edges))
    folder = tmp_path_factory.mktemp("index") / "index"
    seen: list[tuple[int, int]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_module, "CHUNK", chunk)
        written = write_index(folder, blocks, counts.shape[1], lambda done, total: seen.append((done, total)))
    assert_same(written, Index.from_counts(counts))
    assert seen == [(min(done, counts.nnz), counts.nnz) for done in range(chunk, counts.nnz + chunk, chunk)]
    assert {path.name for path in folder.iterdir()} == {"index.json", *(f"{name}.npy" for name in FORMS)}


@given(data=st.data())
def test_save_then_open_is_identity(
    data: st.DataObject, any_counts: st.SearchStrategy[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    counts, _ = data.draw(any_counts)
    folder = tmp_path_factory.mktemp("index") / "index"
    index = Index.from_counts(counts)
    index.save(folder)
    assert_same(Index.open(folder), index)


def test_an_opened_index_stays_on_disk_and_cannot_be_written(tmp_path: Path) -> None:
    Index.from_counts(COUNTS).save(tmp_path / "index")
    index = Index.open(tmp_path / "index")
    owner: Any = index.counts
    while isinstance(owner, np.ndarray):
        owner = owner.base
    assert isinstance(owner, mmap)
    with pytest.raises(ValueError, match="read-only"):
        index.counts[0] = 1


def test_counts_that_arrive_are_not_touched() -> None:
    counts = csr_array((np.array([2.0, 0.0, 1.0]), np.array([2, 0, 2]), np.array([0, 3])), shape=(1, 3))
    index = Index.from_counts(counts)
    assert (index.documents.tolist(), index.counts.tolist()) == ([0], [3.0])
    assert (counts.nnz, counts.indices.tolist(), counts.data.tolist()) == (3, [2, 0, 2], [2.0, 0.0, 1.0])


def test_a_failed_build_leaves_the_old_index(tmp_path: Path) -> None:
    Index.from_counts(COUNTS).save(tmp_path / "index")
    with pytest.raises(UserError, match="expected counts over 3 terms, got 2"):
        write_index(tmp_path / "index", [COUNTS, COUNTS[:, :2]], 3)
    assert_same(Index.open(tmp_path / "index"), Index.from_counts(COUNTS))
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


@pytest.mark.parametrize("counts", [-1.0, np.nan, np.inf])
def test_counts_must_be_counts(counts: float) -> None:
    with pytest.raises(UserError, match="negative or infinite"):
        Index.from_counts(csr_array(np.array([[counts]], np.float32)))


def test_damage_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        Index.open(tmp_path / "nothing")
    Index.from_counts(COUNTS).save(tmp_path / "index")
    (tmp_path / "index" / "counts.npy").write_bytes((tmp_path / "index" / "counts.npy").read_bytes()[:-4])
    with pytest.raises(UserError, match="is damaged"):
        Index.open(tmp_path / "index")
    np.save(tmp_path / "index" / "counts.npy", np.ones(2, np.float32))
    with pytest.raises(UserError, match="is damaged"):
        Index.open(tmp_path / "index")


def test_a_document_must_exist() -> None:
    with pytest.raises(UserError, match="document 3 does not exist: the index has 3 documents"):
        Index.from_counts(COUNTS).document_row(3)

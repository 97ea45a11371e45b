"""Pruning equals indexing again without the pruned terms."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from retrieval.index import FORMS, Index
from retrieval.pruning import as_many_postings, least_frequent, most_frequent, without_terms


@given(data=st.data())
def test_an_index_without_terms_is_the_index_of_documents_without_them(
    data: st.DataObject, any_counts: st.SearchStrategy[Any]
) -> None:
    counts, _ = data.draw(any_counts)
    n_terms = counts.shape[1]
    gone = np.array(sorted(data.draw(st.sets(st.integers(0, n_terms - 1)))), np.int64)
    dense = counts.toarray()
    dense[:, gone] = 0
    pruned, rebuilt = without_terms(Index.from_counts(counts), gone), Index.from_counts(csr_array(dense))
    for name in FORMS:
        np.testing.assert_array_equal(getattr(pruned, name), getattr(rebuilt, name))


@given(data=st.data(), share=st.floats(0, 1))
def test_head_and_tail_part_the_terms_that_occur(
    data: st.DataObject, share: float, any_counts: st.SearchStrategy[Any]
) -> None:
    index = Index.from_counts(data.draw(any_counts)[0])
    head, tail = most_frequent(index, share), least_frequent(index, share)
    frequency, n_occurring = index.document_frequency, int((index.document_frequency > 0).sum())
    assert len(head) == len(tail) == round(share * n_occurring)
    assert (frequency[head] > 0).all()
    assert (frequency[tail] > 0).all()
    rest = np.setdiff1d(np.flatnonzero(frequency), head)
    if len(head) and len(rest):
        assert frequency[head].min() >= frequency[rest].max()
    if share <= 0.49:
        assert not set(head.tolist()) & set(tail.tolist())


@given(data=st.data(), share=st.floats(0, 1), seed=st.integers(0, 2**32 - 1))
def test_the_control_is_other_terms_of_as_many_postings(
    data: st.DataObject, share: float, seed: int, any_counts: st.SearchStrategy[Any]
) -> None:
    index = Index.from_counts(data.draw(any_counts)[0])
    head, frequency = most_frequent(index, share), index.document_frequency
    control = as_many_postings(index, head, seed)
    assert not set(control.tolist()) & set(head.tolist())
    assert len(set(control.tolist())) == len(control)
    n_postings, others = frequency[head].sum(), frequency.sum() - frequency[head].sum()
    assert frequency[control].sum() >= min(n_postings, others)
    assert frequency[control[:-1]].sum() < n_postings or len(control) == 0
    np.testing.assert_array_equal(control, as_many_postings(index, head, seed))

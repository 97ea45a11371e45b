"""The fewest latents that turn a ranking, against every subset tried."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from analyses.attribution._smallest_sets import smallest_exit, smallest_swap, swap_sizes

# Contributions on a grid of binary fractions: sums are exact, and scores tie often.
GRID = st.integers(0, 6).map(lambda step: step / 4)


def tables(n_documents: st.SearchStrategy[int]) -> st.SearchStrategy[NDArray[np.float64]]:
    """Contributions (n_latents, n_documents), up to seven latents."""
    return st.tuples(st.integers(1, 7), n_documents).flatmap(
        lambda shape: st.lists(
            st.lists(GRID, min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0]
        ).map(np.array)
    )


def subsets(n: int) -> Iterator[NDArray[np.int64]]:
    """Every set of rows, small ones first."""
    for size in range(n + 1):
        for rows in combinations(range(n), size):
            yield np.array(rows, np.int64)


def rank(scores: NDArray[np.float64], document: int) -> float:
    """As search ranks: by falling score, ties in document order, nothing without a score."""
    if scores[document] <= 0:
        return np.inf
    return 1 + float((scores > scores[document]).sum() + (scores[:document] == scores[document]).sum())


def left(table: NDArray[np.float64], rows: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.delete(table, rows, axis=0).sum(axis=0)


@given(tables(st.just(2)))
def test_greedy_is_the_minimum_that_swaps_two(table: NDArray[np.float64]) -> None:
    upper, lower = (0, 1) if rank(table.sum(0), 0) <= rank(table.sum(0), 1) else (1, 0)

    def swapped(rows: NDArray[np.int64]) -> bool:
        scores = left(table, rows)
        return rank(scores, lower) < rank(scores, upper)

    found = smallest_swap(table[:, upper], table[:, lower], second_on_ties=lower < upper)
    smallest = next((rows for rows in subsets(len(table)) if swapped(rows)), None)
    if smallest is None:
        assert found is None
    else:
        assert found is not None
        assert swapped(found)
        assert len(found) == len(smallest)


@given(tables(st.integers(2, 6)), st.integers(1, 4))
@settings(max_examples=60)
def test_the_exit_from_the_top_lies_between_its_bounds(table: NDArray[np.float64], k: int) -> None:
    scores = table.sum(0)
    inside = [document for document in range(table.shape[1]) if rank(scores, document) <= k]
    for document in inside:
        others = np.delete(np.arange(table.shape[1]), document)
        found = smallest_exit(table[:, document], table[:, others], others < document, k, seconds=5)
        smallest = next(rows for rows in subsets(len(table)) if rank(left(table, rows), document) > k)
        assert rank(left(table, found.rows), document) > k
        assert found.at_least <= len(smallest) <= len(found.rows)
        assert found.proven, "so small a programme is solved to the end"


@given(tables(st.integers(4, 6)), st.integers(1, 2))
@settings(max_examples=60)
def test_bounds_hold_with_some_documents_unseen(table: NDArray[np.float64], k: int) -> None:
    order = np.argsort(-table.sum(0), kind="stable")
    table = table[:, order]
    scores = table.sum(0)
    if scores[0] == 0:
        return
    others = np.arange(1, 3)
    found = smallest_exit(table[:, 0], table[:, others], others < 0, k, seconds=5, beyond=float(scores[3]))
    smallest = next(rows for rows in subsets(len(table)) if rank(left(table, rows), 0) > k)
    assert rank(left(table, found.rows), 0) > k
    assert found.at_least <= len(smallest) <= len(found.rows)


@given(tables(st.integers(1, 5)))
def test_sizes_of_all_pairs_are_those_of_each(table: NDArray[np.float64]) -> None:
    others = table[:, 1:]
    difference = table[:, :1] - others
    sizes = swap_sizes(difference, np.zeros(others.shape[1], bool))
    for column, size in zip(others.T, sizes, strict=True):
        rows = smallest_swap(table[:, 0], column, second_on_ties=False)
        assert size == (len(table) + 1 if rows is None else len(rows))


def test_the_largest_differences_go_first() -> None:
    first, second = np.array([3.0, 1.0, 2.0, 0.0]), np.array([0.0, 0.0, 0.0, 2.5])
    rows = smallest_swap(first, second, second_on_ties=False)
    assert rows is not None
    assert rows.tolist() == [0, 2]


@pytest.mark.parametrize("on_ties", [True, False])
def test_what_is_ahead_everywhere_cannot_be_passed(on_ties: bool) -> None:
    assert smallest_swap(np.array([3.0, 1.0]), np.array([2.0, 0.0]), on_ties) is None

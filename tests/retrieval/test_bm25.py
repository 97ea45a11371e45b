"""The BM25 formulas: values computed by hand, and laws for any input."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import UserError
from retrieval.bm25 import (
    LEXICAL,
    Bm25Parameters,
    average_length,
    clipped_idf,
    length_norm,
    lucene_idf,
    saturation,
    term_weight,
)


def test_defaults_are_the_papers() -> None:
    assert Bm25Parameters() == Bm25Parameters(k1=8.0, b=0.7, phi="sqrt", idf="clipped")
    assert LEXICAL == Bm25Parameters(k1=1.5, b=0.75, phi="none", idf="lucene")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"k1": -1.0}, "k1 is -1.0"),
        ({"k1": math.nan}, "k1 is nan"),
        ({"b": 1.5}, "b is 1.5"),
        ({"b": math.nan}, "b is nan"),
        ({"phi": "cube"}, "phi is 'cube'"),
        ({"idf": "bm11"}, "idf is 'bm11'"),
    ],
)
def test_parameters_without_meaning_are_refused(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        Bm25Parameters(**change)  # type: ignore[arg-type]


def test_values_by_hand() -> None:
    assert term_weight([4.0, 0.0], "sqrt").tolist() == [2.0, 0.0]
    assert term_weight([math.e - 1], "log1p")[0] == pytest.approx(1.0)
    assert term_weight([4.0], "none").tolist() == [4.0]
    assert clipped_idf([1, 5, 9], 10) == pytest.approx([math.log(9.5 / 1.5), 0.0, 0.0])
    assert lucene_idf([1, 10], 10) == pytest.approx([math.log(1 + 9.5 / 1.5), math.log(1 + 0.5 / 10.5)])
    assert length_norm([5.0, 10.0], 5.0, 0.7) == pytest.approx([1.0, 1.7])
    assert saturation([2.0, 0.0], 8.0, [1.0, 1.0]) == pytest.approx([2 * 9 / 10, 0.0])


def test_an_empty_corpus_has_neutral_norms() -> None:
    assert average_length(np.zeros(0)) == 0.0
    assert length_norm([0.0], 0.0, 0.7).tolist() == [1.0]


@given(n_docs=st.integers(1, 10**7), share=st.floats(0, 1))
def test_lucene_idf_is_positive_and_above_the_clipped_one(n_docs: int, share: float) -> None:
    n = round(share * n_docs)
    assert lucene_idf(n, n_docs) > 0
    assert lucene_idf(n, n_docs) >= clipped_idf(n, n_docs) >= 0
    assert (clipped_idf(n, n_docs) > 0) == (n < n_docs / 2)


@given(weight=st.floats(1e-3, 1e6), more=st.floats(1.01, 10), k1=st.floats(0.1, 100), norm=st.floats(0.3, 10))
def test_saturation_rises_towards_its_bound(weight: float, more: float, k1: float, norm: float) -> None:
    low, high = saturation([weight, weight * more], k1, norm)
    assert 0 < low < high <= k1 + 1


@given(lengths=st.lists(st.floats(0, 1e9), min_size=1), seed=st.integers(0, 99))
def test_average_length_does_not_see_the_order(lengths: list[float], seed: int) -> None:
    shuffled = np.random.default_rng(seed).permutation(lengths)
    assert average_length(shuffled) == average_length(np.array(lengths))

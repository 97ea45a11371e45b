"""Random counts for the tests of an index."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st
from scipy.sparse import csr_array

from retrieval.bm25 import IDFS, PHIS, Bm25Parameters

Counts = tuple[csr_array, csr_array]


def _counts(seed: int, n_docs: int, n_queries: int, n_terms: int, density: float) -> Counts:
    """Documents and queries with counts on a coarse grid and some repeated documents, so that scores tie."""
    random = np.random.default_rng(seed)
    counts = random.integers(1, 9, (n_docs + n_queries, n_terms)) / 4
    dense = (counts * (random.random(counts.shape) < density)).astype(np.float32)
    documents = dense[:n_docs][random.integers(0, n_docs, n_docs)] if n_docs else dense[:0]
    return csr_array(documents), csr_array(dense[n_docs:])


@pytest.fixture(scope="session")
def any_counts() -> st.SearchStrategy[Counts]:
    """Documents (n_docs, n_terms) and queries (n_queries, n_terms), empty rows and columns among them."""
    return st.builds(
        _counts,
        seed=st.integers(0, 2**32 - 1),
        n_docs=st.integers(0, 120),
        n_queries=st.integers(0, 5),
        n_terms=st.integers(1, 30),
        density=st.floats(0, 1),
    )


@pytest.fixture(scope="session")
def any_parameters() -> st.SearchStrategy[Bm25Parameters]:
    return st.builds(
        Bm25Parameters,
        k1=st.floats(0, 20),
        b=st.floats(0, 1),
        phi=st.sampled_from(PHIS),
        idf=st.sampled_from(IDFS),
    )

"""A result that many threads request at once is computed once, and only the last few are cached."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from retrieval.bm25 import Bm25Parameters
from retrieval.recent import Recent
from retrieval.study import Study
from retrieval.weighted_index import WeightedIndex


def test_threads_share_what_one_of_them_makes() -> None:
    recent, made = Recent[int, int](3), Counter[int]()

    def make(key: int) -> int:
        made[key] += 1
        time.sleep(0.002)  # long enough for the others to come
        return key * key

    with ThreadPoolExecutor(16) as pool:
        keys = [n % 3 for n in range(300)]
        assert list(pool.map(lambda key: recent.get(key, lambda: make(key)), keys)) == [k * k for k in keys]
    assert made == {0: 1, 1: 1, 2: 1}
    for key in range(3, 40):
        recent.get(key, lambda key=key: make(key))  # type: ignore[misc]
        assert len(recent) == 3
    assert recent.get(0, lambda: make(0)) == 0
    assert made[0] == 2


def test_a_study_gives_every_thread_the_right_index(tiny_study: Study) -> None:
    """Many threads request more parameters than are cached: each gets the index of its own parameters."""
    study = Study(tiny_study.path, tiny_study.manifest)
    parameters = [Bm25Parameters(k1=1.0 + n) for n in range(6)]
    expected = [WeightedIndex.of(study.index, one).impact[:50].copy() for one in parameters]

    def ask(n: int) -> bool:
        observed = study.weighted(parameters[n % 6])
        return bool(
            np.array_equal(observed.impact[:50], expected[n % 6]) and observed.parameters == parameters[n % 6]
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(120)))

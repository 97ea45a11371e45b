"""Compiled loops and their threads: numba functions that release the interpreter lock, run on contiguous ranges.

Parallelism is a pool of Python threads instead of numba's own, since an app calls these functions from many
threads at once, which not every threading layer of numba supports.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar, cast

import numba

from data.compiled import compiled

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile with numba on first call, cache the machine code on disk, run without the interpreter lock."""
    made = compiled(error_model="numpy")(function)
    return cast(Callable[P, R], made)


def in_threads(work: Callable[[int, int], None], n_items: int, n_threads: int | None = None) -> None:
    """Call `work(start, stop)` on ranges that cover 0..n_items, one range per thread.

    n_threads: None: one per core. Ranges are disjoint, so work that writes only its own range gives the same result
    with any number of threads.
    """
    n_cores: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    n_threads = max(1, min(n_threads or n_cores, n_items))
    edges = [n_items * i // n_threads for i in range(n_threads + 1)]
    if n_threads == 1:
        work(0, n_items)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(work, edges[:-1], edges[1:]))

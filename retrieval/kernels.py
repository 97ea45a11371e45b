"""How compiled loops are made and shared among threads: plain numba functions that let go of the interpreter.

Parallelism is a pool of Python threads over contiguous ranges instead of numba's own, since an app calls
these functions from many threads at once, which not every threading layer of numba survives.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile on first call, keep the machine code on disk, run without the interpreter's lock."""
    compiled = numba.njit(nogil=True, cache=True, error_model="numpy")(function)
    return cast(Callable[P, R], compiled)


def in_threads(work: Callable[[int, int], None], n_items: int, n_threads: int | None = None) -> None:
    """Call `work(start, stop)` on ranges that cover 0..n_items, one a thread; None: one a core.

    Ranges are disjoint, so work that writes only its own range gives the same result with any count.
    """
    n_cores: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    n_threads = max(1, min(n_threads or n_cores, n_items))
    edges = [n_items * i // n_threads for i in range(n_threads + 1)]
    if n_threads == 1:
        work(0, n_items)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(work, edges[:-1], edges[1:]))

"""Blocks of rows shared out to threads, each of which runs torch and numba kernels by itself on one core.

Two pools of spinning threads (torch's and numba's) would fight for the same cores, so neither is used: every
thread takes the next block, and its matrix product, selection and sums stay in that core's cache. What a block
gives depends on the block alone, never on the thread or on how many there are.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from threading import Lock

import torch

_one_at_a_time = Lock()


@cache
def _pool(n_threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(n_threads, thread_name_prefix="sae")


def for_each_block(n_rows: int, block_size: int, worker: Callable[[], Callable[[int, int], None]]) -> None:
    """Run `worker()(start, stop)` over all blocks of n_rows, on torch.get_num_threads() threads.

    worker: called once on each thread, to make its own buffers; returns the function that does a block.
    """
    starts = iter(range(0, n_rows, block_size))

    def drain() -> None:
        do_block = worker()
        for start in starts:
            do_block(start, min(start + block_size, n_rows))

    n_threads = torch.get_num_threads()
    if n_threads == 1 or n_rows <= block_size:
        return drain()
    with _one_at_a_time:
        torch.set_num_threads(1)
        try:
            tasks = [_pool(n_threads).submit(drain) for _ in range(n_threads)]
            wait(tasks)
            for task in tasks:
                task.result()
        finally:
            torch.set_num_threads(n_threads)

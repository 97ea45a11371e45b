"""Blocks of rows distributed over threads, each of which runs torch and numba kernels on one core.

The thread pools of torch and numba would compete for the same cores, so neither is used: every thread takes the
next block, and the block's matrix product, selection and sums stay in that core's cache. The result of a block
depends on the block alone, not on the thread or on the number of threads.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from threading import Event, Lock

import torch

_one_at_a_time = Lock()


@cache
def _pool(n_threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(n_threads, thread_name_prefix="block")


def for_each_block(n_rows: int, block_size: int, worker: Callable[[], Callable[[int, int], None]]) -> None:
    """Run `worker()(start, stop)` over all blocks of n_rows, on torch.get_num_threads() threads.

    worker: called once per thread, to allocate the thread's buffers; returns the function that processes a block.
    """
    starts = iter(range(0, n_rows, block_size))
    stopped = Event()

    def drain() -> None:
        try:
            do_block = worker()
            while not stopped.is_set() and (start := next(starts, None)) is not None:
                do_block(start, min(start + block_size, n_rows))
        except BaseException:
            stopped.set()
            raise

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
            # Ctrl-C interrupts only the waiting: the threads finish their current block and start no other.
            stopped.set()
            wait(tasks)
            torch.set_num_threads(n_threads)

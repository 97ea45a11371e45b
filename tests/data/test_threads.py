"""Blocks on threads: every row is processed once, errors are raised, and no thread goes on after an error."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
import torch

from data.threads import for_each_block


@pytest.fixture(autouse=True, params=[1, 3])
def n_threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    assert torch.get_num_threads() == request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize(("n_rows", "block_size"), [(0, 4), (3, 4), (4, 4), (17, 4), (5, 1)])
def test_every_row_is_done_once(n_rows: int, block_size: int) -> None:
    done = [0] * n_rows
    lock = threading.Lock()

    def worker() -> Callable[[int, int], None]:
        def do(start: int, stop: int) -> None:
            with lock:
                for row in range(start, stop):
                    done[row] += 1

        return do

    for_each_block(n_rows, block_size, worker)
    assert done == [1] * n_rows


def test_an_error_comes_back_and_stops_the_rest() -> None:
    done: list[int] = []

    def do(start: int, stop: int) -> None:
        if start == 2:
            raise KeyboardInterrupt
        time.sleep(0.01)
        done.append(start)

    with pytest.raises(KeyboardInterrupt):
        for_each_block(1000, 1, lambda: do)
    left = len(done)
    time.sleep(0.05)
    assert left == len(done) < 20

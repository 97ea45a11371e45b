"""A small thread-safe cache of the most recently used results, for results that cost memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Keeps the `size` most recently used results; one result is computed at a time, and none twice."""

    def __init__(self, size: int) -> None:
        self._size, self._lock = size, Lock()
        self._results: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The cached result of `key`, or that of `make()`, which is then cached."""
        with self._lock:
            if key not in self._results:
                while len(self._results) >= self._size:
                    self._results.popitem(last=False)
                self._results[key] = make()
            self._results.move_to_end(key)
            return self._results[key]

    def __len__(self) -> int:
        return len(self._results)

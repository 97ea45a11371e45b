"""Loops compiled by numba, whose machine code stays on disk where there is a place for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba


def compiled(**options: Any) -> Callable[[Any], Any]:
    """`numba.njit(cache=True, nogil=True, **options)`; a user who may write nowhere has it compiled each time."""

    def compile_(function: Any) -> Any:
        try:
            return numba.njit(nogil=True, cache=True, **options)(function)
        except RuntimeError:  # no locator: neither beside the module nor in a home
            return numba.njit(nogil=True, **options)(function)

    return compile_

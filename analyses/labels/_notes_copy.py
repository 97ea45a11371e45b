"""One reader's notes in memory, for studies that are shared to be read: a copy that begins as the study's notes.

Who changes notes there changes a copy that is the reader's own and goes with the reader's session; the study's file
and other readers' copies stay as they are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import closing, contextmanager
from contextvars import ContextVar
from pathlib import Path
from threading import RLock
from typing import TypeAlias


class NotesCopy:
    """A database in memory that begins with the notes at `original`; one thread at a time uses it."""

    def __init__(self, original: Path) -> None:
        self._lock = RLock()
        self._notes = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        if original.is_file():
            with closing(connect_to_read(original)) as source:
                source.backup(self._notes)

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            yield self._notes


Copies: TypeAlias = MutableMapping[Path, NotesCopy]
_chosen: ContextVar[Copies | None] = ContextVar("copies", default=None)
_of_reader: list[Callable[[], Copies | None]] = []


def keep_copies(of_reader: Callable[[], Copies | None]) -> None:
    """Where the copies of whoever reads right now are; None where nobody is known to."""
    _of_reader[:] = [of_reader]


def copies() -> Copies | None:
    """The copies of whoever reads right now; None where notes are the study's own."""
    chosen = _chosen.get()
    return next((find() for find in _of_reader), None) if chosen is None else chosen


@contextmanager
def with_copies(chosen: Copies | None) -> Iterator[None]:
    """Read and write these in a block, as in a thread that belongs to no reader."""
    token = _chosen.set(chosen)
    try:
        yield
    finally:
        _chosen.reset(token)


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing, not even an empty file; for a folder that cannot be written, too."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30.0)

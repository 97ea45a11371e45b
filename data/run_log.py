"""What every long training shares: a log of JSON lines that survives a kill, and Ctrl-C held back during a step."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data.files import new_file


class Log:
    """Lines appended to a JSONL file; a resumed run first drops those that lie beyond its checkpoint."""

    def __init__(self, path: Path, keep_until: int) -> None:
        kept = [json.dumps(line) + "\n" for line in read_log(path) if line["step"] <= keep_until]
        with new_file(path) as temporary:
            temporary.write_text("".join(kept), encoding="utf-8")
        self._file = path.open("a", encoding="utf-8")

    def write(self, line: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def read_log(path: Path) -> list[dict[str, Any]]:
    """The log's lines, also while it is being written; a last line cut short is left out."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [json.loads(line) for line in lines]


@contextmanager
def interrupts_deferred() -> Iterator[Callable[[], bool]]:
    """Hold Ctrl-C back while a step changes the weights; yields a function that tells whether it was pressed.

    Only the main thread gets signals, so elsewhere there is nothing to hold back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    pressed = threading.Event()
    previous = signal.signal(signal.SIGINT, lambda *_: pressed.set())
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, previous)

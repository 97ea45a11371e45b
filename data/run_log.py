"""For every long training: a log of JSON lines that survives a kill, a message for a full disk, deferred Ctrl-C."""

from __future__ import annotations

import errno
import json
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data.files import new_file
from data.full_disk import message_if_unwritable


class Log:
    """Appends lines to a JSONL file; a resumed run first drops the lines after step keep_until, its checkpoint."""

    def __init__(self, path: Path, keep_until: int) -> None:
        kept = [json.dumps(line) + "\n" for line in read_log(path) if line["step"] <= keep_until]
        with new_file(path) as temporary:
            temporary.write_text("".join(kept), encoding="utf-8")
        self._path = path
        self._file = path.open("ab", buffering=0)

    def write(self, line: Mapping[str, Any]) -> None:
        """Append one line; a full disk raises a `UserError`."""
        text = (json.dumps(line) + "\n").encode()
        with message_if_unwritable(self._path):
            if self._file.write(text) != len(text):
                raise OSError(errno.ENOSPC, "the line was cut short")

    def close(self) -> None:
        self._file.close()


def read_log(path: Path) -> list[dict[str, Any]]:
    """The complete lines of a log, which may still be growing; a last line without its end is left out."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [json.loads(line) for line in lines]


@contextmanager
def interrupts_deferred() -> Iterator[Callable[[], bool]]:
    """Defer Ctrl-C while a step changes the weights; yields a function that returns whether it was pressed.

    Signals reach only the main thread, so in other threads there is nothing to defer; nor is there in a process
    that ignores Ctrl-C, such as a background job of a shell.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield lambda: False
        return
    pressed = threading.Event()
    previous = signal.signal(signal.SIGINT, lambda *_: pressed.set())
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, previous)

"""What every long training shares: a log of JSON lines that survives a kill, a full disk told, Ctrl-C held back."""

from __future__ import annotations

import errno
import json
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from data.errors import UserError
from data.files import new_file


class Log:
    """Lines appended to a JSONL file; a resumed run first drops those that lie beyond its checkpoint."""

    def __init__(self, path: Path, keep_until: int) -> None:
        kept = [json.dumps(line) + "\n" for line in read_log(path) if line["step"] <= keep_until]
        with told_if_full(path.parent), new_file(path) as temporary:
            temporary.write_text("".join(kept), encoding="utf-8")
        self._folder = path.parent
        self._file = path.open("ab", buffering=0)

    def write(self, line: Mapping[str, Any]) -> None:
        text = (json.dumps(line) + "\n").encode()
        with told_if_full(self._folder):
            if self._file.write(text) != len(text):
                raise OSError(errno.ENOSPC, "the line was cut short")

    def close(self) -> None:
        self._file.close()


def read_log(path: Path) -> list[dict[str, Any]]:
    """The log's lines, also while it is being written; a last line cut short is left out."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    return [json.loads(line) for line in lines]


@contextmanager
def told_if_full(folder: Path) -> Iterator[None]:
    """Turn a full disk, or a full quota, into a `UserError`."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
        if full or f"os error {errno.ENOSPC}" in str(error) or f"os error {errno.EDQUOT}" in str(error):
            raise UserError(f"the disk of {folder} is full: free some space, then resume") from None
        raise


@contextmanager
def interrupts_deferred() -> Iterator[Callable[[], bool]]:
    """Hold Ctrl-C back while a step changes the weights; yields a function that tells whether it was pressed.

    Only the main thread gets signals, so elsewhere there is nothing to hold back; nor is there in a process that
    was started to ignore Ctrl-C, as shells start background jobs.
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

"""Locks between processes, which the system gives back when their holder ends, however it ends."""

from __future__ import annotations

import errno
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from data.errors import UserError
from data.full_disk import message_if_unwritable


@contextmanager
def hold(lock: Path) -> Iterator[None]:
    """Hold a lock for a moment; others wait. A lock that is none, such as a link, raises a `UserError`."""
    held = FileLock(lock)
    try:
        held.acquire()
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UserError(f"{lock} is a link, and a lock has to be a file of its own: remove it") from None
        raise
    try:
        yield
    finally:
        held.release()


@contextmanager
def only_maker(out: Path, waiting: Callable[[str], None] | None = None) -> Iterator[None]:
    """Be the only process that makes or changes `out`.

    Where another is at it, `waiting` is called with a sentence that says which, and it is waited for; without
    `waiting`, that is a `UserError`. The lock is `.<name>.lock` beside it, and `.<name>.maker` says who holds it.
    """
    lock, maker = (out.absolute().with_name(f".{out.absolute().name}.{kind}") for kind in ("lock", "maker"))
    with message_if_unwritable(out):
        out.absolute().parent.mkdir(parents=True, exist_ok=True)
    held = FileLock(lock)
    try:
        with message_if_unwritable(out):
            held.acquire(blocking=False)
    except Timeout:
        busy = f"{out} is being made by {_holder(maker)}"
        if waiting is None:
            raise UserError(f"{busy}: wait until that is done, then repeat") from None
        waiting(f"{busy}: waiting until that is done")
        held.acquire()
    try:
        maker.write_text(json.dumps({"pid": os.getpid(), "argv": sys.argv, "began": time.time()}), "utf-8")
        yield
    finally:
        maker.unlink(missing_ok=True)
        lock.unlink(missing_ok=True)
        held.release()


def _holder(maker: Path) -> str:
    try:
        by = json.loads(maker.read_text("utf-8"))
        command = " ".join([Path(by["argv"][0]).name, *by["argv"][1:]])
        began = time.strftime("%H:%M", time.localtime(by["began"]))
        return f"process {int(by['pid'])} (`{command}`, since {began})"
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return "another process"

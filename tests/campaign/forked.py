"""Run the command line in a process of its own that costs no start: a fork of one that has imported it.

What a damaged file may do to a process (end it by a signal, have it wait for ever) stays there.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

IMPORTS = ("torch", "pandas", "pyarrow.parquet", "scipy.sparse", "numba", "rich.table", "transformers")
MOST_MEMORY = 24 << 30  # of addresses


@dataclass(frozen=True)
class Ended:
    """How a command ended. status: as of `os.waitstatus_to_exitcode`, negative for a signal; None: it was killed
    since it took too long, or at its appointed moment."""

    status: int | None
    out: str
    err: str
    seconds: float


def prepare() -> None:
    """Import what commands import, without starting a thread."""
    import importlib

    from workbench import cli

    for name in (*IMPORTS, cli.__name__):
        importlib.import_module(name)


def run(
    argv: Sequence[str],
    folder: Path,
    *,
    environment: Mapping[str, str] | None = None,
    timeout: float = 900.0,
    kill_after: float | None = None,
    before: Callable[[], None] | None = None,
) -> Ended:
    """Run `workbench ARGV` in `folder`. kill_after: seconds until SIGKILL. before: called in the process first."""
    out, err = (folder / f".{name}.{time.monotonic_ns()}" for name in ("out", "err"))
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        _child(argv, folder, out, err, environment or {}, before)
    status = _wait(pid, began + (timeout if kill_after is None else kill_after))
    texts = [
        path.read_text(encoding="utf-8", errors="replace") if path.exists() else "" for path in (out, err)
    ]
    for path in (out, err):
        path.unlink(missing_ok=True)
    return Ended(status, *texts, time.monotonic() - began)


def _child(
    argv: Sequence[str],
    folder: Path,
    out: Path,
    err: Path,
    environment: Mapping[str, str],
    before: Callable[[], None] | None,
) -> None:
    status = 70
    try:
        os.setsid()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for descriptor, path in ((1, out), (2, err)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666), descriptor)
        sys.stdout, sys.stderr = os.fdopen(1, "w", encoding="utf-8"), os.fdopen(2, "w", encoding="utf-8")
        os.chdir(folder)
        os.environ.update(environment)
        sys.argv = ["workbench", *argv]
        if before:
            before()
        from workbench import cli

        try:
            cli.main()
            status = 0
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # the fork must never go on as its parent
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _wait(pid: int, until: float) -> int | None:
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return None
        time.sleep(0.005)

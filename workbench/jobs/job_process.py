"""The process of a job: it waits for its turn, runs its command line, and records its end.

`registered` makes a job of any long verb; the app's jobs wait in `turn` (workbench/run_job.py), in a process that
has loaded nothing heavy. There is no daemon: the waiting processes agree by looking at each other under one lock.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from data.errors import UserError
from data.files import read_json, write_json
from workbench.jobs.job_folder import End, Job, Request, create, jobs_folder, read_job
from workbench.jobs.jobs import jobs, output

_current: Path | None = None  # the folder of the job that this process is


@contextmanager
def registered(
    title: str, files: Mapping[str, Path], *, queue: bool = False, resumes: bool = False
) -> Iterator[Job | None]:
    """Make this command a job for as long as the block lasts; None where no job's folder can be written.

    files: the folders that it writes, by name, from whose logs curves are drawn. queue: wait until no other job
    runs; else begin at once. resumes: its verb takes --resume. A job that the app
    started keeps its folder and its title.
    """
    absolute = {name: str(path.resolve()) for name, path in files.items()}
    is_new = _current is None
    if is_new:
        request = Request(
            sys.argv[1:], os.getcwd(), title, "shell", time.time(), files=absolute, resumes=resumes
        )
        try:
            folder, lock = create(request)
        except OSError:
            yield None
            return
    else:
        assert _current is not None
        folder, lock = _current, -1
        write_json(
            folder / "job.json", read_json(folder / "job.json") | {"files": absolute, "resumes": resumes}
        )
    with interruptible():
        try:
            if is_new:
                write_process(folder, began=None if queue else time.time())
            if is_new and queue:
                wait_for_turn(folder)
            yield read_job(folder)
            if is_new:
                write_end(folder, None)
        except BaseException as error:
            write_end(folder, error)
            raise
        finally:
            if is_new:
                os.close(lock)


@contextmanager
def turn(folder: Path, lock: int) -> Iterator[list[str]]:
    """Wait until it is this job's turn, give its command line, and record how the block ended.

    lock: the descriptor of the job's lock, inherited from the process that started this one.
    """
    global _current
    _current = folder
    os.set_inheritable(lock, False)  # a child that survives this process must not pass for it
    os.nice(5)  # whoever uses the app meanwhile comes first
    with interruptible():
        try:
            write_process(_current, began=None)
            wait_for_turn(_current)
            yield list(read_json(_current / "job.json")["argv"])
        except (KeyboardInterrupt, UserError) as error:  # before its turn: the command reports its own
            write_end(_current, error)
            sys.exit(130 if isinstance(error, KeyboardInterrupt) else 2)
        except BaseException as error:
            if not (_current / "end.json").exists():
                write_end(_current, error)
            raise
        else:
            write_end(_current, None)


def wait_for_turn(folder: Path, seconds_between_looks: float = 0.3) -> None:
    """Return when no job runs and none that is queued longer waits; from then on this job counts as running.

    A job that follows another is `UnmetError` once that one has ended without finishing.
    """
    while True:
        with _queue_lock():
            request = Request(**read_json(folder / "job.json"))
            others = [job for job in jobs() if job.id != folder.name]
            for job in others:
                if job.id == request.after and not job.living and job.state != "finished":
                    raise UnmetError(f'"{job.request.title}", which this job follows, was {job.state}')
            if not any(
                job.state == "running" or (job.state == "waiting" and job.request.queued < request.queued)
                for job in others
            ):
                write_process(folder, began=time.time())
                return
        time.sleep(seconds_between_looks)


class UnmetError(UserError):
    """The job that this one follows did not finish: there is nothing to go on from."""


def write_process(folder: Path, began: float | None) -> None:
    """Record the process of the job, and since when it runs; None while it waits."""
    write_json(folder / "process.json", {"pid": os.getpid(), "began": began})


def write_end(folder: Path, error: BaseException | None) -> None:
    """Record how the job ended; a full disk must not hide the error that ended it."""
    with suppress(OSError):
        write_json(folder / "end.json", asdict(_end(folder, error)))


def _end(folder: Path, error: BaseException | None) -> End:
    now = time.time()
    if isinstance(error, SystemExit) and isinstance(error.code, str | int) and error.code:
        if error.code == 130:
            return End("cancelled", 130, "", now)
        job = read_job(folder)
        last = output(job, 1).removeprefix("workbench: ") if job else ""
        return End("failed", error.code if isinstance(error.code, int) else 1, last, now)
    if error is None or isinstance(error, SystemExit):
        return End("finished", 0, "", now)
    if isinstance(error, KeyboardInterrupt):
        return End("cancelled", 130, "", now)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return End("failed", 2, "the disk is full: free some space and resume", now)
    if isinstance(error, UnmetError):
        return End("cancelled", 2, str(error), now)
    sentence = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
    return End("failed", 2, sentence, now)


@contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGINT and SIGTERM interrupt this process, also where whoever started it had them ignored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous: dict[int, Any] = {
        number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)
    }
    if previous[signal.SIGINT] in (signal.SIG_IGN, None):
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler or signal.SIG_DFL)


@contextmanager
def _queue_lock() -> Iterator[None]:
    with (jobs_folder() / ".queue").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

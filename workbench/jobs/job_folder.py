"""A job's folder: all that is known of a long command, on disk, whoever started it.

    artifacts()/jobs/<id>/
        job.json        the request: command line, working folder, origin, since when it is queued, what it writes
        lock            held by the job's process for as long as it lives (flock: the kernel drops it in any case)
        process.json    its pid, and when its turn came
        status.json     the running stage, written a few times a second
        output.txt      what it printed, where the app started it
        end.json        exit status and, if it failed, why in one sentence

A job's state is derived from these and stored nowhere: a process that died without an end.json was interrupted, and
a pid that the system gave to another process is never taken for the job's.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from data.errors import UserError
from data.files import new_folder, read_json, write_json
from workbench.jobs.artifacts import artifacts
from workbench.jobs.plan import Whole

T = TypeVar("T")
State = Literal["waiting", "running", "finished", "failed", "cancelled", "interrupted"]
STRICT = ConfigDict(strict=True, extra="forbid")


@with_config(STRICT)
@dataclass(frozen=True)
class Request:
    """job.json. queued: seconds of the epoch. after: id of a job that must finish first. files: what it writes.

    resumes: whether its verb has declared that --resume goes on where it was interrupted.
    """

    argv: Sequence[str]
    cwd: str
    title: str
    origin: Literal["app", "shell"]
    queued: float
    after: str | None = None
    files: Mapping[str, str] | None = None
    resumes: bool = False


@with_config(STRICT)
@dataclass(frozen=True)
class Status:
    """status.json. began, updated: seconds of the epoch; finished: earlier stages and the seconds each took.

    first: what was done already when the stage began, as of a training that goes on. whole: of a job of several
    phases, how far all of it is (workbench/jobs/plan.py).
    """

    stage: str
    done: int
    total: int
    note: str
    began: float
    updated: float
    finished: Mapping[str, float]
    first: int = 0
    whole: Whole | None = None

    @property
    def share(self) -> float:
        """How much is done: of the whole job where that is known, else of this stage."""
        return self.whole.share if self.whole else self.done / max(1, self.total)

    @property
    def seconds_left(self) -> float | None:
        """Of the whole job, or of this stage if it goes on as it went; None before there is anything to go by."""
        if self.whole:
            return self.whole.left
        elapsed, done = self.updated - self.began, self.done - self.first
        return elapsed * (self.total - self.done) / done if done > 0 and elapsed > 1 else None


@with_config(STRICT)
@dataclass(frozen=True)
class End:
    """end.json. error: one sentence, "" where there was none. time: seconds of the epoch."""

    outcome: Literal["finished", "failed", "cancelled"]
    exit_status: int
    error: str
    time: float


REQUEST, STATUS, END = TypeAdapter(Request), TypeAdapter(Status), TypeAdapter(End)


@dataclass(frozen=True)
class Job:
    """A job as it stood when it was read. began: when its turn came, seconds of the epoch."""

    folder: Path
    request: Request
    state: State
    pid: int | None
    began: float | None
    status: Status | None
    end: End | None

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def living(self) -> bool:
        return self.state in ("running", "waiting")


def jobs_folder() -> Path:
    return artifacts().resolve() / "jobs"


def read_job(folder: Path) -> Job | None:
    """The job in a folder as it stands, None where there is none."""
    request = _read(REQUEST, folder / "job.json")
    if request is None:
        return None
    end = _read(END, folder / "end.json")
    living = end is None and is_held(folder)
    if end is None and not living:
        end = _read(END, folder / "end.json")  # it may have ended between the two looks
    pid, began = _process(folder)
    state: State = "interrupted"
    if end:
        state = end.outcome
    elif living:
        state = "running" if began else "waiting"
    return Job(folder, request, state, pid, began, _read(STATUS, folder / "status.json"), end)


def create(request: Request) -> tuple[Path, int]:
    """A new job's folder and a descriptor that holds its lock; the folder appears with the lock held."""
    moment = datetime.fromtimestamp(request.queued, UTC)
    folder = jobs_folder() / f"{moment:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}"
    with new_folder(folder) as new:
        lock = hold(new)
        assert lock is not None
        write_json(new / "job.json", asdict(request))
    return folder, lock


def hold(folder: Path, seconds: float = 0.3) -> int | None:
    """A descriptor that holds the job's lock, None while a process has it; a passing look at it is waited for."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() > until:
                os.close(descriptor)
                return None
            time.sleep(0.02)


def is_held(folder: Path) -> bool:
    """Whether the job's process lives."""
    try:
        with (folder / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _process(folder: Path) -> tuple[int | None, float | None]:
    process = _read_mapping(folder / "process.json")
    pid, began = process.get("pid"), process.get("began")
    return (pid if isinstance(pid, int) else None), (began if isinstance(began, int | float) else None)


def _read(reader: TypeAdapter[T], path: Path) -> T | None:
    """What a job's file holds, None of one that is missing, damaged or of another version."""
    try:
        return reader.validate_json(path.read_bytes())
    except (ValidationError, OSError):
        return None


def _read_mapping(path: Path) -> dict[str, Any]:
    try:
        read = read_json(path)
    except (UserError, OSError):
        return {}
    return read if isinstance(read, dict) else {}

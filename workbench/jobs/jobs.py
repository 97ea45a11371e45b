"""Jobs: start, cancel, resume and forget long commands, each a process of its own that outlives the app.

`workbench.jobs.job_folder` is what is known of a job, `workbench.jobs.job_process` the process's own side.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from threading import Thread

from data.errors import UserError
from data.files import write_json
from data.permissions import require
from workbench.jobs.artifacts import artifacts
from workbench.jobs.job_folder import Job, Request, create, hold, is_held, jobs_folder, read_job

OUTPUT_BYTES = 1 << 16  # of what a job printed, the end that is read


def jobs() -> list[Job]:
    """Every job, the newest first; what is no job's folder, or a broken one, is passed over."""
    folders = sorted(jobs_folder().glob("[0-9]*/"), reverse=True)
    return [job for job in map(read_job, folders) if job is not None]


def living() -> list[Job]:
    """The jobs that run or wait, the newest first; the others' folders are hardly looked at."""
    folders = sorted(jobs_folder().glob("[0-9]*/"), reverse=True)
    at_work = (folder for folder in folders if not (folder / "end.json").exists() and is_held(folder))
    return [job for job in map(read_job, at_work) if job is not None and job.living]


def start(argv: Sequence[str], title: str, *, after: str | None = None) -> Job:
    """Queue `workbench <argv>`; it runs when no other job does, whatever becomes of this process.

    after: id of a job without whose end this one makes no sense; it fails, in a sentence, where that one does.
    """
    require("start jobs")
    folder, lock = create(Request(list(argv), os.getcwd(), title, "app", time.time(), after))
    return _launch(folder, lock)


def cancel(job: Job, seconds: float = 10.0) -> None:
    """Interrupt it as Ctrl-C does, so that training keeps its state; nothing happens to a job that has ended."""
    require("start jobs")
    until = time.monotonic() + seconds
    while (now := read_job(job.folder)) and now.living and time.monotonic() < until:
        if now.pid:  # written once the process can be interrupted and still record its end
            with suppress(ProcessLookupError):
                leads = os.getpgid(now.pid) == now.pid
                (os.killpg if leads else os.kill)(now.pid, signal.SIGINT)
            return
        time.sleep(0.05)


def resume(job: Job) -> Job:
    """Queue an ended job again, with --resume where its verb resumes, then those that failed for want of it."""
    require("start jobs")
    if not Path(job.request.cwd).is_dir():
        raise UserError(f"{job.request.cwd}, where this job was started, is gone: start it anew from another")
    lock = _hold(job)
    now = read_job(job.folder) or job
    if lock is None or now.state == "finished":  # another process was faster
        if lock is not None:
            os.close(lock)
        return now
    argv = list(now.request.argv)
    if "--resume" not in argv and now.request.resumes:
        argv.append("--resume")
    again = replace(now.request, argv=argv, origin="app", queued=time.time())
    write_json(job.folder / "job.json", asdict(again))
    for name in ("process.json", "status.json", "end.json"):
        (job.folder / name).unlink(missing_ok=True)
    resumed = _launch(job.folder, lock)
    for follower in reversed(jobs()):
        if follower.request.after == job.id and follower.state in ("failed", "cancelled", "interrupted"):
            resume(follower)
    return resumed


def remove(job: Job) -> None:
    """Forget an ended job: its folder goes, and what it made stays."""
    require("start jobs")
    lock = _hold(job)
    if lock is None:
        raise UserError(f'"{job.request.title}" still runs: cancel it first')
    shutil.rmtree(job.folder, ignore_errors=True)
    os.close(lock)


def output(job: Job, n_lines: int = 200) -> str:
    """The last lines that it printed."""
    try:
        with (job.folder / "output.txt").open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - OUTPUT_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-n_lines:])


def training_logs(job: Job) -> dict[str, Path]:
    """Name -> log of every training that it runs or ran, in the run's folder or already beside its SAE."""
    logs: dict[str, Path] = {}
    for out in map(Path, (job.request.files or {}).values()):
        unfinished = out.with_name(f".{out.name}.training")
        for folder in (out, unfinished, *sorted(out.glob("*/"), reverse=True)):  # hidden ones last
            if (folder / "log.jsonl").is_file():
                name = folder.name.removeprefix(".").removesuffix(".training")
                logs.setdefault(name, folder / "log.jsonl")
    return {name: logs[name] for name in sorted(logs, key=lambda name: (len(name), name))}


def _hold(job: Job, seconds: float = 30.0) -> int | None:
    """The lock of an ended job, None of a living one; a process that has recorded its end is waited for."""
    until = time.monotonic() + seconds
    try:
        while (lock := hold(job.folder)) is None and time.monotonic() < until:
            now = read_job(job.folder)
            if now is None or now.living:
                return None
        return lock
    except FileNotFoundError:
        raise UserError(f'"{job.request.title}" is gone: it was removed elsewhere') from None


def _launch(folder: Path, lock: int) -> Job:
    """Start the job's process, which inherits the lock: it is held from its first moment to its last."""
    job = read_job(folder)
    assert job is not None
    command = [sys.executable, "-m", "workbench.run_job", str(folder), str(lock)]
    environment = os.environ | {"WORKBENCH_ARTIFACTS": str(artifacts().resolve()), "PYTHONUNBUFFERED": "1"}
    try:
        with (folder / "output.txt").open("ab") as out:
            process = subprocess.Popen(
                command,
                cwd=job.request.cwd,
                env=environment,
                pass_fds=(lock,),
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
    finally:
        os.close(lock)
    Thread(target=process.wait, daemon=True).start()  # so that no zombie stays behind
    return read_job(folder) or job

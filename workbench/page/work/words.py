"""What a page says of a job: its state, its stage, the time that is left, and when it ended."""

from __future__ import annotations

import time
from datetime import datetime

from workbench.jobs.job_folder import Job
from workbench.markup.formats import duration, percent


def note(job: Job) -> str:
    """A few words beside the state: the stage, the time left, or when the job ended."""
    status = job.status
    if job.state == "waiting":
        return "for its turn"
    if job.state == "running":
        return ", ".join(filter(None, (status.stage if status else "setting up", left(job))))
    ended = job.end.time if job.end else status.updated if status else job.began or job.request.queued
    took = duration(ended - job.began) if job.began else ""
    return ", ".join(part for part in (moment(ended), f"after {took}" if took else "") if part)


def left(job: Job) -> str:
    """`about 2 min left`; "" before there is anything to go by."""
    seconds = job.status.seconds_left if job.status else None
    done = job.status is not None and job.status.share >= 1
    return f"about {rough(seconds)} left" if seconds and not done else ""


def rough(seconds: float) -> str:
    """A time left as one says it: `40 s`, `2 min`, `1 h 05 min`."""
    if seconds < 90:
        return f"{max(5, round(seconds / 5) * 5)} s"
    return f"{seconds / 60:.0f} min" if seconds < 3600 else duration(60 * round(seconds / 60))


def share(job: Job) -> float | None:
    """How much of a running job is done; None of any other, and before it reports."""
    return job.status.share if job.state == "running" and job.status else None


def line(living: list[Job]) -> str:
    """`1 running: Index cisi, 43%, about 2 min left`; "" where nothing lives."""
    running = [job for job in living if job.state == "running"]
    waiting = len(living) - len(running)
    parts = []
    if running:
        first, done = running[0], share(running[0])
        words = (first.request.title, "" if done is None else percent(round(done, 2)), left(first))
        parts.append(f"{len(running)} running: {', '.join(filter(None, words))}")
    if waiting:
        parts.append(f"{waiting} waiting")
    return "; ".join(parts)


def moment(seconds: float) -> str:
    """`14:05` today, else `3 May, 14:05`."""
    then = datetime.fromtimestamp(seconds)
    today = then.date() == datetime.fromtimestamp(time.time()).date()
    return f"{then:%H:%M}" if today else f"{then.day} {then:%b, %H:%M}"

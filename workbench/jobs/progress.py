"""Progress with an estimate: a bar a stage on a terminal, a line now and then in a log, a status for the app."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from threading import Lock
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from data.files import write_json
from data.terminal import printable, say
from workbench.jobs.job_folder import Job, Status
from workbench.jobs.plan import Plan, Whole

SECONDS_BETWEEN_STATUSES = 0.25


class StageProgress:
    """Call it with (stage, done, total); `note` adds a few live figures to the running stage.

    job: whose status it writes too. silent: print nothing, as the second of several processes should.
    part: stands before the names of the stages, where the same ones come again for another layer or seed.
    plan: of a job of several phases, so that its status has one share of the whole.
    """

    part = ""
    plan: Plan | None = None

    def __init__(
        self, job: Job | None = None, seconds_between_lines: float = 10.0, silent: bool = False
    ) -> None:
        self._console = Console(stderr=True, quiet=silent)
        self._bars = Progress(
            TextColumn("{task.description:<28}", markup=False),
            BarColumn(bar_width=32),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", style="dim", markup=False),
            console=self._console,
        )
        self._tasks: dict[str, TaskID] = {}
        self._started: dict[str, tuple[float, int]] = {}  # when, and with how much done
        self._furthest: dict[
            str, tuple[int, float]
        ] = {}  # what was reported last, and the largest share shown
        self._last_line = 0.0
        self._between = seconds_between_lines
        self._draws_bars = self._console.is_terminal and not silent
        self._prints_lines = not self._console.is_terminal and not silent
        self._status = StatusFile(job.folder / "status.json") if job else None

    def __enter__(self) -> StageProgress:
        if self._draws_bars:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._draws_bars:
            self._bars.stop()

    def __call__(self, stage: str, done: int, total: int, note: str = "") -> None:
        """Report that `done` of `total` (tokens, documents, steps) of a stage are finished."""
        stage, note, now = printable(self.part + stage), printable(note), time.monotonic()
        done = self._forward(stage, done, total)
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=total, note=note)
        if stage not in self._started:
            self._started[stage] = now, done
        self._bars.update(self._tasks[stage], completed=done, total=total, note=note)
        if self._status:
            self._status.report(stage, done, total, note, self._whole(stage, done, total))
        finished = done >= total
        if self._prints_lines and (finished or now - self._last_line > self._between):
            self._last_line = now
            began, first = self._started[stage]
            elapsed = now - began
            left = elapsed * (total - done) / max(1, done - first)
            known = not finished and done > first
            when = f"{elapsed:.0f} s, about {left:.0f} s left" if known else f"{elapsed:.0f} s"
            say(f"{stage}: {done / max(1, total):.0%} ({when}) {note}".rstrip(), file=sys.stderr, flush=True)
        if finished:  # the same stage of the next SAE or text begins anew
            self._started.pop(stage)
            self._furthest.pop(stage)

    def enter(self, title: str) -> None:
        """Begin a step of the plan that may report nothing by itself."""
        whole = self.plan.enter(title) if self.plan else None
        if self._status:
            self._status.report(title, 0, 1, "", whole)

    def _whole(self, stage: str, done: int, total: int) -> Whole | None:
        """How far all of the job is, where it has a plan."""
        return self.plan.at(stage, done, total) if self.plan else None

    def _forward(self, stage: str, done: int, total: int) -> int:
        """`done`, or more where an estimate of the total has grown: a share that was shown never falls."""
        reported, share = self._furthest.get(stage, (0, 0.0))
        share = max(share, done / max(1, total)) if done >= reported else 0.0  # less is done: it begins anew
        self._furthest[stage] = done, share
        return done if done >= total else max(done, min(total - 1, int(share * total)))

    def reused(self, stage: str, what: str) -> None:
        """Print that a finished stage is kept from before."""
        stage = self.part + stage
        if self._status:
            self._status.report(stage, 1, 1, "kept from before", self._whole(stage, 1, 1))
        line = printable(f"{stage:<28} kept from before ({what})")
        self._console.print(line, style="dim", highlight=False, markup=False)


class StatusFile:
    """A job's status.json: written a few times a second, and whenever a stage begins or ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()  # the encoder reports from its threads
        self._status: Status | None = None
        self._written = 0.0

    def report(self, stage: str, done: int, total: int, note: str, whole: Whole | None = None) -> None:
        now = time.time()
        with self._lock:
            last = self._status
            if last is not None and last.stage == stage and last.done < last.total:
                self._status = replace(last, done=done, total=total, note=note, updated=now, whole=whole)
            else:
                finished = dict(last.finished) if last else {}
                if last:
                    finished[last.stage] = finished.get(last.stage, 0.0) + last.updated - last.began
                self._status = Status(stage, done, total, note, now, now, finished, done, whole)
            fresh = last is None or last.stage != stage or done >= total
            if fresh or now - self._written > SECONDS_BETWEEN_STATUSES:
                self._written = now
                with suppress(OSError):  # a full disk ends the work itself, and is an error there
                    write_json(self._path, asdict(self._status))

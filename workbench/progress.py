"""Progress with an estimate: a bar a stage on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class StageProgress:
    """Call it with (stage, done, total); `note` adds a few live figures to the running stage."""

    def __init__(self, seconds_between_lines: float = 10.0) -> None:
        self._console = Console(stderr=True)
        self._bars = Progress(
            TextColumn("{task.description:<28}"),
            BarColumn(bar_width=32),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", style="dim"),
            console=self._console,
        )
        self._tasks: dict[str, TaskID] = {}
        self._started: dict[str, float] = {}
        self._last_line = 0.0
        self._between = seconds_between_lines

    def __enter__(self) -> StageProgress:
        if self._console.is_terminal:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def __call__(self, stage: str, done: int, total: int, note: str = "") -> None:
        """Report that `done` of `total` (tokens, documents, steps) of a stage are finished."""
        now = time.monotonic()
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=total, note=note)
            self._started[stage] = now
        self._bars.update(self._tasks[stage], completed=done, total=total, note=note)
        finished = done >= total
        if not self._console.is_terminal and (finished or now - self._last_line > self._between):
            self._last_line = now
            elapsed = now - self._started[stage]
            left = elapsed * (total - done) / max(1, done)
            when = f"{elapsed:.0f} s" if finished else f"{elapsed:.0f} s, about {left:.0f} s left"
            print(
                f"{stage}: {done / max(1, total):.0%} ({when}) {note}".rstrip(), file=sys.stderr, flush=True
            )

    def reused(self, stage: str, what: str) -> None:
        """Say that a finished stage was found and kept."""
        self._console.print(f"[dim]{stage:<28} kept from before ({what})[/dim]", highlight=False)

"""The plan of a job of several phases: one share of the whole and one time left, that never go backwards.

    share = (seconds of the steps that are done + seconds of this step * its share) / seconds of all steps

A step is known by the stage that it reports; one without such a stage is entered by its title, and its share
follows the clock. Seconds are estimates made before the start; a step that reports is timed by what it reports.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

NEARLY = 0.95  # of a step that does not report, until the next one begins
SHORTEST = 2.0  # seconds of a step before its own speed is gone by


@dataclass(frozen=True)
class Step:
    """phase: as a reader sees it. seconds: estimated. reports: whether its stage has the title of the step."""

    phase: str
    title: str
    seconds: float
    reports: bool = True


@dataclass(frozen=True)
class Whole:
    """How far all of a job is. left: seconds, estimated. phases: all, in order; phase: which one runs."""

    share: float
    left: float
    phases: Sequence[str]
    phase: int


class Plan:
    """Where a job is in its steps: `enter(title)` begins one, `at(stage, done, total)` tells of its stage."""

    def __init__(self, steps: Sequence[Step], clock: Callable[[], float] = time.monotonic) -> None:
        self.steps = list(steps)
        self.phases = list(dict.fromkeys(step.phase for step in steps))
        self._clock = clock
        self._current, self._share = 0, 0.0
        self._began = clock()
        self._first: float | None = None  # what was done before this step reported

    def enter(self, title: str) -> Whole:
        """Begin a step; one that is unknown, or behind the one that runs, changes nothing."""
        known = [step.title for step in self.steps[self._current + 1 :]]
        if title in known:
            self._current += 1 + known.index(title)
            self._share, self._began, self._first = 0.0, self._clock(), None
        return self._whole()

    def at(self, stage: str, done: int, total: int) -> Whole:
        """Take what a stage reports."""
        self.enter(stage)
        step, share = self.steps[self._current], done / max(total, 1)
        if step.reports and step.title == stage and share >= self._share:
            self._share = min(share, 1.0)
            self._first = self._share if self._first is None else self._first
        return self._whole()

    def _whole(self) -> Whole:
        step, elapsed = self.steps[self._current], self._clock() - self._began
        share = self._share if step.reports else min(elapsed / max(step.seconds, 0.1), NEARLY)
        before = sum(one.seconds for one in self.steps[: self._current])
        after = sum(one.seconds for one in self.steps[self._current + 1 :])
        left = step.seconds * (1 - share)
        if self._first is not None and elapsed > SHORTEST and share > self._first:
            left = elapsed * (1 - share) / (share - self._first)
        whole = (before + step.seconds * share) / max(before + step.seconds + after, 1e-9)
        return Whole(min(whole, 1.0), left + after, self.phases, self.phases.index(step.phase))

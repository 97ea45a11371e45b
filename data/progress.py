"""Progress of long work: one callback for stages, and one for the steps within a stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

# Called as step(done, total), in the units of the stage.
StepProgress = Callable[[int, int], None]


class Progress(Protocol):
    """Called with the name of the stage, the amount done and the total."""

    def __call__(self, stage: str, done: int, total: int, /) -> None: ...


def within(progress: Progress | None, stage: str) -> StepProgress | None:
    """The step callback of one stage; None if there is no callback."""
    if progress is None:
        return None
    return lambda done, total: progress(stage, done, total)

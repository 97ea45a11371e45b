"""An aspect of "why": one question about where a ranking comes from, with its control, kept in the study."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from data.progress import Progress
from retrieval.study import Study

FOLDER = "why"  # in a study's folder


class Answer(Protocol):
    """What an aspect found out of one study."""

    def to_dict(self) -> Any:
        """The answer as JSON can hold it."""
        ...

    def shown(self) -> pd.DataFrame:
        """The answer as a table that a terminal has room for."""
        ...

    def sentences(self) -> Sequence[str]:
        """The verdict in words, none of which claims what its interval does not bear."""
        ...


@dataclass(frozen=True)
class Aspect:
    """name: of its module, its part of a study, its section of the page Why, `why --only` and its paper item.

    files: in the study's folder `why/`. is_kept, write, read: whether the study keeps the answer, make and keep it
    (does nothing where it is kept), and read it (None where it is not kept). A study that cannot have an answer (it
    has no judgements, say) counts as one that keeps it, and `read` gives None. options: keywords of `write` beside
    (study, progress).
    """

    name: str
    title: str
    question: str
    files: tuple[str, ...]
    is_kept: Callable[[Study], bool]
    write: Callable[..., object]
    read: Callable[[Study], Answer | None]
    options: tuple[str, ...] = ()

    def measure(self, study: Study, progress: Progress | None = None, **options: Any) -> None:
        """`write` with those of these options that it takes and that are not None."""
        known = {name: options[name] for name in self.options if options.get(name) is not None}
        self.write(study, progress, **known)


def path_of(study: Study, file: str) -> Path:
    """Where a study keeps a file of an aspect."""
    return study.path / FOLDER / file

"""An aspect of "why": one question about where a ranking comes from, with its control, kept in the study."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from data.progress import Progress
from retrieval.stored_tables import is_kept, read_kept, write_kept
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


@dataclass(frozen=True)
class JudgedTable:
    """A table that is measured by a study's judgements and kept in `why/`; a study without any keeps none.

    format: of its columns; a table of another format, or of another build of the study, is not kept.
    """

    file: str
    format: int

    def is_kept(self, study: Study) -> bool:
        """Whether there is nothing to make."""
        return not study.qrels or is_kept(path_of(study, self.file), self._facts(study))

    def write(self, study: Study, make: Callable[[], pd.DataFrame]) -> None:
        """Make and keep the table, unless it is kept."""
        if not self.is_kept(study):
            write_kept(path_of(study, self.file), make(), self._facts(study))

    def read(self, study: Study) -> pd.DataFrame | None:
        """The table; None before it is made, and for a study without judgements."""
        return read_kept(path_of(study, self.file), self._facts(study)) if study.qrels else None

    def _facts(self, study: Study) -> dict[str, Any]:
        return {"format": self.format, "study": study.manifest["fingerprint"], "pooling": study.pooling}


def n_judged(study: Study) -> int:
    """How many of a study's queries have judgements."""
    return sum(query in study.qrels for query in study.queries.ids)


def path_of(study: Study, file: str) -> Path:
    """Where a study keeps a file of an aspect."""
    return study.path / FOLDER / file

"""What this process may do: everything, or, as an app that is shared with readers, nothing but read.

Each kind of door asks here by itself (`may("start jobs")`, or `require`, which refuses in a sentence): jobs, files,
notes, typed paths and uploads, the language model, downloads. No door asks what the mode is called.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from data.errors import UserError

Action: TypeAlias = Literal["start jobs", "write files", "keep notes", "open paths", "ask models"]
ACTIONS: tuple[Action, ...] = get_args(Action)
VARIABLE = "WORKBENCH_READ_ONLY"
MEANING: dict[Action, str] = {
    "start jobs": "it starts and changes no job",
    "write files": "it writes no file",
    "keep notes": "it keeps no notes",
    "open paths": "it opens no path and takes no upload",
    "ask models": "it sends nothing to a language model",
}


@dataclass(frozen=True)
class Permissions:
    """The actions that are allowed."""

    allowed: frozenset[Action]

    def may(self, action: Action) -> bool:
        return action in self.allowed

    def require(self, action: Action) -> None:
        """Refuse what is not allowed with a `UserError`."""
        if not self.may(action):
            raise UserError(f"this workbench is read-only: {MEANING[action]}")


EVERYTHING, READ_ONLY = Permissions(frozenset(ACTIONS)), Permissions(frozenset())


def permissions() -> Permissions:
    """Those of this process; the variable holds for the processes that it starts, too."""
    return READ_ONLY if os.environ.get(VARIABLE) == "1" else EVERYTHING


def may(action: Action) -> bool:
    """Whether this process may do that."""
    return permissions().may(action)


def require(action: Action) -> None:
    """A `UserError` where this process may not do that."""
    permissions().require(action)


def require_writable(path: Path) -> None:
    """The error of a read-only disk where no file may be written: who meets the one copes with the other."""
    if not may("write files"):
        raise OSError(errno.EROFS, "this workbench is read-only", str(path))

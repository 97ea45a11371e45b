"""What was found of each file of a study, remembered by the file's size, times and number.

Outside of the study, since a study may come from others or be read-only. A file whose content changes has another
time of change, which no program can set.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from data.cache_folder import cache_folder
from data.errors import UserError
from data.files import read_json, write_json

VERSION = 1  # of the checks; another one finds nothing here

State = list[int]  # size, time of content, time of change, number, device
_of_this_process: dict[str, dict[str, Any]] = {}


def state_of(path: Path) -> State:
    """What changes when a file does."""
    stat = os.stat(path, follow_symlinks=False)
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_dev]


def sound_before(study: Path) -> dict[str, State]:
    """name -> state of each file of the study that has been found sound."""
    key = os.path.realpath(study)
    kept = _of_this_process.get(key)
    if kept is None and (path := _path(key)) is not None and path.is_file():
        with suppress(UserError):
            kept = read_json(path)
    fits = isinstance(kept, dict) and kept.get("version") == VERSION and kept.get("study") == key
    return dict(kept["sound"]) if fits and kept and isinstance(kept.get("sound"), dict) else {}


def remember(study: Path, sound: Mapping[str, State]) -> None:
    """Keep the states of files that are sound; where no cache can be written, for this process alone."""
    key = os.path.realpath(study)
    verdict = {"version": VERSION, "study": key, "sound": dict(sound)}
    _of_this_process[key] = json.loads(json.dumps(verdict))
    if (path := _path(key)) is not None:
        with suppress(UserError, OSError):
            write_json(path, verdict)


def _path(key: str) -> Path | None:
    folder = cache_folder()
    return folder / "verdicts" / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json" if folder else None

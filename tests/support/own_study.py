"""A study that a test has changed by hand, which says of itself that it is as it was written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data.checksums import FILES, listed, signed
from data.files import read_json, write_json

_built: list[Path] = []  # where the small study of this run is, as its build left it


def remember_build(folder: Path) -> None:
    """Say where the small study is that `as_built` names."""
    _built[:] = [folder]


def as_built() -> Path:
    """The small study without what other tests of the process have kept in their copy of it; only to be read."""
    return _built[0]


def rewrite(folder: Path, **changes: Mapping[str, Any] | str) -> None:
    """List the study's files as they are now, with parts of its manifest changed: objects by key, others whole."""
    manifest = read_json(folder / "study.json")
    for key, value in changes.items():
        manifest[key] = manifest[key] | value if isinstance(value, Mapping) else value
    write_json(folder / "study.json", signed({**manifest, FILES: listed(folder)}))

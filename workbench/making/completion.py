"""The mark of a complete study: a small file in its folder, for whoever has no time to look.

`stages.is_complete` looks at every part (workbench/making/parts.py), and takes a second to import; a demo that is
opened again must not wait.
"""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Any

from data.checksums import list_unlisted
from data.files import read_json, read_json_object, write_json

MARK = "complete.json"


def mark_complete(folder: Path) -> None:
    """Say that this build of the study keeps all that this version shows, and list what its files hold."""
    list_unlisted(folder)
    write_json(folder / MARK, _facts(folder))


def is_marked(folder: Path) -> bool:
    """Whether `mark_complete` said so of this build of the study, in this version."""
    return (folder / MARK).is_file() and read_json(folder / MARK) == _facts(folder)


def _facts(folder: Path) -> dict[str, Any]:
    version = importlib.metadata.version("latent-terms-workbench")
    return {"study": read_json_object(folder / "study.json").get("fingerprint"), "version": version}

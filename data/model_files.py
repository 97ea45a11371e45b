"""Files beside a model's weights, in its folder or on the hub; each is read only when it is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from data.downloads import is_local_only
from data.files import read_json


def model_file(path: str, name: str) -> Path | None:
    """The local path of file `name` in a model's folder or hub repository; None if it does not exist."""
    if Path(path).is_dir():
        file = Path(path) / name
        return file if file.is_file() else None
    from transformers.utils.hub import cached_file

    try:
        cached = cached_file(
            path,
            name,
            local_files_only=is_local_only(path),
            _raise_exceptions_for_missing_entries=False,
        )
    except OSError:
        return None
    return Path(cached) if cached else None


def model_json(path: str, name: str) -> Any:
    """The value of a model's JSON file; None if the file does not exist, a `UserError` if it is broken."""
    file = model_file(path, name)
    return read_json(file) if file else None

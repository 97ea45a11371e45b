"""Files beside a model, in its folder or on the hub, read only where they are asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def model_file(path: str, name: str) -> Path | None:
    """A file of a model by its name within the folder or hub repository; None where there is none."""
    if Path(path).is_dir():
        file = Path(path) / name
        return file if file.is_file() else None
    from transformers.utils.hub import cached_file

    try:
        found = cached_file(path, name, _raise_exceptions_for_missing_entries=False)
    except OSError:
        return None
    return Path(found) if found else None


def model_json(path: str, name: str) -> Any:
    """What a model's JSON file holds; None where there is none."""
    file = model_file(path, name)
    return json.loads(file.read_text(encoding="utf-8")) if file else None

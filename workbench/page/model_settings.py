"""Where the reader's language model is, remembered between visits: an address and a name, and never a key."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from analyses.labels.explanation_model import KEY_URL
from data.errors import UserError
from data.files import read_json, write_json
from workbench.jobs.artifacts import artifacts


@dataclass(frozen=True)
class ModelSettings:
    """url: what stands before /chat/completions; model: its name there. Both empty before the first use."""

    url: str = ""
    model: str = ""


def settings_file() -> Path:
    return artifacts() / "model.json"


def read_settings() -> ModelSettings:
    """The server named at the start, else what was used last; nothing where the file says something else."""
    try:
        kept = read_json(settings_file())
        last = ModelSettings(str(kept["url"]), str(kept["model"]))
    except (UserError, OSError, KeyError, TypeError):
        last = ModelSettings()
    return replace(last, url=os.environ.get(KEY_URL) or last.url)


def write_settings(settings: ModelSettings) -> None:
    """Remember them."""
    write_json(settings_file(), asdict(settings))

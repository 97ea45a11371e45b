"""Where the reader's language model is, remembered between visits: an address and a name, and never a key."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from data.errors import UserError
from data.files import read_json, write_json
from workbench.artifacts import artifacts


@dataclass(frozen=True)
class ModelSettings:
    """url: what stands before /chat/completions; model: its name there. Both empty before the first use."""

    url: str = ""
    model: str = ""


def settings_file() -> Path:
    return artifacts() / "model.json"


def read_settings() -> ModelSettings:
    """What was used last; nothing where the file is missing or says something else."""
    try:
        kept = read_json(settings_file())
        return ModelSettings(str(kept["url"]), str(kept["model"]))
    except (UserError, OSError, KeyError, TypeError):
        return ModelSettings()


def write_settings(settings: ModelSettings) -> None:
    """Remember them."""
    write_json(settings_file(), asdict(settings))

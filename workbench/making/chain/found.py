"""The SAEs that are there to index with: those that were trained or imported here, and those of studies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from data.errors import UserError
from data.files import read_json_object
from workbench.jobs.artifacts import artifacts

CONFIG = "cfg.json"


@dataclass(frozen=True)
class FoundSae:
    """path: its folder. title: its name, and of which study it is. encoder: "" where it does not say."""

    path: Path
    title: str
    n_latents: int
    encoder: str


def found_saes(studies: Iterable[Path] = ()) -> list[FoundSae]:
    """SAEs under `artifacts()` and of these studies, without those that cannot be read."""
    kept = artifacts() / "saes"
    folders = [
        path.parent for path in (*sorted(kept.glob(f"*/{CONFIG}")), *sorted(kept.glob(f"*/seed-*/{CONFIG}")))
    ]
    titles = {folder: folder.relative_to(kept).as_posix() for folder in folders}
    titles |= {study / "sae": f"of the study {study.name}" for study in studies}
    found = (_read(folder.resolve(), title) for folder, title in titles.items())
    return [one for one in found if one is not None]


def _read(folder: Path, title: str) -> FoundSae | None:
    try:
        config = read_json_object(folder / CONFIG)
        trained_on = (config.get("metadata") or {}).get("trained_on") or {}
        model = (trained_on.get("encoder") or {}).get("config", {}).get("model", "")
        return FoundSae(folder, title, int(config["d_sae"]), str(model))
    except (UserError, OSError, LookupError, TypeError, ValueError, AttributeError):
        return None

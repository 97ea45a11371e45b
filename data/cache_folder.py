"""Where small facts about files are remembered between commands; removing it is safe."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path

VARIABLE = "WORKBENCH_CACHE"


def cache_folder() -> Path | None:
    """$WORKBENCH_CACHE, or the user's own cache folder; None for a user who has neither."""
    if named := os.environ.get(VARIABLE):
        return Path(named)
    try:
        folder = user_cache_path("latent-terms-workbench")
    except (RuntimeError, KeyError):  # no home
        return None
    return folder if folder.is_absolute() else None

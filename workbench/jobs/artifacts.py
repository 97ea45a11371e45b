"""Where everything that can be made again is kept; removing any part of it is safe."""

from __future__ import annotations

import os
from pathlib import Path


def artifacts() -> Path:
    """./artifacts, or $WORKBENCH_ARTIFACTS."""
    return Path(os.environ.get("WORKBENCH_ARTIFACTS", "artifacts"))

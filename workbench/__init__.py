"""The app and the command line, and one import for notebooks: `from workbench import Study, explain, why`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["ASSETS", "Study", "ablate", "compare", "explain", "index", "latent", "train", "why"]
ASSETS = Path(__file__).parent / "assets"


def __getattr__(name: str) -> Any:
    """What notebooks import is loaded when it is asked for, so that the command line need not wait for it."""
    if name in __all__:
        return getattr(import_module("workbench.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

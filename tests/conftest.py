"""Fixtures that several packages' tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_collections() -> Path:
    """Folder with the real test collections; a test that needs it skips where it is not."""
    folder = Path(os.environ.get("WORKBENCH_COLLECTIONS", REPOSITORY.parent / "shared" / "collections"))
    if not folder.is_dir():
        pytest.skip(f"needs real test collections in {folder} (or set WORKBENCH_COLLECTIONS)")
    return folder

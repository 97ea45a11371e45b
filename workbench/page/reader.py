"""Who writes: the name under which this person's changes are kept, in every tab and on the command line."""

from __future__ import annotations

import getpass

from data.permissions import may


def reader() -> str:
    """The name of the account that runs the workbench; `reader` where it has none, or serves others."""
    if not may("keep notes"):
        return "reader of this session"
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "reader"

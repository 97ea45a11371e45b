"""Who writes: the name under which this person's changes are kept, in every tab and on the command line."""

from __future__ import annotations

import getpass


def reader() -> str:
    """The name of the account that runs the workbench; `reader` where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "reader"

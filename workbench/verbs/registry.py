"""The verbs of `workbench`, one small file each, in the order of `contents` and under the headings of `--help`.

A verb's file is named after it. What needs torch or pandas is imported inside its `run`, so that `--help` is fast.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from workbench.contents import CONTENTS
from workbench.contents_entry import Panel

PANELS: dict[Panel, str] = {
    "make": "Make",
    "read": "Read the vocabulary",
    "rank": "Rank, and say why",
    "explain": "Explain one text, one ranking",
    "look": "Look, and print",
}


@dataclass(frozen=True)
class Verb:
    """name: as it is typed. run: its options are the parameters, its help the docstring. panel: its heading.

    formerly: older names, which go on working and print the new one.
    """

    name: str
    run: Callable[..., None]
    panel: str
    formerly: tuple[str, ...] = ()


VERBS = tuple(
    Verb(
        entry.slug,
        import_module(f"workbench.verbs.{entry.verb}.{entry.module}").run,
        title,
        tuple(entry.former("verb")),
    )
    for folder, title in PANELS.items()
    for entry in CONTENTS
    if entry.verb == folder
)
CURRENT_NAMES = {former: verb.name for verb in VERBS for former in verb.formerly}

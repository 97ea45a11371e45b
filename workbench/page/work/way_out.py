"""The way out of an error that names the command which mends it: the button that queues that command."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from workbench.page import frame
from workbench.page.sharing import offers
from workbench.page.work import offer

NAMED = re.compile(r"`workbench (complete|check) ([^`]+)`")


@dataclass(frozen=True)
class WayOut:
    """argv, title: of the job. name: on its button. sentence: what it does. folder: the study that it mends."""

    argv: tuple[str, ...]
    title: str
    name: str
    sentence: str
    folder: Path


def way_out(error: str, known: Iterable[Path]) -> WayOut | None:
    """The job that an error's sentence names, for one of the app's own studies; None where it names none."""
    named = NAMED.search(error)
    folder = next((path for path in known if named and str(path) == named[2]), None)
    if named is None or folder is None:
        return None
    path = str(folder.resolve())
    if named[1] == "complete":
        what = "What the study lacks is made from what it has."
        return WayOut(("complete", path), f"Complete {folder.name}", "Complete it", what, folder)
    what = (
        "What is damaged is made again where it follows from the rest; the job's output names what does not."
    )
    return WayOut(("check", path, "--repair"), f"Repair {folder.name}", "Repair it", what, folder)


def show(error: str) -> None:
    """Offer the way out, where there is one."""
    out = way_out(error, frame.studies().values())
    if out is not None and offers.can_keep(out.folder):
        offer.offer(out.argv, out.title, out.name, out.sentence, writes=out.folder)

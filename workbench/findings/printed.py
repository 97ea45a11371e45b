"""Findings as they are printed: in sections, each with its picture, the facts under it and its table."""

from __future__ import annotations

import re
import shlex
import time
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from analyses.labels.findings import Finding, build_of, findings, keep_picture
from data.errors import UserError
from data.permissions import may
from retrieval.study import Study
from workbench.contents import CONTENTS
from workbench.findings.pictures import drawn

ANOTHER_BUILD = "another build of the study"
NO_PICTURE = "The picture is not drawn: no browser was at hand where this was exported."
TITLES = {entry.slug: entry.title for entry in CONTENTS if entry.title}
NAMES = {"q": "query", "doc": "document", "other": "other document", "k": "first"}
OPENED = re.compile(r"""Study\.open\(('[^'\n]*'|"[^"\n]*")\)""")
STUDY_WORD = 2  # workbench VERB STUDY
WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class Printed:
    """A finding with its number, from 1, and whether its numbers are of another build of the study."""

    number: int
    finding: Finding
    outdated: bool

    @property
    def name(self) -> str:
        """Of its files: `03-frequency-bands`."""
        words = WORD.findall(self.finding.title.lower())[:6]
        return "-".join([f"{self.number:02d}", *(words or [self.finding.page])])[:60]

    @property
    def origin(self) -> str:
        """`Frequency bands, pinned 2026-11-30 18:40, another build of the study`."""
        pinned = time.strftime("%Y-%m-%d %H:%M", time.localtime(self.finding.time))
        build = f", {ANOTHER_BUILD}" if self.outdated else ""
        return f"{TITLES.get(self.finding.page, self.finding.page)}, pinned {pinned}{build}"

    @property
    def address(self) -> list[tuple[str, str]]:
        """The parameters of its address, in words where there are better ones."""
        return sorted((NAMES.get(name, name), value) for name, value in self.finding.parameters.items())

    @property
    def picture(self) -> str:
        """The SVG as an address that a page can show."""
        return f"data:image/svg+xml;base64,{b64encode(self.finding.picture.encode()).decode('ascii')}"

    def head(self, rows: int) -> pd.DataFrame:
        """The first rows, numbers to five digits."""
        return self.finding.frame().head(rows).map(_readable)

    def rest(self, rows: int) -> str:
        """A sentence on the rows that `head` leaves out; "" where there are none."""
        more = self.finding.rows - min(rows, len(self.finding.frame()))
        return f"and {more:,} more rows" if more > 0 else ""


def shown_findings(study: Study) -> list[Finding]:
    """All of them; in an app that is shared with readers, without the folders of whoever pinned them."""
    found = findings(study)
    return found if may("open paths") else [_without_folders(finding) for finding in found]


def printed(study: Study) -> list[Printed]:
    """All findings, those of one section together, sections in the order of their first."""
    build, found = build_of(study), shown_findings(study)
    order = list(dict.fromkeys(finding.section for finding in found))
    found.sort(key=lambda finding: order.index(finding.section))
    return [Printed(n, finding, finding.build != build) for n, finding in enumerate(found, 1)]


def with_pictures(study: Study, some: Sequence[Printed]) -> list[Printed]:
    """The same with the pictures that were missing, which the study keeps; without them where none can be drawn."""
    missing = [one for one in some if one.finding.chart and not one.finding.picture]
    if not missing or not may("start jobs"):
        return list(some)
    try:
        pictures = drawn([one.finding.chart for one in missing])
    except UserError:  # no browser
        return list(some)
    made = {one.number: picture.decode() for one, picture in zip(missing, pictures, strict=True)}
    for one in missing:
        keep_picture(study, one.finding, made[one.number])
    return [
        replace(one, finding=replace(one.finding, picture=made.get(one.number, one.finding.picture)))
        for one in some
    ]


def _without_folders(finding: Finding) -> Finding:
    """The calls with each study's name in place of its path."""
    python = OPENED.sub(lambda match: f"Study.open({Path(match[1][1:-1]).name!r})", finding.python)
    try:
        words = shlex.split(finding.command)
    except ValueError:  # of a file that was written by hand
        words = []
    command = [
        Path(word).name if n == STUDY_WORD or word.startswith("/") else word for n, word in enumerate(words)
    ]
    return replace(finding, python=python, command=shlex.join(command))


def _readable(cell: object) -> str:
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, float):
        return f"{cell:,.0f}" if cell.is_integer() and abs(cell) < 1e15 else f"{cell:.5g}"
    return f"{cell:,}" if isinstance(cell, int) and not isinstance(cell, bool) else str(cell)

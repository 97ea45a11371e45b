"""All findings as Markdown: a zip of findings.md, pictures/ (SVG), tables/ (CSV) and findings.json."""

from __future__ import annotations

import re
from collections.abc import Sequence
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pandas as pd

from analyses.labels.findings_json import findings_to_json
from data.csv_text import csv_of
from data.visible import visible
from retrieval.study import Study
from workbench.findings.printed import NO_PICTURE, Printed, shown_findings

ROWS = 12
SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$^=:])")


def markdown_zip(study: Study, some: Sequence[Printed]) -> bytes:
    """The zip's bytes."""
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        archive.writestr("findings.md", markdown(study, some))
        for one in some:
            if one.finding.picture:
                archive.writestr(f"pictures/{one.name}.svg", one.finding.picture)
            if one.finding.table:
                archive.writestr(f"tables/{one.name}.csv", csv_of(one.finding.frame()))
        archive.writestr("findings.json", findings_to_json(study, shown_findings(study)))
    return packed.getvalue()


def markdown(study: Study, some: Sequence[Printed]) -> str:
    """findings.md: no text of a corpus is read as Markdown or HTML."""
    lines, section = [f"# Findings in {plain(study.name)}", ""], ""
    for one in some:
        if one.finding.section != section:
            section = one.finding.section
            lines += [f"## {plain(section or 'Others')}", ""]
        lines += [f"### {plain(one.finding.title)}", ""]
        lines += [f"{plain(line)}  " for line in one.finding.note.split("\n") if line]
        lines += [""] if one.finding.note else []
        if one.finding.picture:
            lines += [f"![{plain(one.finding.title)}](pictures/{one.name}.svg)", ""]
        elif one.finding.chart:
            lines += [NO_PICTURE, ""]
        facts = [one.origin, *(f"{name} = {value}" for name, value in one.address)]
        lines += [plain("; ".join(facts)), ""]
        if one.finding.table:
            whole = f"[Every row kept](tables/{one.name}.csv)"
            lines += [*table_lines(one.head(ROWS)), "", f"{whole} {one.rest(ROWS)}".strip(), ""]
        if one.finding.python:
            lines += [*fenced(one.finding.python, "python"), ""]
        if one.finding.command:
            lines += [*fenced(one.finding.command, "sh"), ""]
    return "\n".join(lines).rstrip() + "\n"


def table_lines(shown: pd.DataFrame) -> list[str]:
    """A table in Markdown; each cell on one line."""
    rows = [list(shown.columns), ["---"] * len(shown.columns), *shown.to_numpy().tolist()]
    return [
        f"| {' | '.join(cell if place == 1 else plain(cell) for cell in row)} |"
        for place, row in enumerate(rows)
    ]


def plain(text: object) -> str:
    """A text that Markdown shows as it is."""
    line = " ".join(visible(str(text)).split())
    return SPECIAL.sub(r"\\\1", line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def fenced(text: str, language: str) -> list[str]:
    """A block of code, within more backticks than it holds."""
    fence = "`" * max(3, 1 + max(map(len, re.findall(r"`+", text)), default=0))
    return [f"{fence}{language}", text.rstrip("\n"), fence]

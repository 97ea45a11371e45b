"""Findings as a JSON file, for export and import; an export taken in again changes nothing.

    {"format": "latent-findings", "version": 1, "study": NAME, "findings": [{"id": ..., "page": "laws", ...}, ...]}

The order of the list is the reader's. Pictures stay out: they follow from the charts. A file that is broken or of
another format is a `UserError` and changes nothing. Findings of another build or another study may come in: each
says of which build its numbers are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from analyses.labels.findings import (
    LONGEST_CHART,
    MOST_COLUMNS,
    MOST_FINDINGS,
    MOST_ROWS,
    SCHEMA,
    Finding,
    cleaned,
    findings,
    insert,
)
from analyses.labels.notes_file import writing
from data.errors import UserError
from retrieval.study import Study

FORMAT, VERSION = "latent-findings", 1
PATTERNS = {"id": re.compile(r"[0-9a-f]{32}"), "page": re.compile(r"[a-z0-9-]{1,60}")}
TEXTS = tuple(one.name for one in fields(Finding) if one.type == "str" and one.name != "picture")
LONGEST = 20_000  # characters of a text other than chart and table
CELL = (str, int, float, bool, type(None))


@dataclass(frozen=True)
class FindingsImport:
    """A file's findings beside the study's: new ones, equal ones, and those that would overwrite another text."""

    new: tuple[Finding, ...]
    same: tuple[Finding, ...]
    overwriting: tuple[Finding, ...]

    @property
    def summary(self) -> str:
        """`3 new, 1 the same, 2 overwritten: "Frequency bands" and 1 more`."""
        counts = f"{len(self.new):,} new, {len(self.same):,} the same, {len(self.overwriting):,} overwritten"
        more = f" and {len(self.overwriting) - 1:,} more" if len(self.overwriting) > 1 else ""
        return counts + (f': "{self.overwriting[0].title}"{more}' if self.overwriting else "")


def findings_to_json(study: Study, chosen: Sequence[Finding] | None = None) -> str:
    """The chosen findings, or all of them, as the text of a file; equal findings give equal text."""
    value = {
        "format": FORMAT,
        "version": VERSION,
        "study": study.name,
        "findings": [_record(finding) for finding in (findings(study) if chosen is None else chosen)],
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def read_findings(study: Study, content: str | bytes) -> FindingsImport:
    """What an import of a file would change; a file that cannot be taken in is a `UserError`."""
    here = {finding.id: replace(finding, picture="") for finding in findings(study)}
    new: list[Finding] = []
    same: list[Finding] = []
    overwriting: list[Finding] = []
    for finding in findings_from_json(content):
        before = here.get(finding.id)
        (new if before is None else same if before == finding else overwriting).append(finding)
    return FindingsImport(tuple(new), tuple(same), tuple(overwriting))


def import_findings(study: Study, imported: FindingsImport) -> int:
    """Take in the new and the changed ones, all or none; how many."""
    taken = (*imported.new, *imported.overwriting)
    if taken:
        with writing(study, SCHEMA) as notes:
            for finding in taken:
                insert(notes, finding)
    return len(taken)


def findings_from_json(content: str | bytes) -> list[Finding]:
    """The findings of a file; a `UserError` that says what is wrong with it where it is none."""
    try:
        value = json.loads(content if isinstance(content, str) else content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"this file is not JSON ({error}): expected an export of findings") from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise UserError(f'this file holds no findings: expected JSON with "format": "{FORMAT}"')
    if value.get("version") != VERSION:
        raise UserError(
            f"these findings are of version {value.get('version')!r}, expected {VERSION}: read them with the "
            "workbench that wrote them"
        )
    rows = value.get("findings")
    if not isinstance(rows, list) or len(rows) > MOST_FINDINGS:
        raise UserError(
            f'expected a list "findings" of {MOST_FINDINGS} at most in this file: export them anew'
        )
    read = [_read(row, f"entry {place} of this file") for place, row in enumerate(rows, 1)]
    if len({finding.id for finding in read}) < len(read):
        raise UserError("one finding stands twice in this file: expected each once")
    return read


def _record(finding: Finding) -> dict[str, Any]:
    record = {one.name: getattr(finding, one.name) for one in fields(Finding) if one.name != "picture"}
    record["parameters"] = dict(finding.parameters)
    for name in ("chart", "table"):
        record[name] = json.loads(record[name]) if record[name] else None
    return record


def _read(row: Any, where: str) -> Finding:
    if not isinstance(row, dict):
        raise UserError(f"{where} is no finding: expected an object with page, title and the like")
    record = dict(row)
    try:
        for name in ("chart", "table"):
            value = record.get(name)
            record[name] = "" if value is None else json.dumps(value, allow_nan=False)
        return cleaned(_checked(record))
    except (ValueError, TypeError, RecursionError) as error:
        raise UserError(f"{where} is no finding that can be read: {error}") from None


def _checked(record: dict[str, Any]) -> Finding:
    """The finding; a `ValueError` says what it has that a finding has not."""
    known = {one.name for one in fields(Finding)} - {"picture"}
    if unknown := sorted(set(record) - known):
        raise ValueError(f"{unknown[0]!r} is unknown")
    if missing := sorted({"id", "page", "title", "build", "parameters"} - set(record)):
        raise ValueError(f"it has no {missing[0]!r}")
    for name in TEXTS:
        if not isinstance(record.get(name, ""), str):
            raise ValueError(f"expected text as {name!r}")
        record.get(name, "").encode()  # half a character is a ValueError
        if name not in ("chart", "table") and len(record.get(name, "")) > LONGEST:
            raise ValueError(f"its {name!r} is longer than {LONGEST:,} characters")
    for name, pattern in PATTERNS.items():
        if not pattern.fullmatch(record[name]):
            raise ValueError(f"{record[name][:40]!r} is no {name!r} of a finding")
    parameters = record["parameters"]
    if not isinstance(parameters, dict) or not all(isinstance(each, str) for each in parameters.values()):
        raise ValueError("expected an object of texts as 'parameters'")
    "".join([*parameters, *parameters.values()]).encode()
    if (
        not _is_number(record.get("time", 0.0))
        or type(record.get("rows", 0)) is not int
        or record.get("rows", 0) < 0
    ):
        raise ValueError("expected numbers as 'time' and 'rows'")
    if len(record["chart"]) > LONGEST_CHART or (record["chart"] and not _is_chart(record["chart"])):
        raise ValueError("its 'chart' is no figure of plotly of the usual size")
    if record["table"] and not _is_table(json.loads(record["table"])):
        raise ValueError("its 'table' is no table with 'columns' and 'rows'")
    return Finding(**{**record, "time": float(record.get("time", 0.0))})


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e11


def _is_chart(text: str) -> bool:
    chart = json.loads(text)
    return (
        isinstance(chart, dict)
        and isinstance(chart.get("data"), list)
        and isinstance(chart.get("layout", {}), dict)
    )


def _is_table(table: Any) -> bool:
    if not isinstance(table, dict) or set(table) != {"columns", "rows"}:
        return False
    columns, rows = table["columns"], table["rows"]
    if not isinstance(columns, list) or not isinstance(rows, list):
        return False
    if (
        len(columns) > MOST_COLUMNS
        or len(rows) > MOST_ROWS
        or not all(isinstance(name, str) for name in columns)
    ):
        return False
    return all(
        isinstance(row, list) and len(row) == len(columns) and all(isinstance(cell, CELL) for cell in row)
        for row in rows
    )

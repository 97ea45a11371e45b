"""Findings: what a reader pinned of a page, kept in the study's notes.sqlite until the reader deletes it.

    findings(id, place, deleted, page, parameters, title, note, section, build, writer, time, python, command,
             chart, table_json, rows, picture)

chart is plotly's JSON, table the numbers behind it, picture an SVG that follows from the chart. A change names what
its writer saw and is refused where that is no longer current. What is deleted can be brought back, the last first,
until MOST_DELETED others were deleted after it.
"""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

import pandas as pd

from analyses.labels.note_text import clean_label, clean_note
from analyses.labels.notes_file import read, writing
from data.checksums import CHECKSUM, FILES
from data.errors import UserError
from data.files import fingerprint
from retrieval.study import Study

MOST_ROWS, MOST_COLUMNS = 2_000, 60  # of a table
LONGEST_CHART = 4_000_000  # characters of plotly's JSON
MOST_DELETED, MOST_FINDINGS = 20, 500
SCHEMA = """create table if not exists findings (
    id text primary key, place real not null, deleted real, page text not null, parameters text not null,
    title text not null, note text not null, section text not null, build text not null, writer text not null,
    time real not null, python text not null, command text not null, chart blob not null, table_json blob not null,
    rows integer not null, picture blob not null)"""
TEXTS = ("page", "title", "note", "section", "build", "writer", "python", "command")
PACKED = {"chart": "chart", "table": "table_json", "picture": "picture"}  # field -> column, compressed
COLUMNS = ("id", "place", "parameters", *TEXTS, "time", "rows", *PACKED.values())
SELECT = f"select {', '.join(COLUMNS)} from findings where"
Editable = Literal["title", "note", "section"]
EDITABLE: tuple[Editable, ...] = ("title", "note", "section")


@dataclass(frozen=True)
class Finding:
    """A pinned view. page, parameters: its address. build: of the study it was pinned in, as `build_of` gives it.

    section: the group under which the reader has put it. python, command: what gives the same numbers, "" where
    nothing does. table: JSON of {"columns", "rows"}; rows: how many the whole table has. chart, picture: or "".
    """

    page: str
    parameters: Mapping[str, str]
    title: str
    build: str
    note: str = ""
    section: str = ""
    python: str = ""
    command: str = ""
    chart: str = ""
    table: str = ""
    rows: int = 0
    picture: str = ""
    writer: str = ""
    time: float = 0.0
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def frame(self) -> pd.DataFrame:
        """The table, as far as it is kept; an empty one where there is none."""
        kept = json.loads(self.table) if self.table else {"columns": [], "rows": []}
        return pd.DataFrame(kept["rows"], columns=kept["columns"])


def build_of(study: Study) -> str:
    """What differs between two builds of a study, and stays when a part is added to one."""
    return build_of_manifest(study.manifest)


def build_of_manifest(manifest: Mapping[str, Any]) -> str:
    return fingerprint({key: value for key, value in manifest.items() if key not in (FILES, CHECKSUM)})


def findings(study: Study) -> list[Finding]:
    """All that are not deleted, in the reader's order."""
    return [_finding(row) for row in read(study, f"{SELECT} deleted is null order by place, id")]


def n_findings(study: Study) -> int:
    """How many there are, without reading them."""
    rows = read(study, "select count(*) from findings where deleted is null")
    return int(rows[0][0]) if rows else 0


def pin(study: Study, finding: Finding, writer: str) -> Finding:
    """Keep a new one, the last in order."""
    kept = cleaned(replace(finding, writer=writer, time=finding.time or time.time()))
    with writing(study, SCHEMA) as notes:
        insert(notes, kept)
    return kept


def change(study: Study, seen: Finding, **changes: str) -> Finding:
    """Another title, note or section; a `UserError` where one of them has been changed since it was seen."""
    after = cleaned(replace(seen, **changes))  # type: ignore[arg-type]  # texts alone
    with writing(study, SCHEMA) as notes:
        now = _existing(notes, seen)
        for name in changes:
            if getattr(now, name) not in (getattr(seen, name), getattr(after, name)):
                raise UserError(
                    f'the {name} of this finding has been changed meanwhile to "{getattr(now, name)[:80]}": look '
                    "at it, and change it again if you still want to"
                )
        after = replace(now, **{name: getattr(after, name) for name in changes})
        _update(notes, after, EDITABLE)
    return after


def pin_again(study: Study, seen: Finding, today: Finding) -> Finding:
    """Replace picture, table, call and build by today's; address, title, note, section and place stay."""
    fresh = cleaned(replace(today, id=seen.id, title=seen.title, note=seen.note, section=seen.section))
    with writing(study, SCHEMA) as notes:
        now = _existing(notes, seen)
        after = replace(fresh, title=now.title, note=now.note, section=now.section, writer=now.writer)
        after = replace(after, page=now.page, parameters=now.parameters, time=today.time or time.time())
        _update(notes, after, ("build", "python", "command", "time", "rows", *PACKED))
    return after


def keep_picture(study: Study, finding: Finding, picture: str) -> None:
    """Keep the picture that was drawn of its chart, unless the chart is another by now."""
    with writing(study, SCHEMA) as notes:
        row = notes.execute(f"{SELECT} id = ?", (finding.id,)).fetchone()
        if row is not None and (now := _finding(row)).chart == finding.chart:
            _update(notes, replace(now, picture=picture), ("picture",))


def move(study: Study, finding: Finding, steps: int) -> None:
    """Move one up (steps < 0) or down among all; at an end it stays."""
    with writing(study, SCHEMA) as notes:
        order = [
            row[0]
            for row in notes.execute("select id from findings where deleted is null order by place, id")
        ]
        if finding.id not in order:
            raise UserError("this finding has been deleted meanwhile")
        before = order.index(finding.id)
        order.insert(min(max(before + steps, 0), len(order) - 1), order.pop(before))
        notes.executemany(
            "update findings set place = ? where id = ?", [(n, one) for n, one in enumerate(order)]
        )


def delete(study: Study, finding: Finding) -> None:
    """Put one aside; `restore` brings it back. One that is deleted already stays so."""
    with writing(study, SCHEMA) as notes:
        notes.execute(
            "update findings set deleted = ? where id = ? and deleted is null", (time.time(), finding.id)
        )
        notes.execute(
            "delete from findings where deleted is not null and id not in "
            "(select id from findings where deleted is not null order by deleted desc limit ?)",
            (MOST_DELETED,),
        )


def last_deleted(study: Study) -> Finding | None:
    """What `restore` brings back next."""
    rows = read(study, f"{SELECT} deleted is not null order by deleted desc limit 1")
    return _finding(rows[0]) if rows else None


def restore(study: Study, finding: Finding) -> None:
    """Bring a deleted one back to its place."""
    with writing(study, SCHEMA) as notes:
        done = notes.execute(
            "update findings set deleted = null where id = ? and deleted is not null", (finding.id,)
        )
        if not done.rowcount:
            raise UserError("this finding is not among the deleted ones any more")


def table_json(table: pd.DataFrame) -> str:
    """The first MOST_ROWS rows as JSON; what JSON has no number for is null."""
    first = table.iloc[:MOST_ROWS, :MOST_COLUMNS]
    rows = json.loads(
        first.to_json(orient="values", double_precision=15, date_format="iso", default_handler=str)
    )
    return json.dumps({"columns": [str(name) for name in first.columns], "rows": rows})


def cleaned(finding: Finding) -> Finding:
    """With tidy texts and JSON spelled in one way; a chart that is too large is left out."""
    if len(finding.chart) > LONGEST_CHART:
        finding = replace(finding, chart="", picture="")
    return replace(
        finding,
        title=clean_label(finding.title[:120]) or finding.page,
        section=clean_label(finding.section),
        note=clean_note(finding.note),
        chart=_spelled(finding.chart),
        table=_spelled(finding.table),
    )


def _spelled(text: str) -> str:
    return json.dumps(json.loads(text)) if text else ""


def insert(notes: sqlite3.Connection, finding: Finding) -> None:
    """Within a transaction: add one at the end, in place of one of the same id."""
    n, last = notes.execute(
        "select count(*), coalesce(max(place), -1) from findings where deleted is null"
    ).fetchone()
    if n >= MOST_FINDINGS:
        raise UserError(f"this study has {n:,} findings already: delete some, or export them first")
    notes.execute("delete from findings where id = ?", (finding.id,))
    values = {"place": float(last) + 1, **_columns(finding)}
    marks = ", ".join("?" * len(COLUMNS))
    notes.execute(
        f"insert into findings ({', '.join(COLUMNS)}) values ({marks})", [values[name] for name in COLUMNS]
    )


def _existing(notes: sqlite3.Connection, seen: Finding) -> Finding:
    row = notes.execute(f"{SELECT} id = ? and deleted is null", (seen.id,)).fetchone()
    if row is None:
        raise UserError("this finding has been deleted meanwhile")
    return _finding(row)


def _update(notes: sqlite3.Connection, finding: Finding, names: Sequence[str]) -> None:
    values = _columns(finding)
    columns = [PACKED.get(name, name) for name in names]
    settings = ", ".join(f"{column} = ?" for column in columns)
    notes.execute(
        f"update findings set {settings} where id = ?", [*(values[column] for column in columns), finding.id]
    )


def _columns(finding: Finding) -> dict[str, Any]:
    packed = {column: zlib.compress(getattr(finding, name).encode()) for name, column in PACKED.items()}
    plain = {name: getattr(finding, name) for name in ("id", *TEXTS, "time", "rows")}
    return {**plain, **packed, "parameters": json.dumps(dict(finding.parameters))}


def _finding(row: Sequence[Any]) -> Finding:
    values = dict(zip(COLUMNS, row, strict=True))
    packed = {name: zlib.decompress(values[column]).decode() for name, column in PACKED.items()}
    known = {one.name for one in fields(Finding)} - set(PACKED)
    plain: dict[str, Any] = {name: value for name, value in values.items() if name in known}
    return Finding(**plain | packed | {"parameters": json.loads(values["parameters"])})

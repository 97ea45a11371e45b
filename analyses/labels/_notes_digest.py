"""SHA-256 over all rows of a notes database, kept in it, so that no other content passes for what was written."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from data.errors import UserError

TABLE = "content_digest"

_sound: dict[Path, tuple[int, int, int]] = {}  # database -> its state when its rows were as written


def write_digest(notes: sqlite3.Connection) -> None:
    """Keep the digest of what a transaction leaves, as its last statement."""
    notes.execute(f"create table if not exists {TABLE} (digest text not null)")
    notes.execute(f"delete from {TABLE}")
    notes.execute(f"insert into {TABLE} values (?)", (_digest(notes),))


def check_content(notes: sqlite3.Connection, path: Path) -> None:
    """Raise a `UserError` where the rows are not those of the digest; a database of before has none, and passes.

    Rows are read only where the file has changed since this process last did.
    """
    if not path.is_file():  # a copy in memory of nothing
        return
    stat = os.stat(path)
    state = (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
    if _sound.get(path) == state:
        return
    tables = _tables(notes)  # from here on nobody else writes
    size = path.stat().st_size
    if not size:
        raise UserError(f"{path} is damaged: it is empty; move it away, and import your last export")
    if size != _pragma(notes, "page_count") * _pragma(notes, "page_size"):
        raise UserError(f"{path} is damaged: it was cut short; move it away, and import your last export")
    if TABLE in tables:
        kept = notes.execute(f"select digest from {TABLE}").fetchall()
        if [digest for (digest,) in kept] != [_digest(notes)]:
            raise UserError(
                f"{path} is damaged: its rows are not those that were written; move it away, and import your last "
                "export"
            )
    _sound[path] = state


def begin_database(path: Path) -> None:
    """Write a database without rows; `create_file` has it whole at once, so that a file of 0 bytes is damage."""
    with closing(sqlite3.connect(path)) as notes, notes:
        write_digest(notes)


def _digest(notes: sqlite3.Connection) -> str:
    digest = hashlib.sha256()
    for table in sorted(set(_tables(notes)) - {TABLE}):
        digest.update(repr(table).encode())
        quoted = table.replace('"', '""')
        for row in notes.execute(f'select * from "{quoted}" order by rowid'):
            digest.update(repr(row).encode())
    return digest.hexdigest()


def _pragma(notes: sqlite3.Connection, name: str) -> int:
    return int(notes.execute(f"pragma {name}").fetchone()[0])


def _tables(notes: sqlite3.Connection) -> list[str]:
    """Tables of ours; a damaged one may list names that are no text."""
    names = notes.execute("select name from sqlite_master where type = 'table'").fetchall()
    return [str(name) for (name,) in names if not str(name).startswith("sqlite_")]

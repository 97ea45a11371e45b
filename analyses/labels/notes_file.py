"""A study's notes.sqlite: notes, judgements and explanations of its latents.

A change is one transaction that holds SQLite's write lock from its first statement; others wait for the lock,
up to WAIT seconds. So two tabs or two processes may write, and values read inside a transaction are still
current when it ends. The journal is SQLite's default rollback journal: a write-ahead log needs shared memory,
which network disks lack. Every row has the fingerprint of its latent's SAE, so that notes.sqlite can be
copied to a rebuilt study, where rows of another SAE are ignored. SQLite finds a damaged page, but not a letter that
has become another: the digest of all rows is kept beside them (_notes_digest.py).
A process that may keep no notes changes a reader's own copy in memory (`keep_copies`), and where there is no
reader, nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from analyses.labels._notes_copy import Copies, NotesCopy, connect_to_read, copies, keep_copies, with_copies
from analyses.labels._notes_digest import begin_database, check_content, write_digest
from data.errors import UserError
from data.files import create_file
from data.permissions import require
from retrieval.study import Study

__all__ = [
    "Copies",
    "check_latent",
    "copies",
    "keep_copies",
    "notes_path",
    "read",
    "sae_of",
    "with_copies",
    "writing",
]
WAIT = 30.0  # seconds


@contextmanager
def writing(study: Study, schema: str) -> Iterator[sqlite3.Connection]:
    """One transaction on the study's notes, all or nothing. schema: the table's, created if missing."""
    path = notes_path(study)
    with _database_errors(path), _to_write(path) as notes:
        notes.execute("begin immediate")
        try:
            check_content(notes, path)
            notes.execute(schema)
            yield notes
            write_digest(notes)
        except BaseException:
            notes.execute("rollback")
            raise
        notes.execute("commit")


def read(study: Study, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of a query; none where the study has no notes.sqlite or no such table."""
    path = notes_path(study)
    with _database_errors(path), _to_read(path) as notes:
        if notes is None:
            return []
        notes.execute("begin")  # rows and digest are of one moment
        try:
            check_content(notes, path)
            return notes.execute(query, values).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise
        finally:
            if notes.in_transaction:
                notes.execute("rollback")


@contextmanager
def _to_write(path: Path) -> Iterator[sqlite3.Connection]:
    """The reader's copy where there are such, else the study's file, if this process may change it."""
    own = copies()
    if own is not None:
        if path not in own:
            own[path] = NotesCopy(path)
        with own[path].connection() as notes:
            yield notes
        return
    require("keep notes")
    create_file(path, begin_database)
    with closing(sqlite3.connect(path, timeout=WAIT, isolation_level=None)) as notes:
        yield notes


@contextmanager
def _to_read(path: Path) -> Iterator[sqlite3.Connection | None]:
    """The reader's copy where there is one, else the study's file; None where there is neither."""
    own = copies()
    if own is not None and path in own:
        with own[path].connection() as notes:
            yield notes
    elif path.is_file():
        with closing(connect_to_read(path)) as notes:
            yield notes
    else:
        yield None


def notes_path(study: Study) -> Path:
    return study.path / "notes.sqlite"


def sae_of(study: Study) -> str:
    """Fingerprint of the study's SAE, by which rows are found."""
    return str(study.manifest["sae"]["fingerprint"])


def check_latent(study: Study, latent: int) -> None:
    """A latent that the SAE does not have is a `UserError`."""
    if not 0 <= latent < study.n_latents:
        raise UserError(f"latent {latent} is outside this SAE: choose 0 to {study.n_latents - 1}")


@contextmanager
def _database_errors(path: Path) -> Iterator[None]:
    """SQLite's errors as `UserError`s."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        message = str(error)
        if "locked" in message:
            raise UserError(
                f"another program has been writing {path} for {WAIT:.0f} seconds: close it and try again"
            ) from None
        if "readonly" in message or "unable to open" in message:
            raise UserError(
                f"{path} cannot be written ({message}): expected a study folder that you may write to"
            ) from None
        if "full" in message:
            raise UserError(f"the disk of {path} is full: free some space and try again") from None
        raise UserError(
            f"{path} cannot be read as notes ({message}): move it away, and import your last export"
        ) from None

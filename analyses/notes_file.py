"""A study's notes.sqlite: what people say of its latents, and what a model was asked to say of them.

Writers take turns: a change is one transaction that holds SQLite's write lock from its first statement, and
others wait for it, up to WAIT seconds. So two tabs or two processes may write, and what is read inside a
transaction is still so when it ends. The plain rollback journal is kept, since a write-ahead log needs shared
memory, which network disks lack. Every row bears the fingerprint of the SAE whose latent it speaks of, so that
notes.sqlite may be carried over to a study that is built anew, where rows of another SAE are kept and do not count.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from data.errors import UserError
from retrieval.study import Study

WAIT = 30.0  # seconds


@contextmanager
def writing(study: Study, schema: str) -> Iterator[sqlite3.Connection]:
    """One transaction on the study's notes: whole, or nothing of it. schema: its table, made if missing."""
    path = notes_path(study)
    with _told(path), closing(sqlite3.connect(path, timeout=WAIT, isolation_level=None)) as notes:
        notes.execute("begin immediate")
        try:
            notes.execute(schema)
            yield notes
        except BaseException:
            notes.execute("rollback")
            raise
        notes.execute("commit")


def read(study: Study, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of a query; none where the study has no notes yet, or none of that kind."""
    path = notes_path(study)
    if not path.is_file():
        return []
    with _told(path), closing(sqlite3.connect(path, timeout=WAIT)) as notes:
        try:
            return notes.execute(query, values).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise


def notes_path(study: Study) -> Path:
    return study.path / "notes.sqlite"


def sae_of(study: Study) -> str:
    """Fingerprint of the SAE whose latents are spoken of."""
    return str(study.manifest["sae"]["fingerprint"])


def check_latent(study: Study, latent: int) -> None:
    """A latent that the SAE does not have is a `UserError`."""
    if not 0 <= latent < study.n_latents:
        raise UserError(f"latent {latent} is outside this SAE: choose 0 to {study.n_latents - 1}")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """SQLite's own errors as sentences."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        said = str(error)
        if "locked" in said:
            raise UserError(
                f"another program has been writing {path} for {WAIT:.0f} seconds: close it and try again"
            ) from None
        if "readonly" in said or "unable to open" in said:
            raise UserError(
                f"{path} cannot be written ({said}): expected a study folder that you may write to"
            ) from None
        if "full" in said:
            raise UserError(f"the disk of {path} is full: free some space and try again") from None
        raise UserError(
            f"{path} cannot be read as notes ({said}): move it away, and import your last export"
        ) from None

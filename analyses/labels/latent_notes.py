"""The user's notes on latents: a label, tags and a note each, kept as a log of changes that can be undone.

    note_changes(id, batch, sae, latent, field, before, value, writer, time, undoes)      rows are only ever added

A field has the value of its last row. A batch is one change, such as a submitted form or an import: kept whole and
undone whole. Undoing adds rows that restore the values before, and is refused where one of the fields has been
changed since, so that no later value is lost; with undone batches left out, the last row of each field is still
its value. A change names the values that its writer saw, and is refused where these are no longer current.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from analyses.labels.note_text import clean_label, clean_note, clean_tags
from analyses.labels.notes_file import check_latent, read, sae_of, writing
from data.errors import UserError
from retrieval.study import Study

Field = Literal["label", "tags", "note"]
FIELDS: tuple[Field, ...] = ("label", "tags", "note")
SCHEMA = """create table if not exists note_changes (
    id integer primary key, batch integer not null, sae text not null, latent integer not null, field text not null,
    before text not null, value text not null, writer text not null, time real not null, undoes integer)"""
CURRENT = """select latent, field, value from note_changes where id in
    (select max(id) from note_changes where sae = ? group by latent, field)"""
UNDONE = "select undoes from note_changes where undoes is not null"


@dataclass(frozen=True)
class LatentNote:
    """The user's notes on one latent: a label in place of the automatic one, tags, a note; any may be empty."""

    latent: int
    label: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""

    def __bool__(self) -> bool:
        return bool(self.label or self.tags or self.note)

    def text(self, field: Field) -> str:
        """A field as the log stores it: tags are joined by commas, which no tag contains."""
        return ", ".join(self.tags) if field == "tags" else str(getattr(self, field))


@dataclass(frozen=True)
class Batch:
    """One change: its number, writer, time (Unix, seconds), and the latents and fields that changed."""

    batch: int
    writer: str
    time: float
    changed: tuple[tuple[int, Field], ...]

    @property
    def summary(self) -> str:
        """`label, tags and note of latent 12`; `notes on 40 latents`."""
        latents = {latent for latent, _ in self.changed}
        if len(latents) > 1:
            return f"notes on {len(latents):,} latents"
        *first, last = (field for _, field in self.changed)
        return f"{' and '.join(filter(None, (', '.join(first), last)))} of latent {min(latents)}"


def latent_notes(study: Study) -> dict[int, LatentNote]:
    """Latent -> current note, in order of this SAE's latents; latents without a note are left out."""
    notes: dict[int, LatentNote] = {}
    for latent, field, value in sorted(read(study, CURRENT, (sae_of(study),))):
        notes[latent] = _with_field(notes.get(latent, LatentNote(latent)), field, value)
    return {latent: note for latent, note in notes.items() if note}


def latent_note(study: Study, latent: int) -> LatentNote:
    """The current note on one latent; empty where there is none."""
    check_latent(study, latent)
    note = LatentNote(latent)
    rows = read(study, f"{CURRENT} and latent = ?", (sae_of(study), latent))
    for _, field, value in rows:
        note = _with_field(note, field, value)
    return note


def notes_version(study: Study) -> str:
    """A string that differs after every change to this SAE's notes, and between files; "" before the first."""
    rows = read(
        study, "select id, time from note_changes where sae = ? order by id desc limit 1", (sae_of(study),)
    )
    return "{} {!r}".format(*rows[0]) if rows else ""


def annotate(
    study: Study, notes: Sequence[LatentNote], writer: str, seen: Mapping[int, LatentNote] | None = None
) -> Batch | None:
    """Replace the notes on these latents in one batch; None where nothing changes.

    writer: a name, for `undoable`. seen: the notes that the writer saw; if a field that the writer changes has been
    changed by someone else meanwhile, nothing is written and a `UserError` is raised.
    """
    cleaned = [_cleaned(study, note) for note in notes]
    with writing(study, SCHEMA) as log:
        current = {(latent, field): value for latent, field, value in log.execute(CURRENT, (sae_of(study),))}
        rows: list[tuple[int, Field, str, str]] = []
        for note in cleaned:
            for field in FIELDS:
                before, after = current.get((note.latent, field), ""), note.text(field)
                expected = before
                if seen is not None:
                    expected = seen.get(note.latent, LatentNote(note.latent)).text(field)
                if after in (before, expected):
                    continue  # already so, or untouched by this writer
                if before != expected:
                    raise UserError(
                        f'the {field} of latent {note.latent} has been changed meanwhile to "{before}": '
                        "look at it, and change it again if you still want to"
                    )
                rows.append((note.latent, field, before, after))
        return _add(log, study, rows, writer)


def undoable(study: Study, writer: str) -> Batch | None:
    """The writer's last batch that is not undone, which `undo` takes back first."""
    rows = read(
        study,
        f"select max(batch) from note_changes where sae = ? and writer = ? and undoes is null "
        f"and batch not in ({UNDONE})",
        (sae_of(study), writer),
    )
    return None if not rows or rows[0][0] is None else _batch(study, int(rows[0][0]))


def undo(study: Study, batch: int, writer: str) -> Batch:
    """Undo one batch, whole; a `UserError` where a field has been changed since, or the batch is undone already."""
    with writing(study, SCHEMA) as log:
        rows = log.execute(
            "select id, latent, field, before, value from note_changes "
            "where batch = ? and sae = ? and undoes is null",
            (batch, sae_of(study)),
        ).fetchall()
        if not rows:
            raise UserError(f"there is no change {batch} of this SAE's notes to undo")
        if log.execute("select 1 from note_changes where undoes = ?", (batch,)).fetchone():
            raise UserError("this change is undone already")
        for row, latent, field, _, _ in rows:
            later = log.execute(
                f"select value from note_changes where sae = ? and latent = ? and field = ? and id > ? "
                f"and undoes is null and batch not in ({UNDONE}) order by id desc",
                (sae_of(study), latent, field, row),
            ).fetchone()
            if later:
                raise UserError(
                    f'the {field} of latent {latent} has been changed since, to "{later[0]}": undo that first, '
                    "or change it by hand"
                )
        back = [(latent, field, value, before) for _, latent, field, before, value in rows]
        undoing = _add(log, study, back, writer, undoes=batch)
        assert undoing is not None  # a batch has rows
        return undoing


def with_notes(vocabulary: pd.DataFrame, notes: Mapping[int, LatentNote]) -> pd.DataFrame:
    """The vocabulary with the user's labels in place of the automatic ones.

    Adds automatic_label, tags (joined by commas) and note; vocabulary: one row per latent, in order of latents.
    """
    automatic = vocabulary["label"]
    columns = {name: [""] * len(vocabulary) for name in ("tags", "note")}
    label = automatic.tolist()
    for latent, note in notes.items():
        label[latent] = note.label or label[latent]
        columns["tags"][latent], columns["note"][latent] = note.text("tags"), note.note
    return vocabulary.assign(label=label, automatic_label=automatic, **columns)


def _add(
    log: sqlite3.Connection,
    study: Study,
    rows: Sequence[tuple[int, Field, str, str]],
    writer: str,
    undoes: int | None = None,
) -> Batch | None:
    """Add (latent, field, before, value) as one batch."""
    if not rows:
        return None
    first = 1 + int(log.execute("select coalesce(max(id), 0) from note_changes").fetchone()[0])
    now = time.time()
    log.executemany(
        f"insert into note_changes values ({', '.join('?' * 10)})",
        [
            (first + place, first, sae_of(study), latent, field, before, value, writer, now, undoes)
            for place, (latent, field, before, value) in enumerate(rows)
        ],
    )
    return Batch(first, writer, now, tuple((latent, field) for latent, field, _, _ in rows))


def _batch(study: Study, batch: int) -> Batch:
    rows = read(
        study, "select writer, time, latent, field from note_changes where batch = ? order by id", (batch,)
    )
    writer, when = rows[0][:2]
    return Batch(batch, writer, when, tuple((latent, field) for _, _, latent, field in rows))


def _with_field(note: LatentNote, field: str, value: str) -> LatentNote:
    if field == "label":
        return replace(note, label=value)
    if field == "tags":
        return replace(note, tags=tuple(value.split(", ")) if value else ())
    return replace(note, note=value)


def _cleaned(study: Study, note: LatentNote) -> LatentNote:
    check_latent(study, note.latent)
    return LatentNote(note.latent, clean_label(note.label), clean_tags(note.tags), clean_note(note.note))

"""Labels, tags and notes as a JSON file, for export and import; an export imported again changes nothing.

    {"format": "latent-notes", "version": 1, "sae": FINGERPRINT, "n_latents": 8192, "study": NAME,
     "latents": [{"latent": 12, "label": "negation", "tags": ["grammar"], "note": "..."}, ...]}

`latents` holds those with a note, in order; an empty field may be left out. An import changes only the latents that
the file names. A file that is broken, of another format or of another SAE is a `UserError` and changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from analyses.labels.latent_notes import FIELDS, Batch, LatentNote, annotate, latent_notes
from analyses.labels.note_text import clean_label, clean_note, clean_tags
from analyses.labels.notes_file import sae_of
from data.errors import UserError
from retrieval.study import Study

FORMAT, VERSION = "latent-notes", 1
N_NAMED = 3  # latents in a summary


@dataclass(frozen=True)
class NotesImport:
    """A file's notes beside the study's: new ones, equal ones, and those that would overwrite another note.

    seen: the study's notes at the time of comparison.
    """

    new: tuple[LatentNote, ...]
    same: tuple[LatentNote, ...]
    overwriting: tuple[LatentNote, ...]
    seen: Mapping[int, LatentNote]

    @property
    def summary(self) -> str:
        """`3 new, 1 the same, 2 overwritten: latent 4 (label "a" becomes "b"), latent 9 (tags "x" become "y")`."""
        counts = f"{len(self.new):,} new, {len(self.same):,} the same, {len(self.overwriting):,} overwritten"
        named = [_difference(self.seen[note.latent], note) for note in self.overwriting[:N_NAMED]]
        more = len(self.overwriting) - len(named)
        return f"{counts}{': ' if named else ''}{', '.join(named)}{f' and {more:,} more' if more > 0 else ''}"


def notes_to_json(study: Study) -> str:
    """All notes on the latents of the study's SAE as the text of a file; equal notes give equal text."""
    value = {
        "format": FORMAT,
        "version": VERSION,
        "sae": sae_of(study),
        "n_latents": study.n_latents,
        "study": study.name,
        "latents": [asdict(note) for note in latent_notes(study).values()],
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def read_import(study: Study, content: str | bytes) -> NotesImport:
    """What an import of a file would change; a file that cannot be imported is a `UserError`."""
    seen = latent_notes(study)
    new: list[LatentNote] = []
    same: list[LatentNote] = []
    overwriting: list[LatentNote] = []
    for note in notes_from_json(study, content):
        before = seen.get(note.latent, LatentNote(note.latent))
        (same if before == note else overwriting if before else new).append(note)
    return NotesImport(tuple(new), tuple(same), tuple(overwriting), seen)


def import_notes(study: Study, notes: NotesImport, writer: str) -> Batch | None:
    """Import the notes of `read_import` in one batch; a `UserError` where the study's notes have changed since."""
    return annotate(study, (*notes.new, *notes.overwriting), writer, notes.seen)


def notes_from_json(study: Study, content: str | bytes) -> tuple[LatentNote, ...]:
    """The notes of a file, in order of latents; a `UserError` where they are not of this study's SAE."""
    try:
        value = json.loads(content if isinstance(content, str) else content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"this file is not JSON ({error}): expected an export of latent notes") from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise UserError(f'this file holds no latent notes: expected JSON with "format": "{FORMAT}"')
    if value.get("version") != VERSION:
        raise UserError(
            f"these notes are of version {value.get('version')!r}, expected {VERSION}: "
            "read them with the workbench that wrote them"
        )
    if value.get("sae") != sae_of(study):
        raise UserError(
            f"these notes are of another SAE ({value.get('sae')!r}, of study {value.get('study')!r}), and study "
            f"{study.name} has {sae_of(study)}: a latent's number means nothing there"
        )
    rows = value.get("latents")
    if not isinstance(rows, list):
        raise UserError('these notes have no list "latents": export them anew')
    notes: dict[int, LatentNote] = {}
    for place, row in enumerate(rows, 1):
        note = _note(study, row, f"entry {place} of this file")
        if note.latent in notes:
            raise UserError(f"latent {note.latent} stands twice in this file: expected each latent once")
        notes[note.latent] = note
    return tuple(notes[latent] for latent in sorted(notes))


def _note(study: Study, row: Any, where: str) -> LatentNote:
    if not isinstance(row, dict) or (unknown := set(row) - {"latent", *FIELDS}):
        detail = f" ({', '.join(map(repr, sorted(unknown)))} is unknown)" if isinstance(row, dict) else ""
        raise UserError(f"{where} is not a latent with label, tags and note{detail}")
    latent = row.get("latent")
    if not isinstance(latent, int) or isinstance(latent, bool) or not 0 <= latent < study.n_latents:
        raise UserError(
            f"{where} is of latent {latent!r}: expected a whole number from 0 to {study.n_latents - 1}"
        )
    label, tags, note = row.get("label", ""), row.get("tags", []), row.get("note", "")
    if not (isinstance(label, str) and isinstance(note, str)):
        raise UserError(f"{where}, latent {latent}: expected text as label and note")
    if not (isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)):
        raise UserError(f"{where}, latent {latent}: expected a list of texts as tags")
    return LatentNote(latent, clean_label(label), clean_tags(tags), clean_note(note))


def _difference(before: LatentNote, after: LatentNote) -> str:
    """`latent 4 (label "a" becomes "b")`: the first field that changes."""
    field = next(field for field in FIELDS if before.text(field) != after.text(field))
    old, new = (_short(note.text(field)) for note in (before, after))
    return f'latent {after.latent} ({field} "{old}" becomes "{new}")'


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:39] + "…"

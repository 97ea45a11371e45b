"""Labels, tags and notes as a JSON file, to hand on and to take in; what goes out and comes in again is the same.

    {"format": "latent-notes", "version": 1, "sae": FINGERPRINT, "n_latents": 8192, "study": NAME,
     "latents": [{"latent": 12, "label": "negation", "tags": ["grammar"], "note": "..."}, ...]}

`latents` holds those of which something is said, in order; a field that says nothing may be left out. Taking a
file in changes the latents that it names and no others. A file that is broken, of another format or of another SAE
is one sentence, and changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from analyses.latent_notes import FIELDS, Batch, LatentNote, annotate, latent_notes
from analyses.note_text import clean_label, clean_note, clean_tags
from analyses.notes_file import sae_of
from data.errors import UserError
from retrieval.study import Study

FORMAT, VERSION = "latent-notes", 1
N_NAMED = 3  # latents that a sentence names


@dataclass(frozen=True)
class NotesImport:
    """A file's notes beside the study's: new ones, the same, and those that would overwrite something else.

    seen: what the study said of these latents when they were compared.
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
    """All that is said of the latents of the study's SAE, as the text of a file; equal notes, equal text."""
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
    """What taking in a file would do; a file that cannot be taken in is a `UserError`."""
    seen = latent_notes(study)
    new: list[LatentNote] = []
    same: list[LatentNote] = []
    overwriting: list[LatentNote] = []
    for note in notes_from_json(study, content):
        before = seen.get(note.latent, LatentNote(note.latent))
        (same if before == note else overwriting if before else new).append(note)
    return NotesImport(tuple(new), tuple(same), tuple(overwriting), seen)


def take_in(study: Study, given: NotesImport, writer: str) -> Batch | None:
    """Do what `read_import` said, in one act; a `UserError` where the notes have changed since."""
    return annotate(study, (*given.new, *given.overwriting), writer, given.seen)


def notes_from_json(study: Study, content: str | bytes) -> tuple[LatentNote, ...]:
    """The notes that a file holds for this study's SAE."""
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
    found: dict[int, LatentNote] = {}
    for place, row in enumerate(rows, 1):
        note = _note(study, row, f"entry {place} of this file")
        if note.latent in found:
            raise UserError(f"latent {note.latent} stands twice in this file: expected each latent once")
        found[note.latent] = note
    return tuple(found[latent] for latent in sorted(found))


def _note(study: Study, row: Any, where: str) -> LatentNote:
    if not isinstance(row, dict) or (unknown := set(row) - {"latent", *FIELDS}):
        told = f" ({', '.join(map(repr, sorted(unknown)))} is unknown)" if isinstance(row, dict) else ""
        raise UserError(f"{where} is not a latent with label, tags and note{told}")
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

"""The verb notes."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import UserError
from data.terminal import printable_json, say
from workbench.verbs.options import AsJson, StudyFolder
from workbench.verbs.printing import print_json, print_table

if TYPE_CHECKING:
    from analyses.labels.latent_notes import Batch
    from retrieval.study import Study

Set = Annotated[int | None, typer.Option("--set", help="The latent to annotate.", metavar="LATENT")]
Label = Annotated[
    str | None, typer.Option(help='Its label, in place of the automatic one; "" removes the label.')
]
Tag = Annotated[
    list[str] | None,
    typer.Option(help='Its tags, in place of those it has; several times for several, "" for none.'),
]
Note = Annotated[str | None, typer.Option(help='A note on it; "" removes the note.')]
Undo = Annotated[bool, typer.Option("--undo", help="Take your last change back; again for the one before.")]
Export = Annotated[
    Path | None,
    typer.Option("--export", help="Write all of them as JSON; `-` is standard output.", metavar="FILE"),
]
Import = Annotated[
    Path | None,
    typer.Option("--import", help="Take in a file that --export wrote, for the same SAE.", metavar="FILE"),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Let --import replace notes that say something else.")
]


def run(
    study: StudyFolder,
    latent: Set = None,
    label: Label = None,
    tag: Tag = None,
    note: Note = None,
    undo: Undo = False,
    export: Export = None,
    take: Import = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Your own labels, tags and notes on latents: list them, or change them.

    A label replaces the automatic one wherever the latent is named. Notes are kept in the study, belong to its
    SAE, and can be undone.

    `workbench notes studies/scifact --set 123 --label "negation" --tag grammar --note "also fires on hardly"`

    `workbench notes studies/scifact --export mine.json`
    """
    from retrieval.study import Study

    options = {"--set": latent is not None, "--undo": undo, "--export": export, "--import": take}
    chosen = [name for name, is_given in options.items() if is_given]
    if len(chosen) > 1:
        raise UserError(f"{' and '.join(chosen)} are too much at once: expected one of them")
    if latent is None and not (label is None and tag is None and note is None):
        raise UserError("--label, --tag and --note need a latent: name it with --set LATENT")
    opened = Study.open(study)
    if latent is not None:
        _set(opened, latent, label, tag, note, as_json)
    elif undo:
        _undo(opened, as_json)
    elif export is not None:
        _export(opened, export)
    elif take is not None:
        _import(opened, take, overwrite, as_json)
    else:
        _list(opened, as_json)


def _set(
    study: Study,
    latent: int,
    label: str | None,
    tags: list[str] | None,
    note: str | None,
    as_json: bool,
) -> None:
    from analyses.labels.latent_notes import annotate, latent_note
    from workbench.page.reader import reader

    if label is None and tags is None and note is None:
        raise UserError(f"--set {latent} says nothing of the latent: add --label, --tag or --note")
    seen = latent_note(study, latent)
    changed = replace(
        seen,
        label=seen.label if label is None else label,
        tags=seen.tags if tags is None else tuple(tags),
        note=seen.note if note is None else note,
    )
    _show(annotate(study, [changed], reader(), {latent: seen}), "changed", as_json)


def _undo(study: Study, as_json: bool) -> None:
    from analyses.labels.latent_notes import undo, undoable
    from workbench.page.reader import reader

    last = undoable(study, reader())
    if last is None:
        raise UserError(f"{reader()} has no change left to undo in study {study.name}")
    undo(study, last.batch, reader())
    _show(last, "undone", as_json)


def _export(study: Study, path: Path) -> None:
    from analyses.labels.notes_json import notes_to_json
    from data.files import new_file

    text = notes_to_json(study)
    if str(path) == "-":
        say(printable_json(text), end="")
        return
    with new_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _import(study: Study, path: Path, overwrite: bool, as_json: bool) -> None:
    from analyses.labels.notes_json import import_notes, read_import
    from workbench.page.reader import reader

    imported = read_import(study, _content(path))
    if imported.overwriting and not overwrite:
        raise UserError(
            f"{path} holds {imported.summary}; nothing is taken in: add --overwrite to replace these"
        )
    _show(import_notes(study, imported, reader()), f"taken in ({imported.summary})", as_json)


def _show(batch: Batch | None, what: str, as_json: bool) -> None:
    """Print what was done, as a sentence or as JSON."""
    if as_json:
        print_json({"done": what, "changed": [list(pair) for pair in batch.changed] if batch else []})
    else:
        say(f"{batch.summary}: {what}" if batch else f"nothing to change: {what}")


def _list(study: Study, as_json: bool) -> None:
    import pandas as pd

    from analyses.labels.latent_notes import latent_notes
    from analyses.latents.latent_table import automatic_vocabulary

    notes = latent_notes(study)
    automatic = automatic_vocabulary(study)["label"]
    rows = [asdict(each) | {"automatic_label": automatic[latent]} for latent, each in notes.items()]
    if as_json:
        print_json(rows)
    elif not rows:
        say(f"No note on any latent of {study.name} yet: --set LATENT --label ... makes one.")
    else:
        table = pd.DataFrame(rows)[["latent", "label", "automatic_label", "tags", "note"]]
        print_table(table.assign(tags=[", ".join(each.tags) for each in notes.values()]))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{path} cannot be read ({error.strerror}): expected a file that --export wrote"
        ) from None

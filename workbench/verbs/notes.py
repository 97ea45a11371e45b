"""The verb that reads and writes a reader's own labels, tags and notes on latents."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import UserError
from workbench.printing import print_json, print_table
from workbench.verbs.options import AsJson, StudyFolder

if TYPE_CHECKING:
    from analyses.latent_notes import Batch
    from retrieval.study import Study


def notes_verb(
    study: StudyFolder,
    latent: Annotated[
        int | None, typer.Option("--set", help="The latent to say something of.", metavar="LATENT")
    ] = None,
    label: Annotated[
        str | None, typer.Option(help='Its label, in place of the automatic one; "" removes it.')
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(help='Its tags, in place of those it has; several times for several, "" for none.'),
    ] = None,
    note: Annotated[str | None, typer.Option(help='A note on it; "" removes it.')] = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take your last change back; again for the one before.")
    ] = False,
    export: Annotated[
        Path | None,
        typer.Option("--export", help="Write all of them as JSON; `-` is standard output.", metavar="FILE"),
    ] = None,
    take: Annotated[
        Path | None,
        typer.Option(
            "--import", help="Take in a file that --export wrote, for the same SAE.", metavar="FILE"
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Let --import replace notes that say something else.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Your own labels, tags and notes on latents: list them, or change them.

    A label replaces the automatic one wherever the latent is named. All of it is kept in the study, belongs to its
    SAE, and can be undone.

    `workbench notes studies/scifact --set 123 --label "negation" --tag grammar --note "also fires on hardly"`

    `workbench notes studies/scifact --export mine.json`
    """
    from analyses.latent_notes import undo as undo_batch
    from analyses.latent_notes import undoable
    from analyses.notes_json import notes_to_json, read_import, take_in
    from data.files import new_file
    from retrieval.study import Study
    from workbench.reader import reader

    acts = [name for name, given in (
        ("--set", latent is not None), ("--undo", undo), ("--export", export), ("--import", take)
    ) if given]  # fmt: skip
    if len(acts) > 1:
        raise UserError(f"{' and '.join(acts)} are too much at once: expected one of them")
    if latent is None and not (label is None and tag is None and note is None):
        raise UserError("--label, --tag and --note need a latent: name it with --set LATENT")
    opened = Study.open(study)
    if latent is not None:
        say(_set(opened, latent, label, tag, note), "changed", as_json)
    elif undo:
        last = undoable(opened, reader())
        if last is None:
            raise UserError(f"{reader()} has no change left to undo in study {opened.name}")
        undo_batch(opened, last.batch, reader())
        say(last, "undone", as_json)
    elif export is not None:
        text = notes_to_json(opened)
        if str(export) == "-":
            sys.stdout.write(text)
            return
        with new_file(export) as temporary:
            temporary.write_text(text, encoding="utf-8")
    elif take is not None:
        given = read_import(opened, _content(take))
        if given.overwriting and not overwrite:
            raise UserError(
                f"{take} holds {given.summary}; nothing is taken in: add --overwrite to replace these"
            )
        say(take_in(opened, given, reader()), f"taken in ({given.summary})", as_json)
    else:
        _list(opened, as_json)


def say(batch: Batch | None, what: str, as_json: bool) -> None:
    """Print what was done, as a sentence or as JSON."""
    if as_json:
        print_json({"done": what, "changed": [list(pair) for pair in batch.changed] if batch else []})
    else:
        print(f"{batch.summary}: {what}" if batch else f"nothing to change: {what}")


def _set(
    study: Study, latent: int, label: str | None, tags: list[str] | None, note: str | None
) -> Batch | None:
    from analyses.latent_notes import annotate, latent_note
    from workbench.reader import reader

    if label is None and tags is None and note is None:
        raise UserError(f"--set {latent} says nothing of it: add --label, --tag or --note")
    seen = latent_note(study, latent)
    changed = replace(
        seen,
        label=seen.label if label is None else label,
        tags=seen.tags if tags is None else tuple(tags),
        note=seen.note if note is None else note,
    )
    return annotate(study, [changed], reader(), {latent: seen})


def _list(study: Study, as_json: bool) -> None:
    import pandas as pd

    from analyses.latent_notes import latent_notes
    from analyses.vocabulary import automatic_vocabulary

    notes = latent_notes(study)
    automatic = automatic_vocabulary(study)["label"]
    rows = [asdict(each) | {"automatic_label": automatic[latent]} for latent, each in notes.items()]
    if as_json:
        print_json(rows)
    elif not rows:
        print(f"No note on any latent of {study.name} yet: --set LATENT --label ... makes one.")
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

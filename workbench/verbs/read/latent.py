"""The verb latent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from data.errors import UserError
from data.terminal import say
from workbench.verbs.options import AsJson, StudyFolder
from workbench.verbs.printing import print_json


def run(
    study: StudyFolder,
    number: Annotated[int, typer.Argument(help="The latent, from 0.", metavar="LATENT")],
    html: Annotated[
        Path | None,
        typer.Option("--html", help="Write its card: one HTML file to put into a blog.", metavar="FILE"),
    ] = None,
    words: Annotated[
        str,
        typer.Option(
            help="Order of its words: `share` of its activation, `pmi`, or the product of both, `telling`.",
            metavar="ORDER",
        ),
    ] = "share",
    as_json: AsJson = False,
) -> None:
    """Show what a latent encodes: its statistics, words, neighbours and strongest contexts.

    With --json also wordpieces, bands of activation, histograms, documents, the queries that use it, your own notes
    and a model's explanations.

    `workbench latent studies/scifact 123 --html latent-123.html`
    """
    from analyses.dictionary.entry import whole_entry
    from analyses.dictionary.latent_words import Order
    from retrieval.study import Study

    opened = Study.open(study)
    if html is not None:
        from data.files import new_file
        from workbench.markup.latent_card import study_card

        card = study_card(opened, number)
        with new_file(html) as temporary:
            temporary.write_text(card, encoding="utf-8")
        return
    if words not in get_args(Order):
        raise UserError(f"--words {words} is unknown: expected one of {', '.join(get_args(Order))}")
    entry = whole_entry(opened, number, words)  # type: ignore[arg-type]  # just looked at
    if as_json:
        print_json(entry)
    else:
        _show(entry)


def _show(entry: Mapping[str, Any]) -> None:
    say(f"latent {entry['latent']}: {entry['label']}")
    if entry["label"] != entry["automatic_label"]:
        say(f"  {'automatic label':<24}{entry['automatic_label']}")
    if entry["tags"] or entry["note"]:
        say(f"  {'your notes':<24}{', '.join(entry['tags'])} {' '.join(entry['note'].split())}".rstrip())
    for explanation in entry["explanations"]:
        say(f"  {explanation['model']}: {explanation['text']}")
    for name, value in entry["statistics"].items():
        shown = f"{value:,.4g}" if isinstance(value, int | float) else value or "not kept in this study"
        say(f"  {name.replace('_', ' '):<24}{shown}")
    say("  words:", ", ".join(f"{row['word']} {row['share']:.0%}" for row in entry["words"]["table"][:8]))
    for how, rows in entry["neighbours"].items():
        named = ", ".join(f"{row['latent']} ({row['label']})" for row in rows["table"][:5])
        say(f"  nearest by {how}:", named)
    for context in entry["contexts"][:8]:
        say("  -", " ".join(str(context["text"]).split()))

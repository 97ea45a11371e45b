"""The verb latents."""

from __future__ import annotations

from typing import Annotated

import typer

from data.errors import UserError
from data.terminal import say
from workbench.verbs.options import AsJson, StudyFolder
from workbench.verbs.printing import print_json, print_table


def run(
    study: StudyFolder,
    where: Annotated[
        str, typer.Option(help="A word, part of a label, a latent's number, or a sentence.", metavar="TEXT")
    ],
    limit: Annotated[int, typer.Option(help="How many latents in each way of finding them.", min=1)] = 20,
    as_json: AsJson = False,
) -> None:
    """Find latents: those that fire on a word, whose label holds the word, or that a sentence activates.

    `workbench latents studies/scifact --where "protein"`
    """
    from analyses.dictionary.lookup import find_latents
    from retrieval.study import Study

    if not where.strip():
        raise UserError("--where is empty: expected a word, part of a label, a number or a sentence")
    table = find_latents(Study.open(study), where, limit=limit)
    if as_json:
        print_json(table.to_dict("records"))
    elif table.empty:
        say("No latent answers to this.")
    else:
        print_table(table)

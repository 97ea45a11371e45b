"""The verb add-run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.terminal import say
from workbench.verbs.options import AsJson, StudyFolder
from workbench.verbs.printing import print_json


def run(
    study: StudyFolder,
    file: Annotated[Path, typer.Argument(help="A TREC run: `query Q0 document rank score tag`.")],
    name: Annotated[str, typer.Option(help="What the system is called, such as splade-v3.", metavar="NAME")],
    as_json: AsJson = False,
) -> None:
    """Put another system's run beside the study's own: checked, and copied to STUDY/runs/NAME.trec.

    Queries and documents that the study does not know are counted and left out; a run that shares none with it is
    refused. Example:

    `workbench add-run studies/scifact splade.trec --name splade-v3`
    """
    from retrieval.study import Study
    from retrieval.systems import SYSTEMS
    from retrieval.systems.kept_runs import add_run

    opened = Study.open(study)
    added = add_run(opened, file, name, SYSTEMS)
    if as_json:
        facts = ("name", "n_queries", "unknown_queries", "n_documents", "unknown_documents", "repeated")
        print_json({fact: getattr(added, fact) for fact in facts} | {"n_answered": added.n_answered})
        return
    say(
        f"{name}: {added.n_answered:,} of {len(opened.queries):,} queries answered; {added.unknown_queries:,} of "
        f"{added.n_queries:,} query ids and {added.unknown_documents:,} of {added.n_documents:,} document ids are "
        f"unknown here; {added.repeated:,} repeated results left out"
    )

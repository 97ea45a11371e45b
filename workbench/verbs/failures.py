"""Verbs on what systems miss, and on others' runs: failures, add-run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.printing import print_json, print_table
from workbench.verbs.options import AsJson, Idf, StudyFolder, bm25


def failures_verb(
    study: StudyFolder,
    k: Annotated[int, typer.Option(help="Missed means not among the first so many.", min=1)] = 10,
    limit: Annotated[int, typer.Option(help="How many misses to print.", min=1)] = 20,
    idf: Idf = "clipped",
    as_json: AsJson = False,
) -> None:
    """Say which relevant documents the latents miss, and why each: one reason a document, the first that holds.

    It shares no latent with the query; it shares only latents with idf 0; it would be among the first if its |d|
    were the average; or other documents outscore it, and by which latents. Beside each share stand the same of
    what cosine misses, and of the nearest documents below that are not relevant. Example:

    `workbench failures studies/scifact --json`
    """
    from analyses.failures import failures
    from retrieval.study import Study

    found = failures(Study.open(study), bm25(idf), k)
    if as_json:
        print_json(found.to_dict())
        return
    print(f"{len(found.misses):,} of {found.n_relevant:,} relevant documents are not among the first {k}")
    print_table(found.classes.round(3))
    shown = ["query_id", "doc_id", "reason", "rank", "length", "cosine_rank", "bm25_rank", "blamed"]
    print_table(found.misses[shown].head(limit).round(2))


def add_run_verb(
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
    from analyses.run_folder import add_run
    from retrieval.study import Study

    opened = Study.open(study)
    added = add_run(opened, file, name)
    if as_json:
        facts = ("name", "n_queries", "unknown_queries", "n_documents", "unknown_documents", "repeated")
        print_json({fact: getattr(added, fact) for fact in facts} | {"n_answered": added.n_answered})
        return
    print(
        f"{name}: {added.n_answered:,} of {len(opened.queries):,} queries answered; {added.unknown_queries:,} of "
        f"{added.n_queries:,} query ids and {added.unknown_documents:,} of {added.n_documents:,} document ids are "
        f"unknown here; {added.repeated:,} repeated results left out"
    )

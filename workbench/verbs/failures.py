"""Verbs on what systems miss, and on others' runs: failures, add-run."""

from __future__ import annotations

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

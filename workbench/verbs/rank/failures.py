"""The verb failures."""

from __future__ import annotations

from typing import Annotated

import typer

from data.terminal import say
from workbench.verbs.options import AsJson, Idf, StudyFolder, bm25
from workbench.verbs.printing import print_json, print_table


def run(
    study: StudyFolder,
    k: Annotated[int, typer.Option(help="Missed: not among the first K documents.", min=1)] = 10,
    limit: Annotated[int, typer.Option(help="How many misses to print.", min=1)] = 20,
    idf: Idf = "clipped",
    as_json: AsJson = False,
) -> None:
    """List the relevant documents that the latents miss, with one reason per document, the first that holds.

    The document shares no latent with the query; or only latents in over half of the documents, whose idf is 0
    under the paper's formula; or would be among the first if its length were the average; or other documents
    outscore it, and by which latents. Beside each share stand the same of what cosine misses, and of the nearest
    documents below that are not relevant. Example:

    `workbench failures studies/scifact --json`
    """
    from analyses.comparison.failures import BESIDE, failures
    from retrieval.study import Study

    misses = failures(Study.open(study), bm25(idf), k)
    if as_json:
        print_json(misses.to_dict())
        return
    say(f"{len(misses.misses):,} of {misses.n_relevant:,} relevant documents are not among the first {k}")
    print_table(misses.classes.round(3))
    others = [f"{system.name}_rank" for system in BESIDE]
    shown = ["query_id", "doc_id", "reason", "rank", "length", *others, "blamed"]
    print_table(misses.misses[shown].head(limit).round(2))

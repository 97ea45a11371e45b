"""The verb search."""

from __future__ import annotations

from typing import Annotated

import typer

from data.terminal import say
from workbench.verbs.options import AsJson, Idf, StudyFolder, bm25, query_text
from workbench.verbs.printing import print_json, print_table


def run(
    study: StudyFolder,
    query: Annotated[str, typer.Argument(help="What to look for.")],
    depth: Annotated[int, typer.Option(help="How many results.", min=1)] = 10,
    system: Annotated[
        str, typer.Option(help="`latent`, `cosine`, `bm25`, or any other that `workbench evaluate` names.")
    ] = "latent",
    idf: Idf = "clipped",
    as_json: AsJson = False,
) -> None:
    """Rank the study's documents for a query."""
    from retrieval.study import Study

    opened = Study.open(study)
    table = opened.search(query_text(query), depth, system, bm25(idf))
    if as_json:
        print_json({"query": query, "results": table[["rank", "doc_id", "score"]].to_dict("records")})
    elif table.empty:
        say("No document shares a term with this query.")
    else:
        print_table(table)

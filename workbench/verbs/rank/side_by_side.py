"""The verb side-by-side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.errors import UserError
from workbench.verbs.options import AsJson, Idf, StudyFolder, bm25, query_text
from workbench.verbs.printing import print_json, print_table
from workbench.verbs.tabular import records


def run(
    study: StudyFolder,
    query: Annotated[str, typer.Argument(help="What to look for on the left; with --words, a word.")],
    against: Annotated[
        Path | None,
        typer.Option(help="The study on the right; without it, the same.", metavar="STUDY"),
    ] = None,
    other_query: Annotated[
        str | None, typer.Option(help="The query, or word, on the right; without it, the same.")
    ] = None,
    words: Annotated[
        bool, typer.Option("--words", help="Compare the latents of a word, not the ranking of a query.")
    ] = False,
    depth: Annotated[int, typer.Option(help="How many results of each side.", min=1)] = 10,
    idf: Idf = "clipped",
    as_json: AsJson = False,
) -> None:
    """What differs between two studies on one query, or two queries in one study?

    Each side is ranked by its own latents; a document is the same where its id is, and moved says by how many
    places it is higher on the right. With --words: the latents that fire on a word on each side, those of two SAEs
    of one encoder paired by their directions. Examples:

    `workbench side-by-side studies/scifact "vitamin D" --against studies/textbooks`

    `workbench side-by-side studies/scifact protein --words --other-query enzyme`
    """
    from analyses.comparison.side_by_side import two_rankings
    from analyses.saes.two_dictionaries import two_dictionaries
    from retrieval.study import Study

    if against is None and other_query is None:
        raise UserError(
            "both sides are the same: name another study by --against, or a query by --other-query"
        )
    left = Study.open(study)
    right = left if against is None else Study.open(against)
    asked = [
        text if words else query_text(text) for text in (query, query if other_query is None else other_query)
    ]
    if words:
        table = two_dictionaries(left, asked[0], right, asked[1])
    else:
        table = two_rankings(left, asked[0], right, asked[1], bm25(idf), depth)
    if as_json:
        sides = {"left": (left, asked[0]), "right": (right, asked[1])}
        about = {side: {"study": one.name, "query": text} for side, (one, text) in sides.items()}
        print_json(about | {"latents" if words else "documents": records(table)})
    else:
        print_table(table.astype(object).where(table.notna(), "–"))

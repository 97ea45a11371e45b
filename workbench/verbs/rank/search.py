"""The verb search."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import UserError
from data.terminal import say
from workbench.verbs.options import K1, AsJson, B, Idf, K1Unit, StudyFolder, query_text, scored
from workbench.verbs.printing import print_json, print_table

if TYPE_CHECKING:
    import pandas as pd

    from retrieval.bm25 import Bm25Parameters
    from retrieval.study import Study


def run(
    study: StudyFolder,
    query: Annotated[str, typer.Argument(help="What to look for.")],
    depth: Annotated[int, typer.Option(help="How many results.", min=1)] = 10,
    system: Annotated[
        str, typer.Option(help="`latent`, `cosine`, `bm25`, or any other that `workbench evaluate` names.")
    ] = "latent",
    idf: Idf = "clipped",
    k1: K1 = None,
    b: B = None,
    k1_unit: K1Unit = "weight",
    engine: Annotated[
        str | None,
        typer.Option(
            help="Rank by an engine that `workbench export` wrote the study into: qdrant://HOST:PORT ..."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Rank the study's documents for a query."""
    from retrieval.study import Study
    from retrieval.systems import system as system_of

    opened = Study.open(study)
    if (k1, b) != (None, None) and (named := system_of(opened, system)).reads != "latents":
        raise UserError(f"--k1 and --b are of latent terms, and {named.name} ranks without: leave them out")
    parameters = scored(opened, idf, k1, b, k1_unit)
    if engine is not None:
        table = _by_engine(opened, engine, query_text(query), depth, parameters)
    else:
        table = opened.search(query_text(query), depth, system, parameters)
    if as_json:
        print_json({"query": query, "results": table[["rank", "doc_id", "score"]].to_dict("records")})
    elif table.empty:
        say("No document shares a term with this query.")
    else:
        print_table(table)


def _by_engine(study: Study, engine: str, query: str, depth: int, parameters: Bm25Parameters) -> pd.DataFrame:
    """The engine's results as a table; scores that are not the study's are said on standard error."""
    from retrieval.study import results_table
    from workbench.export.engines.serving import search_engine

    ranking = search_engine(study, engine, query, depth, parameters)
    for doc_id, theirs, own in ranking.wrong:
        say(f"the engine scores {doc_id} {theirs:.6g}, and the study {own:.6g}", file=sys.stderr)
    return results_table(ranking.run, study.corpus)

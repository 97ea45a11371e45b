"""The verb ablation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from data.errors import UserError
from workbench.making.parsing import parse_latents
from workbench.verbs.options import AsJson, Idf, StudyFolder, bm25, long_job, query_text
from workbench.verbs.printing import print_json, print_table

if TYPE_CHECKING:
    from analyses.interventions.effect import Effect
    from retrieval.bm25 import Bm25Parameters
    from retrieval.study import Study


def run(
    study: StudyFolder,
    latents: Annotated[str, typer.Option(help="Their numbers, such as 12,88.", metavar="NUMBERS")],
    where: Annotated[
        str, typer.Option(help="Remove them from every `query`, or from the whole `index`.")
    ] = "index",
    keep_length: Annotated[
        bool,
        typer.Option(
            "--keep-length",
            help="Leave their term frequencies in document lengths, and remove them from scores alone.",
        ),
    ] = False,
    query: Annotated[
        str | None, typer.Option(help="Also: this one query's ranking, before and after.")
    ] = None,
    controls: Annotated[int, typer.Option(help="Random sets that contribute as much.", min=0)] = 10,
    seed: Annotated[int, typer.Option(help="Seed of the random sets.")] = 0,
    idf: Idf = "clipped",
    as_json: AsJson = False,
) -> None:
    """Remove latents, and measure what nDCG@10 loses, beside other latents that contribute as much.

    The change is query by query, with a 95% interval over queries and a paired randomisation test. Example:

    `workbench ablation studies/scifact --latents 12,88`
    """
    from analyses.interventions.ablation import ablate, ablation_table
    from retrieval.study import Study

    numbers, place, parameters = parse_latents(latents), _place(where), bm25(idf)
    opened = Study.open(study)
    with long_job(f"Without {latents} in {opened.name}", {}) as progress:
        removed = ablate(
            opened,
            numbers,
            place,
            keep_length,
            parameters,
            n_controls=controls,
            seed=seed,
            progress=lambda done, total: progress("Rank without them", done, total),
        )
    of_query = None
    if query is not None:
        of_query = _of_query(opened, query, numbers, place, keep_length, parameters, controls, seed)
    if as_json:
        print_json(removed.to_dict() | ({"query": {"text": query, **of_query.to_dict()}} if of_query else {}))
        return
    shown = ["before", "after", "change", "low", "high", "p", "control", "control_low", "control_high"]
    print_table(ablation_table([removed])[shown].round(4))
    if of_query is not None:
        print_table(of_query.ranking.round(3))


def _of_query(
    study: Study,
    query: str,
    latents: list[int],
    place: Literal["query", "index"],
    keep_length: bool,
    parameters: Bm25Parameters,
    controls: int,
    seed: int,
) -> Effect:
    """One query's ranking, before and after."""
    from analyses.comparison.query_rankings import query_id_of
    from analyses.interventions.edited_index import Intervention
    from analyses.interventions.effect import effect

    change = Intervention(tuple(latents), place, length=not keep_length)
    text = query_text(query)
    counts, query_id = study.encode(text).counts, query_id_of(study, text)
    return effect(study, counts, [change], parameters, query_id, n_controls=controls, seed=seed)


def _place(where: str) -> Literal["query", "index"]:
    if where == "query":
        return "query"
    if where == "index":
        return "index"
    raise UserError(f"--where {where} is unknown: expected query or index")

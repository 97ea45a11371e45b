"""Verbs that change something and see what happens: ablate, carriers."""

from __future__ import annotations

from typing import Annotated

import typer

from data.errors import UserError
from workbench.printing import print_json, print_table
from workbench.verbs.options import AsJson, Idf, Queue, StudyFolder, asked, bm25, long_job


def ablate_verb(
    study: StudyFolder,
    latents: Annotated[str, typer.Option(help="Their numbers, such as 12,88.", metavar="NUMBERS")],
    where: Annotated[
        str, typer.Option(help="Take them out of every `query`, or of the whole `index`.")
    ] = "index",
    keep_length: Annotated[
        bool,
        typer.Option("--keep-length", help="Leave their mass in |d|, and take them out of scores alone."),
    ] = False,
    query: Annotated[
        str | None, typer.Option(help="Also: this one query's ranking, before and after.")
    ] = None,
    controls: Annotated[int, typer.Option(help="Random sets that contribute as much.", min=0)] = 10,
    seed: Annotated[int, typer.Option(help="Seed of the random sets.")] = 0,
    idf: Idf = "clipped",
    as_json: AsJson = False,
) -> None:
    """Take latents out, and say what nDCG@10 loses, beside other latents that contribute as much.

    The change is query by query, with a 95% interval over queries and a paired randomisation test. Example:

    `workbench ablate studies/scifact --latents 12,88`
    """
    from analyses.ablation import ablate, ablation_table
    from analyses.comparison import query_id_of
    from analyses.edited_index import Intervention
    from analyses.interventions import effect
    from retrieval.study import Study

    numbers = parse_numbers(latents)
    if where not in ("query", "index"):
        raise UserError(f"--where {where} is unknown: expected query or index")
    opened, parameters = Study.open(study), bm25(idf)
    with long_job(f"Without {latents} in {opened.name}", {}) as progress:
        found = ablate(
            opened, numbers, "query" if where == "query" else "index", keep_length, parameters,
            n_controls=controls, seed=seed,
            progress=lambda done, total: progress("Rank without them", done, total),
        )  # fmt: skip
    one = None
    if query is not None:
        change = Intervention(
            tuple(numbers), "query" if where == "query" else "index", length=not keep_length
        )
        text = asked(query)
        one = effect(
            opened, opened.encode(text).mass, [change], parameters, query_id_of(opened, text),
            n_controls=controls, seed=seed,
        )  # fmt: skip
    if as_json:
        print_json(found.to_dict() | ({"query": {"text": query, **one.to_dict()}} if one else {}))
        return
    shown = ["before", "after", "change", "low", "high", "p", "control", "control_low", "control_high"]
    print_table(ablation_table([found])[shown].round(4))
    if one is not None:
        print_table(one.ranking.round(3))


def carriers_verb(
    study: StudyFolder,
    idf: Idf = "clipped",
    limit: Annotated[
        int, typer.Option(help="How many latents to print, of those that help most.", min=1)
    ] = 20,
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Say which latents carry the collection: nDCG@10 lost when each is taken out of every query.

    Exact, every judged query ranked anew without each of its latents; then families of types, each alone and
    without it, beside random families that contribute as much. Kept in the study. Example:

    `workbench carriers studies/scifact`
    """
    from analyses.carriers import carriers, write_carriers
    from retrieval.study import Study

    opened = Study.open(study)
    chosen = bm25(idf).idf
    with long_job(f"Carriers of {opened.name}", {}, queue) as progress:
        write_carriers(opened, chosen, progress)
    found = carriers(opened, chosen)
    assert found is not None  # just written
    if as_json:
        print_json(found.to_dict())
        return
    shown = ["latent", "label", "type", "document_frequency", "n_queries", "lost", "low", "high"]
    print_table(found.latents[shown].head(limit).round(4))
    families = ["family", "kept", "ndcg", "change", "low", "high", "control_low", "control_high"]
    print_table(found.families[families].round(3))


def parse_numbers(text: str) -> list[int]:
    """Latents' numbers, apart by commas or spaces; anything else is a `UserError`."""
    words = text.replace(",", " ").split()
    if not words or not all(word.isdigit() for word in words):
        raise UserError(f"--latents {text!r} is not a list of numbers: expected something like 12,88")
    return [int(word) for word in words]

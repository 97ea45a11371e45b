"""Verbs that ask why a ranking is as it is: compare."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.printing import print_json, print_table
from workbench.verbs.options import AsJson, Idf, StudyFolder, asked, bm25


def compare(
    study: StudyFolder,
    query: Annotated[str, typer.Argument(help="The query.")],
    doc_a: Annotated[str, typer.Argument(help="Id of a document.")],
    doc_b: Annotated[str, typer.Argument(help="Id of the document to set it against.")],
    top: Annotated[
        int,
        typer.Option(
            help="Also find what takes the upper document out of the first so many; 0: do not.", min=0
        ),
    ] = 0,
    seconds: Annotated[
        float, typer.Option(help="Most seconds to spend on proving that set the smallest.", min=0)
    ] = 10.0,
    idf: Idf = "clipped",
    as_json: AsJson = False,
) -> None:
    """Show why one document stands above another: each latent's difference, A less B, and what decides.

    Differences add up to the difference of the scores. The smallest set is the fewest latents of the query without
    which the two change places; the collection is searched again without them, and random sets of that size are the
    control.
    """
    from analyses.pair import compare as compare_documents
    from analyses.pair import leave_top
    from analyses.vocabulary import vocabulary_table
    from retrieval.study import Study

    opened, parameters = Study.open(study), bm25(idf)
    encoded = opened.encode(asked(query))
    both = compare_documents(opened, encoded, doc_a, doc_b, parameters)
    upper, rank = (doc_a, both.ranks[0]) if both.first_leads else (doc_b, both.ranks[1])
    leaving = (
        leave_top(opened, encoded, upper, top, parameters, seconds)
        if rank is not None and rank <= top
        else None
    )
    if as_json:
        out = leaving and {"doc_id": upper, "top": top, **leaving.to_dict()}
        print_json({**both.to_dict(), "leaves_top": out})
        return
    labels = vocabulary_table(opened)["label"]
    for name, doc_id, place, score in zip("AB", (doc_a, doc_b), both.ranks, both.scores, strict=True):
        print(f"{name}  {doc_id}: {_place(place)}, score {score:.4f}")
    shown = both.ledger.head(20)[["latent", "contribution_first", "contribution_second", "difference"]]
    shown.insert(1, "label", labels[shown["latent"]].to_numpy())
    print_table(shown.rename(columns={"contribution_first": "A", "contribution_second": "B"}))
    if both.swap is None or both.control is None:
        print("No set of latents changes their places: none speaks for the lower one.")
    else:
        n = len(both.swap.latents)
        print(f"Without {n} latents they change places, and without no fewer: {_listed(both.swap.latents)}")
        print(
            f"  searched again, A is {_place(both.swap.ranks[0])} and B {_place(both.swap.ranks[1])}; of "
            f"{both.control.n_draws} random sets of {n}, {both.control.turned} change their places"
        )
    if leaving:
        known = "and without no fewer" if leaving.proven else f"at least {leaving.at_least} are needed"
        print(
            f"Without {len(leaving.latents)} latents {upper} leaves the first {top}, {known}: "
            f"{_listed(leaving.latents)}"
        )


def _place(rank: int | None) -> str:
    return "not found" if rank is None else f"rank {rank}"


def _listed(latents: tuple[int, ...]) -> str:
    return ", ".join(map(str, latents))

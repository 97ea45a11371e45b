"""The verb compare-documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from data.terminal import say
from workbench.verbs.options import AsJson, Idf, StudyFolder, bm25, query_text
from workbench.verbs.printing import print_json, print_table

if TYPE_CHECKING:
    from analyses.attribution.compare_documents import Pair
    from retrieval.study import Study


def run(
    study: StudyFolder,
    query: Annotated[str, typer.Argument(help="The query.")],
    doc_a: Annotated[str, typer.Argument(help="Id of a document.")],
    doc_b: Annotated[str, typer.Argument(help="Id of the document to compare with.")],
    top: Annotated[
        int,
        typer.Option(
            help="Also find what takes the upper document out of the first this many; 0: do not.", min=0
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
    from analyses.attribution.compare_documents import compare, leave_top
    from retrieval.study import Study

    opened, parameters = Study.open(study), bm25(idf)
    encoded = opened.encode(query_text(query))
    both = compare(opened, encoded, doc_a, doc_b, parameters)
    upper, rank = (doc_a, both.ranks[0]) if both.first_leads else (doc_b, both.ranks[1])
    leaving = None
    if rank is not None and rank <= top:
        leaving = leave_top(opened, encoded, upper, top, parameters, seconds)
    if as_json:
        out = leaving and {"doc_id": upper, "top": top, **leaving.to_dict()}
        print_json({**both.to_dict(), "leaves_top": out})
        return
    _show(opened, both, (doc_a, doc_b))
    if leaving:
        known = "and without no fewer" if leaving.proven else f"at least {leaving.at_least} are needed"
        say(
            f"Without {len(leaving.latents)} latents {upper} leaves the first {top}, {known}: "
            f"{_listed(leaving.latents)}"
        )


def _show(study: Study, both: Pair, doc_ids: tuple[str, str]) -> None:
    """The two documents, their largest differences, and what makes them change places."""
    from analyses.latents.latent_table import vocabulary_table

    labels = vocabulary_table(study)["label"]
    for name, doc_id, place, score in zip("AB", doc_ids, both.ranks, both.scores, strict=True):
        say(f"{name}  {doc_id}: {_place(place)}, score {score:.4f}")
    shown = both.breakdown.head(20)[["latent", "contribution_first", "contribution_second", "difference"]]
    shown.insert(1, "label", labels[shown["latent"]].to_numpy())
    print_table(shown.rename(columns={"contribution_first": "A", "contribution_second": "B"}))
    if both.swap is None or both.control is None:
        say("No set of latents changes their places: no latent contributes more to the lower document.")
        return
    n = len(both.swap.latents)
    say(f"Without {n} latents they change places, and without no fewer: {_listed(both.swap.latents)}")
    say(
        f"  searched again, A is {_place(both.swap.ranks[0])} and B {_place(both.swap.ranks[1])}; of "
        f"{both.control.n_draws} random sets of {n}, {both.control.turned} change their places"
    )


def _place(rank: int | None) -> str:
    return "not found" if rank is None else f"rank {rank}"


def _listed(latents: tuple[int, ...]) -> str:
    return ", ".join(map(str, latents))

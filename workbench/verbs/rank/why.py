"""The verb why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from analyses.why.ladder.names import AS_THEY_ARE
from workbench.verbs.options import AsJson, Queue, StudyFolder, long_job
from workbench.verbs.printing import print_json

Text = Annotated[
    str,
    typer.Option(
        help="The text on which the SAE was trained, for the ladder's dictionaries; found by itself where the "
        "token states of that training are kept. A ladder of another text is measured anew.",
        metavar="SOURCE",
    ),
]
MatchPostings = Annotated[
    bool | None,
    typer.Option(
        help="Choose each of the ladder's dictionaries' k so that its postings a document come nearest to the "
        "trained SAE's; by default all have the SAE's k.",
    ),
]
Open = Annotated[
    str,
    typer.Option(
        "--open",
        help="Index the collection with one of the ladder's dictionaries into a study of its own, whose latents "
        "all pages then serve, and measure nothing.",
        metavar="DICTIONARY",
    ),
]


def run(
    study: StudyFolder,
    only: Annotated[
        str, typer.Option(help="One aspect alone, such as `ladder`, `scoring` or `match`.", metavar="ASPECT")
    ] = "",
    seeds: Annotated[
        int, typer.Option(help="Seeds of the ladder's drawn dictionaries, which are averaged.", min=1)
    ] = 1,
    text: Text = "",
    documents: Annotated[
        int | None, typer.Option(help="Documents edited for each kind of minimal pair.", min=1)
    ] = None,
    match_postings: MatchPostings = None,
    open_: Open = "",
    states: Annotated[
        str, typer.Option(help="The ladder's states that --open reads, such as `context alone`.")
    ] = AS_THEY_ARE,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the study that --open makes; by default beside the study.")
    ] = None,
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Find out where the ranking comes from: states, dictionary, scoring, matched tokens; each with its control.

    The ladder ranks by the same BM25 over every kind of states (with and without context) and of dictionary
    (trained, untrained, drawn); scoring takes BM25 apart; match says which part of the score is of equal words.
    What is measured is kept in the study, and an interrupted measurement goes on where it was. Example:

    `workbench why studies/scifact --only ladder --seeds 3`
    """
    from analyses.why.ladder.names import cell_folder
    from retrieval.study import Study
    from workbench.api.measuring import aspects_named, measure
    from workbench.verbs.rank._why import open_cell, print_answers

    opened, aspects = Study.open(study), aspects_named(only)
    made = {"study": out or cell_folder(opened, states, open_)} if open_ else {}
    with long_job(f"Why, in {opened.name}", made, queue, writes=[opened.path]) as progress:
        if open_:
            open_cell(opened, states, open_, out, text, progress)
            return
        measure(
            opened,
            aspects,
            progress,
            text=text,
            n_seeds=seeds,
            n_documents=documents,
            match_postings=match_postings,
        )
    answers = {aspect.name: aspect.read(opened) for aspect in aspects}
    if as_json:
        print_json({name: answer.to_dict() for name, answer in answers.items() if answer is not None})
    else:
        print_answers(answers)

"""The verb explain."""

from __future__ import annotations

from typing import Annotated

import typer

from data.terminal import say
from workbench.verbs.explain._further import further
from workbench.verbs.options import K1, AsJson, B, Idf, K1Unit, StudyFolder, query_text, scored
from workbench.verbs.printing import print_json, print_table


def run(
    study: StudyFolder,
    query: Annotated[str, typer.Argument(help="The query.")],
    doc_id: Annotated[str, typer.Argument(help="Id of the document whose score is to be explained.")],
    credit: Annotated[
        str,
        typer.Option(
            help="Credit of each token of both texts: `proportional` to activation, `leave-one-out` (the exact "
            "score without the token), or `occlusion` (its word masked and the text encoded again; seconds).",
            metavar="METHOD",
        ),
    ] = "",
    cosine: Annotated[
        bool, typer.Option("--cosine", help="Also the encoder's cosine, by the same latents.")
    ] = False,
    words: Annotated[bool, typer.Option("--words", help="Also lexical BM25's score, by words.")] = False,
    pairs: Annotated[
        bool,
        typer.Option(
            "--pairs",
            help="Also the credit of each pair of a query's token and a document's token, by latents.",
        ),
    ] = False,
    idf: Idf = "clipped",
    k1: K1 = None,
    b: B = None,
    k1_unit: K1Unit = "weight",
    as_json: AsJson = False,
) -> None:
    """Show the breakdown of a document's score: which latents give it, and on which tokens.

    The latents' contributions add up to the score. Each is shared over the tokens of document and query in
    proportion to their activations; `--credit` measures what a token is worth in other ways, and tests them all
    against random orders.
    """
    from analyses.attribution.score_breakdown import explain
    from analyses.latents.latent_table import vocabulary_table
    from retrieval.study import Study

    opened = Study.open(study)
    parameters = scored(opened, idf, k1, b, k1_unit)
    encoded = opened.encode(query_text(query))
    explanation = explain(opened, encoded, doc_id, parameters)
    more = further(opened, encoded, explanation, parameters, credit, cosine, words, pairs)
    if as_json:
        print_json({**explanation.to_dict(), **more.to_dict()})
    else:
        say(f"score {explanation.score:.4f}, of {len(explanation.breakdown)} shared latents")
        shown = explanation.breakdown.head(20)
        labels = vocabulary_table(opened)["label"].to_numpy()
        print_table(shown.assign(label=labels[shown["latent"]])[["latent", "label", *shown.columns[1:]]])
        more.show()

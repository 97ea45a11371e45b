"""Verbs that ask a study: search, explain, evaluate, latent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.errors import UserError
from workbench.printing import print_json, print_means, print_table
from workbench.verbs import explaining
from workbench.verbs.options import AsJson, Idf, StudyFolder, asked, bm25


def search_verb(
    study: StudyFolder,
    query: Annotated[str, typer.Argument(help="What to look for.")],
    depth: Annotated[int, typer.Option(help="How many results.", min=1)] = 10,
    system: Annotated[str, typer.Option(help="`latent`, `cosine` or `bm25`.")] = "latent",
    idf: Idf = "clipped",
    as_json: AsJson = False,
) -> None:
    """Rank the study's documents for a query."""
    from retrieval.study import Study

    if system not in ("latent", "cosine", "bm25"):
        raise UserError(f"--system {system} is unknown: expected latent, cosine or bm25")
    opened = Study.open(study)
    table = opened.search(asked(query), depth, system, bm25(idf))  # type: ignore[arg-type]
    if as_json:
        print_json({"query": query, "results": table[["rank", "doc_id", "score"]].to_dict("records")})
    elif table.empty:
        print("No document shares a term with this query.")
    else:
        print_table(table)


def explain(
    study: StudyFolder,
    query: Annotated[str, typer.Argument(help="The query.")],
    doc_id: Annotated[str, typer.Argument(help="Id of the document whose score is to be explained.")],
    credit: Annotated[
        str,
        typer.Option(
            help="Credit of each token of both texts: `proportional` to activation, `leave-one-out` (the exact "
            "score without it), or `occlusion` (its word masked and the text encoded again; seconds).",
            metavar="METHOD",
        ),
    ] = "",
    cosine: Annotated[
        bool, typer.Option("--cosine", help="Also the encoder's cosine, by the same latents.")
    ] = False,
    words: Annotated[bool, typer.Option("--words", help="Also lexical BM25's score, by words.")] = False,
    idf: Idf = "clipped",
    as_json: AsJson = False,
) -> None:
    """Show which latents give a document its score, and on which tokens.

    The latents' contributions add up to the score. Each is shared over the tokens of document and query in
    proportion to their activations; `--credit` asks what a token is worth in other ways, and tests them all against
    random orders.
    """
    from analyses.attribution import explain as explain_document
    from retrieval.study import Study

    opened, parameters = Study.open(study), bm25(idf)
    encoded = opened.encode(asked(query))
    explanation = explain_document(opened, encoded, doc_id, parameters)
    more = explaining.further(opened, encoded, doc_id, parameters, credit, cosine, words)
    if as_json:
        print_json({**explanation.to_dict(), **more.to_dict()})
    else:
        print(f"score {explanation.score:.4f}, of {len(explanation.ledger)} shared latents")
        print_table(explanation.ledger.head(20))
        more.show()


def evaluate(
    study: StudyFolder,
    runs: Annotated[
        Path | None, typer.Option(help="Write each system's ranking to DIR/<system>.trec.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Evaluate latent terms (with the paper's idf and with Lucene's), cosine and lexical BM25 by the qrels."""
    from retrieval.study import Study
    from retrieval.systems import evaluate_systems, write_runs

    evaluation = evaluate_systems(Study.open(study))
    if runs:
        write_runs(evaluation.runs, runs)
    if as_json:
        print_json(evaluation.means)
    else:
        print_means(evaluation.means)


def latent(
    study: StudyFolder,
    number: Annotated[int, typer.Argument(help="The latent, from 0.", metavar="LATENT")],
    html: Annotated[
        Path | None,
        typer.Option("--html", help="Write its card: one HTML file to put into a blog.", metavar="FILE"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a latent encodes: its statistics, words, neighbours and strongest contexts.

    With --json also wordpieces, bands of activation, histograms, documents, the queries that use it, your own notes
    and a model's explanations.

    `workbench latent studies/scifact 123 --html latent-123.html`
    """
    from analyses.dictionary import whole_entry
    from retrieval.study import Study

    if html is not None:
        from data.files import new_file
        from workbench.latent_card import study_card

        card = study_card(Study.open(study), number)
        with new_file(html) as temporary:
            temporary.write_text(card, encoding="utf-8")
        return
    entry = whole_entry(Study.open(study), number)
    if as_json:
        print_json(entry)
        return
    print(f"latent {number}: {entry['label']}")
    if entry["label"] != entry["automatic_label"]:
        print(f"  {'automatic label':<24}{entry['automatic_label']}")
    if entry["tags"] or entry["note"]:
        print(f"  {'your notes':<24}{', '.join(entry['tags'])} {' '.join(entry['note'].split())}".rstrip())
    for said in entry["explanations"]:
        print(f"  {said['model']}: {said['text']}")
    for name, value in entry["statistics"].items():
        shown = f"{value:,.4g}" if isinstance(value, int | float) else value or "not kept in this study"
        print(f"  {name.replace('_', ' '):<24}{shown}")
    print("  words:", ", ".join(f"{row['word']} {row['share']:.0%}" for row in entry["words"]["table"][:8]))
    for how, rows in entry["neighbours"].items():
        print(
            f"  nearest by {how}:",
            ", ".join(f"{row['latent']} ({row['label']})" for row in rows["table"][:5]),
        )
    for context in entry["contexts"][:8]:
        print("  -", " ".join(str(context["text"]).split()))

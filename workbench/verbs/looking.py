"""Verbs that look: the app, the jobs, and what is in a collection."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from workbench.printing import print_json, print_table, say_problems
from workbench.verbs.options import SOURCE_HELP, AsJson, Split


def app_verb(
    studies: Annotated[list[Path] | None, typer.Argument(help="Studies, or folders of studies.")] = None,
    port: Annotated[int, typer.Option(help="Port of the app; another one is taken if it is in use.")] = 8501,
) -> None:
    """Open the app on one or more studies (default: all under ./artifacts/studies)."""
    from workbench.serve import serve_app

    serve_app(studies or [], port)


def collection(
    source: Annotated[str, typer.Argument(help=SOURCE_HELP)],
    out: Annotated[Path | None, typer.Option(help="Write it as a BEIR folder.")] = None,
    split: Split = "test",
    id_column: Annotated[str | None, typer.Option(help="Column of a file that holds the ids.")] = None,
    text_column: Annotated[str | None, typer.Option(help="Column that holds the text.")] = None,
    title_column: Annotated[str | None, typer.Option(help="Column that holds the title.")] = None,
    topics: Annotated[Path | None, typer.Option(help="TREC topics to ask of these documents.")] = None,
    qrels: Annotated[Path | None, typer.Option(help="TREC qrels of those topics.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read a collection and say what is in it, and what is wrong with it.

    With `--out` it becomes a BEIR folder that every other verb reads, so that documents in a table, or TREC
    topics and qrels, are brought in once:

    `workbench collection docs.csv --text-column body --topics topics.txt --qrels qrels.txt --out mine/`
    """
    from data.collections import load_collection, save_collection
    from data.readers.tabular import Columns

    columns = Columns(id_column, text_column, title_column)
    loaded = load_collection(source, split, columns=columns, topics=topics, qrels=qrels)
    if out:
        save_collection(loaded, out)
    facts: dict[str, Any] = {
        "name": loaded.name,
        "documents": len(loaded.corpus),
        "queries": len(loaded.queries),
        "judgements": sum(len(grades) for grades in loaded.qrels.values()),
        "card": dict(loaded.card),
        "problems": [vars(problem) for problem in loaded.problems],
    }
    if as_json:
        print_json(facts)
        return
    print(f"{loaded.name}: {facts['documents']:,} documents, {facts['queries']:,} queries, ", end="")
    print(f"{facts['judgements']:,} judgements")
    for key, value in loaded.card.items():
        print(f"  {key}: {value}")
    say_problems(loaded, at_most=50)


def jobs_verb(as_json: AsJson = False) -> None:
    """List the jobs, the newest first: what runs, waits, and has ended; the app's Train page shows the same."""
    import pandas as pd

    from workbench.jobs import jobs

    rows: list[dict[str, Any]] = []
    for job in jobs():
        status = job.status
        stage = f"{status.stage} {status.done / max(1, status.total):.0%}" if status else ""
        rows.append(
            {"job": job.id, "state": job.state, "title": job.request.title, "stage": stage,
             "error": job.end.error if job.end else ""}
        )  # fmt: skip
    if as_json:
        print_json(rows)
    elif rows:
        print_table(pd.DataFrame(rows))
    else:
        print("No job yet: `workbench train`, `index` and the other long verbs make one.")

"""The verb collection."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from data.terminal import say
from workbench.verbs.options import SOURCE_HELP, AsJson, IdColumn, Split, TextColumn, TitleColumn
from workbench.verbs.printing import print_json, print_problems


def run(
    source: Annotated[str, typer.Argument(help=SOURCE_HELP)],
    out: Annotated[Path | None, typer.Option(help="Write it as a BEIR folder.")] = None,
    split: Split = "test",
    id_column: IdColumn = None,
    text_column: TextColumn = None,
    title_column: TitleColumn = None,
    topics: Annotated[Path | None, typer.Option(help="TREC topics: the queries of these documents.")] = None,
    qrels: Annotated[Path | None, typer.Option(help="TREC qrels of those topics.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read a collection, and print what is in it and what is wrong with it.

    With `--out` the collection becomes a BEIR folder that every other verb reads, so that documents in a table, or
    TREC topics and qrels, are brought in once:

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
    say(f"{loaded.name}: {facts['documents']:,} documents, {facts['queries']:,} queries, ", end="")
    say(f"{facts['judgements']:,} judgements")
    for key, value in loaded.card.items():
        say(f"  {key}: {value}")
    print_problems(loaded, at_most=50)

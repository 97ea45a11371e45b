"""What several verbs share: options, and how their text becomes values; a wrong one is a `UserError`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import UserError
from workbench.printing import say_problems

if TYPE_CHECKING:
    from data.corpus import Collection
    from retrieval.bm25 import Bm25Parameters

StudyFolder = Annotated[
    Path, typer.Argument(help="Study folder, as made by `workbench index`.", metavar="STUDY")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Split = Annotated[str, typer.Option(help="Which qrels of the collection: test, train, dev ...")]
Idf = Annotated[
    str,
    typer.Option(
        help="`clipped` as in the paper, or `lucene`: ln(1 + (N - n + .5)/(n + .5)).", metavar="IDF"
    ),
]
SOURCE_HELP = (
    "What to read: `docstrings` (embedded), `limit:5000` (generated), a BEIR folder, a .jsonl/.csv/.tsv/.parquet "
    "file, `ir_datasets:ID` or `hf:REPO`."
)


def parse_count(text: str) -> int:
    """A count such as 6M, 250k or 1_000_000, as a whole number above 0."""
    number, unit = text.strip().replace("_", "").replace(",", ""), 1
    for suffix, factor in (("k", 10**3), ("m", 10**6), ("b", 10**9)):
        if number.lower().endswith(suffix):
            number, unit = number[:-1], factor
    try:
        count = round(float(number) * unit)
    except (ValueError, OverflowError):
        count = 0
    if count < 1:
        raise UserError(f"--tokens {text} is not a count: expected something like 500k, 6M or 250000")
    return count


def load_documents(source: str, split: str) -> Collection:
    from data.collections import load_collection

    loaded = load_collection(source, split)
    if not len(loaded.corpus):
        raise UserError(f"{source} holds no documents: expected at least one")
    say_problems(loaded, at_most=5)
    return loaded


def asked(query: str) -> str:
    if not query.strip():
        raise UserError("the query is empty: expected some text to look for")
    return query


def bm25(idf: str) -> Bm25Parameters:
    from retrieval.bm25 import Bm25Parameters

    return Bm25Parameters(idf=idf)  # type: ignore[arg-type]  # refuses any other

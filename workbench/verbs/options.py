"""What several verbs share: options, and how their text becomes values; a wrong one is a `UserError`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import UserError
from workbench.printing import say_problems

if TYPE_CHECKING:
    from data.corpus import Collection
    from retrieval.bm25 import Bm25Parameters
    from workbench.progress import StageProgress

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
EncoderName = Annotated[
    str,
    typer.Option(
        help="`minilm` (embedded), a Hugging Face id, or a folder; `random:NAME` is its twin with random weights.",
        metavar="ENCODER",
    ),
]
Layer = Annotated[
    str,
    typer.Option(
        help="`final`, a hidden layer (0 is the embeddings), a TransformerLens hook point: `blocks.4.hook_out`, "
        "or `projected`: what a multi-vector encoder's projection makes of the final states.",
        metavar="LAYER",
    ),
]
MaxLength = Annotated[int, typer.Option(help="Tokens of a text that are read.")]
QueryPrefix = Annotated[str, typer.Option(help="Put before every query, as some encoders ask.")]
DocumentPrefix = Annotated[str, typer.Option(help="Put before every document.")]
SpecialTokens = Annotated[bool, typer.Option(help="Keep the states of [CLS], [SEP] and their like.")]
Device = Annotated[str, typer.Option(help="`auto`, `cpu`, `cuda`, `cuda:1` ...")]
Queue = Annotated[
    bool, typer.Option("--queue", help="Wait until the jobs that run and wait before it are done.")
]
SOURCE_HELP = (
    "What to read: `docstrings` (embedded), `limit:5000` (generated), a BEIR folder, a .jsonl/.csv/.tsv/.parquet "
    "file, `ir_datasets:ID` or `hf:REPO`."
)


def parse_count(text: str, option: str = "--tokens") -> int:
    """A count such as 6M, 250k or 1_000_000, as a whole number above 0."""
    number, unit = text.strip().replace("_", "").replace(",", ""), 1
    for suffix, factor in (("k", 10**3), ("m", 10**6), ("g", 10**9), ("b", 10**9)):
        if number.lower().endswith(suffix):
            number, unit = number[:-1], factor
    try:
        count = round(float(number) * unit)
    except (ValueError, OverflowError):
        count = 0
    if count < 1:
        raise UserError(f"{option} {text} is not a count: expected something like 500k, 6M or 250000")
    return count


def parse_layer(layer: str) -> int | str | None:
    """The layer as an `EncoderConfig` has it: None for the final states, a number, or a hook point's name."""
    if layer in ("", "final"):
        return None
    return int(layer) if layer.isdecimal() else layer


def load_documents(source: str, split: str) -> Collection:
    from data.collections import load_collection

    loaded = load_collection(source, split)
    if not len(loaded.corpus):
        raise UserError(f"{source} holds no documents: expected at least one")
    say_problems(loaded, at_most=5)
    return loaded


@contextmanager
def long_job(title: str, files: Mapping[str, Path], queue: bool = False) -> Iterator[StageProgress]:
    """Progress of a verb that takes long, which the app shows as a job; torchrun's other workers stay silent."""
    from workbench.job_process import registered
    from workbench.progress import StageProgress

    if int(os.environ.get("RANK", "0")):
        with StageProgress(silent=True) as progress:
            yield progress
        return
    with registered(title, files, queue=queue) as job, StageProgress(job) as progress:
        yield progress


def asked(query: str) -> str:
    if not query.strip():
        raise UserError("the query is empty: expected some text to look for")
    return query


def bm25(idf: str) -> Bm25Parameters:
    from retrieval.bm25 import Bm25Parameters

    return Bm25Parameters(idf=idf)  # type: ignore[arg-type]  # refuses any other

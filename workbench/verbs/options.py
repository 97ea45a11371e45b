"""What several verbs share: options, and how their text becomes values; a wrong one is a `UserError`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import UserError
from data.terminal import say
from workbench.verbs.printing import print_problems

if TYPE_CHECKING:
    from data.corpus import Collection
    from data.readers.tabular import Columns
    from retrieval.bm25 import Bm25Parameters
    from retrieval.study import Study
    from workbench.jobs.progress import StageProgress

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
K1 = Annotated[float | None, typer.Option("--k1", help="BM25's k1; the paper's by default.", min=0)]
B = Annotated[float | None, typer.Option("--b", help="BM25's b; the paper's by default.", min=0, max=1)]
K1Unit = Annotated[
    str,
    typer.Option(
        help="What --k1 counts in: `weight`, a latent's term frequency as in the paper, or `mean`, its mean in "
        "this study, so that one k1 saturates alike where documents are short and where they are long.",
        metavar="UNIT",
    ),
]
MaxLength = Annotated[
    int | None,
    typer.Option(
        help="Tokens of a text that are read; without it what the encoder's files say, 256 at most."
    ),
]
Device = Annotated[str, typer.Option(help="`auto`, `cpu`, `cuda`, `cuda:1` ...")]
Queue = Annotated[
    bool, typer.Option("--queue", help="Wait until the jobs that run and wait before it are done.")
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with an interrupted training.")]
MaxQueries = Annotated[int | None, typer.Option(help="Evaluate at most this many queries, evenly spaced.")]
Port = Annotated[int, typer.Option(help="Port of the app; another one is taken if it is in use.")]
HostName = Annotated[
    list[str] | None,
    typer.Option(
        help="A name that the app answers to beside localhost, as behind a proxy; may be repeated.",
        metavar="NAME",
    ),
]
ModelUrl = Annotated[
    str,
    typer.Option(
        help="Server of the language model that explains latents: the only one to which the key of "
        "WORKBENCH_API_KEY goes.",
        metavar="URL",
    ),
]
SOURCE_HELP = (
    "What to read: `docstrings` (embedded), `limit:5000` (generated), a BEIR folder, a .jsonl/.csv/.tsv/.parquet "
    "file, `ir_datasets:ID` or `hf:REPO`."
)
Source = Annotated[str, typer.Option(help=SOURCE_HELP)]
IdColumn = Annotated[str | None, typer.Option(help="Column of a file that holds the ids.")]
TextColumn = Annotated[str | None, typer.Option(help="Column that holds the text.")]
TitleColumn = Annotated[str | None, typer.Option(help="Column that holds the title.")]


def load_documents(source: str, split: str, columns: Columns | None = None) -> Collection:
    """A collection that holds documents; what its reader met is named on standard error."""
    from data.collections import load_collection

    loaded = load_collection(source, split, columns=columns)
    if not len(loaded.corpus):
        raise UserError(f"{source} holds no documents: expected at least one")
    print_problems(loaded, at_most=5)
    return loaded


@contextmanager
def long_job(
    title: str,
    files: Mapping[str, Path],
    queue: bool = False,
    *,
    resumes: bool = False,
    writes: Sequence[Path] = (),
) -> Iterator[StageProgress]:
    """Progress of a verb that takes long, which the app shows as a job; torchrun's other workers stay silent.

    files: what it makes. resumes: the verb takes --resume, and goes on where it was interrupted. writes: what
    stands already, and is changed. Another command that makes or changes one of them is waited for.
    """
    from data.locks import only_maker
    from workbench.jobs.job_process import registered
    from workbench.jobs.progress import StageProgress

    if int(os.environ.get("RANK", "0")):
        with StageProgress(silent=True) as progress:
            yield progress
        return
    with ExitStack() as stack:
        job = stack.enter_context(registered(title, files, queue=queue, resumes=resumes))
        writable = (path for path in writes if os.access(path.absolute().parent, os.W_OK))
        for path in sorted({*files.values(), *writable}):
            stack.enter_context(only_maker(path, lambda sentence: say(sentence, file=sys.stderr)))
        yield stack.enter_context(StageProgress(job))


def query_text(query: str) -> str:
    """The query, which must hold some text."""
    if not query.strip():
        raise UserError("the query is empty: expected some text to look for")
    return query


def bm25(idf: str) -> Bm25Parameters:
    """The paper's parameters with this idf."""
    from retrieval.bm25 import Bm25Parameters

    return Bm25Parameters(idf=idf)  # type: ignore[arg-type]  # refuses any other


def scored(study: Study, idf: str, k1: float | None, b: float | None, k1_unit: str) -> Bm25Parameters:
    """The paper's parameters with these in their place; k1_unit: what k1 counts in (`K1Unit`)."""
    from dataclasses import replace

    from analyses.why.k1 import mean_weight

    parameters = bm25(idf)
    if k1_unit not in ("weight", "mean"):
        raise UserError(f'--k1-unit is "{k1_unit}": expected weight or mean')
    if k1_unit == "mean" and k1 is None:
        raise UserError("--k1-unit mean says what --k1 counts in: add --k1, such as --k1 2")
    if k1 is not None:
        unit = mean_weight(study.index, parameters) if k1_unit == "mean" else 1.0
        parameters = replace(parameters, k1=k1 * unit)
    return parameters if b is None else replace(parameters, b=b)

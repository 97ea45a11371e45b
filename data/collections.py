"""`load_collection(source)` reads a collection of any kind; `save_collection` writes one in the BEIR layout."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from data.corpus import Collection
from data.docstrings import docstring_collection
from data.errors import UserError
from data.files import new_folder, write_json
from data.limit import limit_collection
from data.permissions import require
from data.progress import StepProgress
from data.readers.beir import read_beir
from data.readers.hub import read_hub, read_hub_text
from data.readers.ir_datasets import read_ir_datasets
from data.readers.records import without_title
from data.readers.tabular import SUFFIXES, Columns, read_table
from data.readers.trec import read_trec

ACCEPTED = (
    "docstrings, limit:<documents>[:<seed>], ir_datasets:<name>, hf:<repository>, "
    "hf-text:<repository>:<documents> (plain text, streamed), a folder in BEIR's layout, or a "
    f"file of documents ({', '.join(SUFFIXES)}, also with .gz)"
)


def load_collection(
    source: str,
    split: str = "test",
    *,
    columns: Columns | None = None,
    topics: Path | None = None,
    qrels: Path | None = None,
    progress: StepProgress | None = None,
) -> Collection:
    """Load the collection that `source` names, in one of the forms of `ACCEPTED`.

    split: which qrels to read. columns: for a file, which columns hold id, text and title. topics, qrels: TREC
    files that replace the source's own queries and judgements; both or neither. progress: counts the source files
    of `docstrings`, the one collection that takes seconds to build. An unknown source raises a `UserError` that
    lists the accepted forms.
    """
    require("open paths")
    if (topics is None) != (qrels is None):
        raise UserError("topics and qrels go together: got one of the two files, give both or neither")
    kind, _, name = source.partition(":")
    if source == "docstrings":
        collection = docstring_collection(progress)
    elif kind == "limit":
        collection = _limit(source, name)
    elif kind == "ir_datasets" and name:
        collection = read_ir_datasets(name, split)
    elif kind == "hf" and name:
        collection = read_hub(name, split)
    elif kind == "hf-text":
        collection = read_hub_text(name)
    elif source and Path(source).is_dir():
        collection = read_beir(Path(source), split)
    elif source and Path(source).is_file():
        collection = read_table(Path(source), columns, "the judgements" if qrels else "")
    else:
        raise UserError(f"no collection {source!r} (nor a file or folder of that name): expected {ACCEPTED}")
    return collection if topics is None or qrels is None else read_trec(collection, topics, qrels)


def save_collection(collection: Collection, folder: Path, split: str = "test") -> None:
    """Write a collection in the BEIR layout, completely or not at all, and its card as card.json.

    `read_beir` then returns the same ids, texts, queries and qrels, and the titles of all documents whose text
    begins with the title. An id with a tab or a line break raises a `UserError`: qrels files cannot hold it.
    """
    ids = (*collection.queries.ids, *collection.corpus.ids)
    unwritable = [identifier for identifier in ids if _breaks_qrels(identifier)]
    if unwritable:
        raise UserError(
            f"id {unwritable[0]!r} holds a tab or a line break, which qrels files cannot hold: rename it"
        )
    corpus, queries = collection.corpus, collection.queries
    with new_folder(folder) as temporary:
        documents = zip(corpus.ids, corpus.texts, corpus.titles, strict=True)
        _write_lines(temporary / "corpus.jsonl", (_document(*document) for document in documents))
        if len(queries):
            rows = zip(queries.ids, queries.texts, strict=True)
            _write_lines(
                temporary / "queries.jsonl", (_json({"_id": row[0], "text": row[1]}) for row in rows)
            )
        if collection.qrels:
            (temporary / "qrels").mkdir()
            _write_lines(temporary / "qrels" / f"{split}.tsv", _judgement_lines(collection))
        write_json(temporary / "card.json", dict(collection.card))


def _limit(source: str, arguments: str) -> Collection:
    numbers = arguments.split(":")
    if not all(number.isdecimal() for number in numbers) or len(numbers) > 2:
        raise UserError(
            f"{source!r} is no LIMIT collection: expected limit:<documents> or limit:<documents>:<seed>"
        )
    n_docs, seed = int(numbers[0]), int(numbers[1]) if len(numbers) == 2 else 0
    return limit_collection(n_docs, n_relevant=min(46, n_docs), seed=seed)


def _breaks_qrels(identifier: str) -> bool:
    return any(character in identifier for character in "\t\r\n")


def _document(identifier: str, text: str, title: str) -> str:
    body = without_title(text, title)
    if body is None:
        body, title = text, ""
    return _json({"_id": identifier, "title": title, "text": body})


def _judgement_lines(collection: Collection) -> Iterable[str]:
    yield "query-id\tcorpus-id\tscore"
    for query, grades in collection.qrels.items():
        for document, grade in grades.items():
            yield f"{query}\t{document}\t{grade}"


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)

"""The texts of a study's folder: documents as a mapped Arrow file, queries and judgements as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import overload

import pyarrow as pa

from data.corpus import Corpus, Qrels, Queries
from data.errors import UserError
from data.files import new_file, read_json_object, write_json
from data.tables import map_arrow

DOCUMENTS, QUERIES, QRELS = "documents.arrow", "queries.json", "qrels.json"
DOCUMENT_COLUMNS = pa.schema([("id", pa.string()), ("title", pa.string()), ("text", pa.large_string())])


class TextColumn(Sequence[str]):
    """A column of strings in a memory-mapped Arrow file, read on access."""

    def __init__(self, column: pa.ChunkedArray) -> None:
        self._column = column

    def __len__(self) -> int:
        return len(self._column)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [str(text) for text in self._column[index].to_pylist()]
        return str(self._column[index].as_py())

    def __iter__(self) -> Iterator[str]:
        for chunk in self._column.chunks:
            yield from chunk.to_pylist()


def read_documents(study: Path) -> Corpus:
    """The documents of the study at `study`: ids in memory, titles and texts read on access."""
    table = map_arrow(study / DOCUMENTS, DOCUMENT_COLUMNS)
    return Corpus(table["id"].to_pylist(), TextColumn(table["text"]), TextColumn(table["title"]))


def write_documents(study: Path, corpus: Corpus) -> None:
    """Write ids, titles and texts as one Arrow file that `read_documents` maps."""
    table = pa.table(
        {"id": list(corpus.ids), "title": list(corpus.titles), "text": list(corpus.texts)},
        schema=DOCUMENT_COLUMNS,
    )
    with (
        new_file(study / DOCUMENTS) as temporary,
        pa.OSFile(str(temporary), "wb") as sink,
        pa.ipc.new_file(sink, table.schema) as writer,
    ):
        writer.write_table(table, max_chunksize=4096)


def write_judgements(folder: Path, queries: Queries, qrels: Qrels) -> None:
    """Write the queries and their judgements as queries.json and qrels.json."""
    write_json(folder / QUERIES, {"ids": list(queries.ids), "texts": list(queries.texts)})
    write_json(folder / QRELS, {query: dict(grades) for query, grades in qrels.items()})


def read_queries(study: Path) -> Queries:
    """The queries of the study at `study`."""
    stored = read_json_object(study / QUERIES)
    ids, texts = stored.get("ids"), stored.get("texts")
    if not (isinstance(ids, list) and isinstance(texts, list) and len(ids) == len(texts)):
        raise UserError(
            f"{study / QUERIES} is damaged: expected as many ids as texts; restore it, or index again"
        )
    return Queries(ids, texts)

"""Tables of documents: JSONL, CSV, TSV and Parquet, plain or gzipped, with named columns."""

from __future__ import annotations

import csv
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from data.corpus import Collection, Problem, Queries
from data.errors import UserError
from data.readers.records import Row, corpus_of, decoded_lines, numbered_objects, open_bytes

SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")
LONGEST_FIELD = 2**31 - 1  # csv stops at 131,072 characters unless told otherwise

Table = Iterator[tuple[int, dict[str, Any]]]  # (line or row number from 1, column name -> value)


@dataclass(frozen=True)
class Columns:
    """Names of the columns to read; None takes the first usual name that the table has."""

    id: str | None = None
    text: str | None = None
    title: str | None = None


USUAL_NAMES = {
    "id": ("_id", "id", "doc_id", "docno"),
    "text": ("text", "contents", "body"),
    "title": ("title",),
}


def read_table(path: Path, columns: Columns | None = None) -> Collection:
    """The documents of a table; it has no queries. Without an id column, ids are line (Parquet: row) numbers."""
    problems: list[Problem] = []
    corpus = corpus_of(table_rows(path, problems, columns), problems, str(path))
    card = {"source": str(path), "split": None}
    return Collection(path.name.split(".")[0], corpus, Queries((), ()), {}, tuple(problems), card)


def table_rows(path: Path, problems: list[Problem], columns: Columns | None = None) -> Iterator[Row]:
    """Each line of a table as a `Row`; a line that cannot be read is reported and skipped.

    A TSV is never quoted: a quote in it is a quote. A CSV is, and a quoted field may hold line breaks.
    """
    suffix = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    match suffix:
        case ".jsonl" | ".ndjson" | ".json":
            table = numbered_objects(path, problems)
        case ".csv" | ".tsv":
            table = _delimited(path, "," if suffix == ".csv" else "\t", problems)
        case ".parquet":
            table = _parquet(path)
        case _:
            kinds = ", ".join(SUFFIXES)
            raise UserError(
                f"{path} is not a table that can be read: expected {kinds}, or one of them with .gz"
            )
    return rows_of(table, path.name, columns or Columns())


def rows_of(table: Iterable[tuple[int, dict[str, Any]]], name: str, columns: Columns) -> Iterator[Row]:
    """Choose the id, text and title columns of a table, whose name is for messages.

    The first 100 rows tell which columns there are, since a line of JSONL may lack some.
    """
    table = iter(table)
    head = list(islice(table, 100))
    if not head:
        return
    present = list(dict.fromkeys(key for _, row in head for key in row))
    id_column = _choose("id", columns.id, present, name)
    text_column = _choose("text", columns.text, present, name)
    title_column = _choose("title", columns.title, present, name)
    if text_column is None:
        raise UserError(
            f"{name} has no column {' or '.join(USUAL_NAMES['text'])}: "
            f"say which of its columns ({_listed(present)}) holds the text"
        )
    for number, row in chain(head, table):
        identifier = number if id_column is None else row.get(id_column)
        yield Row(f"{name}:{number}", identifier, row.get(text_column), row.get(title_column or "", ""))


def _choose(role: str, wanted: str | None, present: list[str], name: str) -> str | None:
    if wanted is not None and wanted not in present:
        raise UserError(f"{name} has no {role} column {wanted!r}: its columns are {_listed(present)}")
    return wanted or next((usual for usual in USUAL_NAMES[role] if usual in present), None)


def _listed(names: list[str]) -> str:
    return ", ".join(textwrap.shorten(name, 40) for name in names)


def _delimited(path: Path, delimiter: str, problems: list[Problem]) -> Table:
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if delimiter == "," else csv.QUOTE_NONE
    reader = csv.reader(decoded_lines(path, problems), delimiter=delimiter, quoting=quoting, strict=True)
    previous_limit = csv.field_size_limit(LONGEST_FIELD)
    try:
        header: list[str] = []
        while True:
            number = reader.line_num + 1
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                detail = f"{error}, up to line {reader.line_num}; skipped"
                problems.append(Problem("broken line", f"{path.name}:{number}", detail))
                continue
            if not header:
                header = fields
            elif len(fields) == len(header):
                yield number, dict(zip(header, fields, strict=True))
            elif fields:
                detail = f"{len(fields)} fields where the header names {len(header)}; skipped"
                problems.append(Problem("broken line", f"{path.name}:{number}", detail))
    finally:
        csv.field_size_limit(previous_limit)


def _parquet(path: Path) -> Table:
    with open_bytes(path) as file:
        try:
            table = pq.ParquetFile(file)
            names = [field.name for field in table.schema_arrow if _holds_text_or_numbers(field.type)]
            batches = table.iter_batches(columns=names)
            yield from enumerate(chain.from_iterable(batch.to_pylist() for batch in batches), start=1)
        except (pa.ArrowException, OSError, EOFError) as error:
            raise UserError(f"{path} is not a Parquet file that can be read ({error})") from None


def _holds_text_or_numbers(kind: pa.DataType) -> bool:
    """Leaves vectors and nested columns unread."""
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_dictionary)
    return any(test(kind) for test in (*tests, pa.types.is_integer, pa.types.is_floating))

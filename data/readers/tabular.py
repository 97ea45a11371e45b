"""Tables of documents: JSONL, CSV, TSV and Parquet, plain or gzipped, with named columns."""

from __future__ import annotations

import csv
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

from data.corpus import Collection, Problem, Queries
from data.errors import UserError
from data.readers.names import DOCUMENTS, usual
from data.readers.parquet import parquet_rows
from data.readers.records import Row, corpus_of, decoded_lines, numbered_objects

SUFFIXES = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".parquet")
LONGEST_FIELD = 2**31 - 1  # the default of csv is 131,072 characters

Names = Mapping[str, Sequence[str]]
Table = Iterator[tuple[int, dict[str, Any]]]  # (line or row number from 1, column name -> value)


@dataclass(frozen=True)
class Columns:
    """Names of the columns to read; None: the first usual name (data/readers/names.py) that the table has."""

    id: str | None = None
    text: str | None = None
    title: str | None = None


def read_table(path: Path, columns: Columns | None = None, ids_for: str = "") -> Collection:
    """The documents of a table, without queries; without an id column, ids are line (Parquet: row) numbers.

    ids_for: what refers to the ids, so that a table without them is a `UserError`; "": nothing does.
    """
    problems: list[Problem] = []
    corpus = corpus_of(table_rows(path, problems, columns, ids_for=ids_for), problems, str(path))
    card = {"source": str(path), "split": None}
    return Collection(path.name.split(".")[0], corpus, Queries((), ()), {}, tuple(problems), card)


def table_rows(
    path: Path,
    problems: list[Problem],
    columns: Columns | None = None,
    names: Names = DOCUMENTS,
    ids_for: str = "",
) -> Iterator[Row]:
    """Each line of a table as a `Row`; an unreadable line goes to `problems` and is skipped.

    In a TSV a quote is an ordinary character; in a CSV it quotes a field, which may then hold line breaks. An
    unknown suffix, an unreadable Parquet file or a missing text column raises a `UserError`.
    """
    chosen = (columns or Columns()).__dict__
    table = open_table(path, problems, [[chosen[role]] if chosen[role] else names[role] for role in names])
    return rows_of(table, path.name, columns or Columns(), names, ids_for)


def open_table(path: Path, problems: list[Problem], wanted: Sequence[Sequence[str]] = ()) -> Table:
    """The lines of a table by its suffix, plain or gzipped. wanted: names of columns that matter, for Parquet."""
    suffix = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    match suffix:
        case ".jsonl" | ".ndjson" | ".json":
            return numbered_objects(path, problems)
        case ".csv" | ".tsv":
            return _delimited(path, "," if suffix == ".csv" else "\t", problems)
        case ".parquet":
            return parquet_rows(path, wanted)
    kinds = ", ".join(SUFFIXES)
    raise UserError(f"{path} is not a table that can be read: expected {kinds}, or one of them with .gz")


def rows_of(
    table: Iterable[tuple[int, dict[str, Any]]],
    name: str,
    columns: Columns,
    names: Names = DOCUMENTS,
    ids_for: str = "",
) -> Iterator[Row]:
    """The rows of a table, reduced to its id, text and title columns. name: the table's, for messages.

    names: the usual names of each column. ids_for: what refers to the ids. The columns are those of the first 100
    rows, since a single line of JSONL may lack some. A table without a text column, without a column that `columns`
    names, or without ids where something refers to them, raises a `UserError`.
    """
    table = iter(table)
    head = list(islice(table, 100))
    if not head:
        return
    present = list(dict.fromkeys(key for _, row in head for key in row))
    id_column = _choose("id", columns.id, names, present, name)
    text_column = _choose("text", columns.text, names, present, name)
    title_column = _choose("title", columns.title, names, present, name)
    if text_column is None:
        raise UserError(
            f"{name} has no column {' or '.join(names['text'])}: "
            f"name the column that holds the text (its columns are {_listed(present)})"
        )
    if id_column is None and ids_for:
        raise UserError(
            f"{name} has no column {' or '.join(names['id'])}, and {ids_for} refer to ids: name the column that "
            f"holds them (its columns are {_listed(present)})"
        )
    for number, row in chain(head, table):
        identifier = number if id_column is None else row.get(id_column)
        yield Row(f"{name}:{number}", identifier, row.get(text_column), row.get(title_column or "", ""))


def _choose(role: str, wanted: str | None, names: Names, present: list[str], name: str) -> str | None:
    if wanted is not None and wanted not in present:
        raise UserError(f"{name} has no {role} column {wanted!r}: its columns are {_listed(present)}")
    return wanted or usual(names[role], present)


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

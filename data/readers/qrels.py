"""Relevance judgements in BEIR's three columns, TREC's four, or as records; the format is recognised."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Any

from data.corpus import Problem
from data.errors import UserError
from data.readers.names import JUDGEMENTS, id_text, usual
from data.readers.parquet import parquet_rows
from data.readers.records import Judgement, decoded_lines, numbered_lines, numbered_objects

SUFFIXES = (".tsv", ".jsonl", ".csv", ".ndjson", ".json", ".parquet", ".txt", ".qrels", ".qrel")
EXPECTED = "a query id, a document id and a whole number"

Numbered = Iterator[tuple[int, list[str]]]


def read_judgements(path: Path, problems: list[Problem]) -> Iterator[Judgement]:
    """Judgements in file order; a line that holds no judgement goes to `problems` and is skipped.

    A line is `query document grade` (BEIR) or `query iteration document grade` (TREC), and the first may name the
    columns, which then may be in any order; or a record with the usual keys (JSONL, Parquet). Columns are separated
    by tabs, so ids may hold spaces, in .csv by commas; a line without three or four columns by tabs is split at
    white space. Records without the usual keys, or a grade that is no whole number, raise a `UserError`.
    """
    suffix = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    if suffix == ".parquet":
        return judgements_of(parquet_rows(path), path.name, problems)
    if suffix in (".jsonl", ".ndjson", ".json"):
        return judgements_of(numbered_objects(path, problems), path.name, problems)
    return _of_lines(
        _commas(path, problems) if suffix == ".csv" else _tabs(path, problems), path.name, problems
    )


def judgements_of(
    rows: Iterable[tuple[int, Mapping[str, Any]]], name: str, problems: list[Problem]
) -> Iterator[Judgement]:
    """The judgements of numbered records; keys are those of the first 100. name: the table's, for messages."""
    rows = iter(rows)
    head = list(islice(rows, 100))
    present = list(dict.fromkeys(key for _, row in head for key in row))
    keys = {role: usual(names, present) for role, names in JUDGEMENTS.items()}
    if present and (missing := [role for role, key in keys.items() if key is None]):
        wanted = "; ".join(f"{role}: {', '.join(JUDGEMENTS[role])}" for role in missing)
        raise UserError(
            f"{name} holds judgements without a usual key ({wanted}): its keys are {', '.join(present)[:200]}; "
            "name them query-id, corpus-id and score"
        )
    for number, row in chain(head, rows):
        query, document, grade = (row.get(keys[role] or "") for role in ("query", "document", "grade"))
        yield from _judgement(f"{name}:{number}", id_text(query), id_text(document), grade, row, problems)


def _of_lines(lines: Numbered, name: str, problems: list[Problem]) -> Iterator[Judgement]:
    places: dict[str, int] | None = None
    for position, (number, fields) in enumerate(lines):
        if position == 0 and _is_header(fields):
            places = _places(fields)
            continue
        if places is not None:
            complete = len(fields) > max(places.values())
            query, document, grade = (
                [fields[places[role]] for role in ("query", "document", "grade")] if complete else [None] * 3
            )
        elif len(fields) in (3, 4):
            query, document, grade = fields[0], fields[-2], fields[-1]
        else:
            query = document = grade = None
        yield from _judgement(f"{name}:{number}", query, document, grade, fields, problems)


def _judgement(
    where: str, query: str | None, document: str | None, grade: Any, line: Any, problems: list[Problem]
) -> Iterator[Judgement]:
    value = _number(grade)
    if not query or not document or value is None:
        problems.append(Problem("broken line", where, f"{str(line)[:200]} is not {EXPECTED}; skipped"))
    elif not value.is_integer():
        raise UserError(
            f"{where} has the grade {grade}: expected whole numbers, in which nDCG and trec_eval count gains; "
            "multiply all grades by one factor that makes them whole"
        )
    else:
        yield Judgement(where, query, document, int(value))


def _number(grade: Any) -> float | None:
    """A number, also as text; TREC grades junk -1 or less: judged and not relevant."""
    if isinstance(grade, bool):
        return None
    try:
        value = float(grade)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def _is_header(fields: list[str]) -> bool:
    return bool(fields) and _number(fields[-1]) is None and usual(JUDGEMENTS["grade"], fields) is not None


def _places(header: list[str]) -> dict[str, int] | None:
    """Role -> position, by the names of a header; None for a header without usual names of both ids."""
    found = {role: usual(names, header) for role, names in JUDGEMENTS.items()}
    return {role: header.index(name) for role, name in found.items() if name} if all(found.values()) else None


def _tabs(path: Path, problems: list[Problem]) -> Numbered:
    for number, line in numbered_lines(path, problems):
        fields = line.split("\t")
        yield number, fields if len(fields) > 2 else line.split()


def _commas(path: Path, problems: list[Problem]) -> Numbered:
    reader = csv.reader(decoded_lines(path, problems))
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            where = f"{path.name}:{reader.line_num}"
            problems.append(Problem("broken line", where, f"{error}; skipped"))
            continue
        if fields:
            yield reader.line_num, fields

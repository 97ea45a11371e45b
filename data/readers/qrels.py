"""Relevance judgements: BEIR's three columns, TREC's four, or JSONL, whichever a file holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from data.corpus import Problem
from data.readers.records import Judgement, numbered_lines, numbered_objects

GRADE_HEADERS = {"score", "grade", "label", "rel", "relevance", "judgment", "judgement"}


def read_judgements(path: Path, problems: list[Problem]) -> Iterator[Judgement]:
    """Judgements in file order; a line that is none is reported and skipped.

    `query document grade` (BEIR; a header line may stand first), `query iteration document grade` (TREC),
    or, in .jsonl, `{"query-id", "corpus-id", "score"}`. Columns are parted by tabs, so that ids may hold
    spaces, or by spaces where that gives no such columns.
    """
    lines = _objects(path, problems) if ".jsonl" in path.suffixes else _columns(path, problems)
    for position, (number, fields) in enumerate(lines):
        where = f"{path.name}:{number}"
        grade = _grade(fields[-1]) if len(fields) in (3, 4) else None
        if grade is not None:
            yield Judgement(where, fields[0], fields[-2], grade)
        elif not (position == 0 and fields[-1].lower() in GRADE_HEADERS):
            expected = "a query id, a document id and a whole number"
            problems.append(Problem("broken line", where, f"{fields!r} is not {expected}; skipped"))


def _columns(path: Path, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    for number, line in numbered_lines(path, problems):
        fields = line.split("\t")
        yield number, fields if len(fields) in (3, 4) else line.split()


def _objects(path: Path, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    for number, value in numbered_objects(path, problems):
        fields = (value.get("query-id"), value.get("corpus-id"), value.get("score"))
        yield number, [str(field) for field in fields if field is not None]


def _grade(text: str) -> int | None:
    """A whole number, also written as 1.0; -1 and less is TREC's junk, judged and not relevant."""
    try:
        value = float(text)
    except ValueError:
        return None
    return int(value) if value.is_integer() else None

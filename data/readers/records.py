"""Shared by all readers: numbered lines, and the rules for ids, texts and judgements.

The rules: the first of duplicates is kept; an empty text is kept, since its document exists; an unreadable line is
skipped. Every case goes to `problems`, with its place and what the reader did.
"""

from __future__ import annotations

import codecs
import gzip
import json
import math
import reprlib
import zlib
from collections.abc import Iterable, Iterator
from io import BufferedIOBase
from pathlib import Path
from typing import Any, NamedTuple

from data.corpus import Corpus, Problem, Qrels, Queries
from data.errors import UserError
from data.readers.names import id_text, known_id, whole_text


class Row(NamedTuple):
    """A document or a query as its source has it, unchecked. where: file and line. text: without the title."""

    where: str
    id: Any
    text: Any
    title: Any = ""


class Judgement(NamedTuple):
    """One line of qrels. where: file and line. query, document: ids. grade: 0 or less is not relevant."""

    where: str
    query: str
    document: str
    grade: int


def open_bytes(path: Path) -> BufferedIOBase:
    """Open a plain file, or a gzipped one if its name ends in .gz; a missing file raises a `UserError`."""
    if not path.is_file():
        raise UserError(f"{path} is not a file: check its path")
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def decoded_lines(path: Path, problems: list[Problem]) -> Iterator[str]:
    """Each line as UTF-8 text with its line ending; invalid bytes become U+FFFD and go to `problems`.

    Only a newline ends a line: JSON strings may hold U+2028, at which `str.splitlines` would cut. A damaged gzip
    file raises a `UserError`.
    """
    try:
        with open_bytes(path) as file:
            for number, line in enumerate(file, start=1):
                if number == 1:
                    line = line.removeprefix(codecs.BOM_UTF8)
                try:
                    yield line.decode()
                except UnicodeDecodeError as error:
                    detail = f"byte {error.start + 1} of the line is not UTF-8; read as U+FFFD"
                    problems.append(Problem("bad UTF-8", f"{path.name}:{number}", detail))
                    yield line.decode(errors="replace")
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"{path} is damaged or not gzip ({error}): fetch it again or unpack it") from None


def numbered_lines(path: Path, problems: list[Problem]) -> Iterator[tuple[int, str]]:
    """(line number from 1, text without its line ending) for each line that is not blank."""
    for number, line in enumerate(decoded_lines(path, problems), start=1):
        if line.strip():
            yield number, line.rstrip("\r\n")


def numbered_objects(path: Path, problems: list[Problem]) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) for each line of a JSONL file; a line that is no JSON object is a problem."""
    for number, line in numbered_lines(path, problems):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            value, reason = None, f"not JSON ({error})"
        else:
            reason = f"{reprlib.repr(value)} is not a JSON object"
        if isinstance(value, dict):
            yield number, value
        else:
            problems.append(Problem("broken line", f"{path.name}:{number}", f"{reason}; skipped"))


def with_title(text: str, title: str) -> str:
    """BEIR's convention: title, a space, text; without the space if one of them is empty."""
    return f"{title} {text}" if title and text else title or text


def without_title(text: str, title: str) -> str | None:
    """The body for which `with_title(body, title) == text`; None if there is none."""
    body = text.removeprefix(title).removeprefix(" ")
    return body if with_title(body, title) == text else None


def corpus_of(rows: Iterable[Row], problems: list[Problem], source: str) -> Corpus:
    """The documents of `rows`, in order; if none is left, a `UserError` that names `source`."""
    ids, texts, titles = [], [], []
    for identifier, text, title in _checked(rows, problems):
        ids.append(identifier)
        texts.append(text)
        titles.append(title)
    if not ids:
        first = f": {problems[0].where}, {problems[0].detail}" if problems else ": it is empty"
        raise UserError(f"{source} holds no document that can be read{first}")
    return Corpus(tuple(ids), tuple(texts), tuple(titles))


def queries_of(rows: Iterable[Row], problems: list[Problem]) -> Queries:
    """The queries of `rows`, in order."""
    checked = list(_checked(rows, problems))
    return Queries(tuple(row[0] for row in checked), tuple(row[1] for row in checked))


def judged(
    judgements: Iterable[Judgement], corpus: Corpus, queries: Queries, problems: list[Problem], source: str
) -> tuple[Queries, Qrels]:
    """The queries with at least one judgement of a document of the corpus, and those judgements.

    Judgements of unknown documents or for unknown queries are left out and go to `problems`; if none is left, a
    `UserError` that names `source`.
    """
    documents = set(corpus.ids)
    grades: dict[str, dict[str, int]] = {identifier: {} for identifier in queries.ids}
    named: dict[str, str] = {}
    for where, judged_query, judged_document, grade in judgements:
        query, document = known_id(judged_query, grades), known_id(judged_document, documents)
        named.setdefault(query, where)
        if query not in grades:
            problems.append(Problem("unknown query", where, f"no query {query!r}; judgement left out"))
        elif document not in documents:
            detail = f"no document {document!r}; judgement for query {query!r} left out"
            problems.append(Problem("unknown document", where, detail))
        elif document in grades[query]:
            detail = f"{document!r} for query {query!r} was judged before; the first grade was kept"
            problems.append(Problem("duplicate judgement", where, detail))
        else:
            grades[query][document] = grade
    for query, where in named.items():
        if query in grades and not grades[query]:
            detail = f"no judgement of query {query!r} names a known document; query left out"
            problems.append(Problem("query without judgement", where, detail))
    qrels = {query: judgement for query, judgement in grades.items() if judgement}
    if not qrels:
        raise UserError(
            f"{source} judges no document of this corpus for any of its queries: do their ids belong together?"
        )
    kept = [row for row in zip(queries.ids, queries.texts, strict=True) if row[0] in qrels]
    return Queries(tuple(row[0] for row in kept), tuple(row[1] for row in kept)), qrels


def _checked(rows: Iterable[Row], problems: list[Problem]) -> Iterator[tuple[str, str, str]]:
    """(id, text with title, title) of each row that the rules keep."""
    first_at: dict[str, str] = {}
    for where, raw_id, raw_text, raw_title in rows:
        identifier, body, title = id_text(raw_id), _text(raw_text), _text(raw_title)
        if identifier is None:
            detail = f"id {reprlib.repr(raw_id)} is neither text nor a whole number; skipped"
            problems.append(Problem("broken line", where, detail))
        elif body is None or title is None:
            value = reprlib.repr(raw_text if body is None else raw_title)
            problems.append(Problem("broken line", where, f"{value} of {identifier!r} is not text; skipped"))
        elif identifier in first_at:
            detail = (
                f"{identifier!r} was met first at {first_at[identifier]}, which was kept; this one skipped"
            )
            problems.append(Problem("duplicate id", where, detail))
        else:
            first_at[identifier] = where
            text = with_title(body, title)
            if not text.strip():
                problems.append(Problem("empty text", where, f"{identifier!r} has no text; kept, empty"))
            yield identifier, text, title


def _text(value: Any) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError:
            return None
    return whole_text(value) if isinstance(value, str) else None

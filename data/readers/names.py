"""The usual names of columns and keys, and the one rule for ids, for every reader.

A name is found whatever its case; the first of a list that a table has is taken.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

DOCUMENT_IDS = (
    "corpus-id",
    "corpus_id",
    "doc_id",
    "doc-id",
    "docid",
    "docno",
    "pid",
    "passage_id",
    "document_id",
    "text_id",
)
QUERY_IDS = ("query-id", "query_id", "qid", "topic_id", "topic")
TEXTS = ("text", "contents", "content", "body", "passage")
# Role -> usual names, of a table of documents, of queries, and of judgements.
DOCUMENTS: Mapping[str, Sequence[str]] = {
    "id": ("_id", "id", *DOCUMENT_IDS),
    "text": TEXTS,
    "title": ("title",),
}
QUERIES: Mapping[str, Sequence[str]] = {
    "id": ("_id", "id", *QUERY_IDS, "text_id"),
    "text": (*TEXTS, "query", "question"),
    "title": ("title",),
}
JUDGEMENTS: Mapping[str, Sequence[str]] = {
    "query": (*QUERY_IDS, "query"),
    "document": (*DOCUMENT_IDS, "document", "doc"),
    "grade": ("score", "relevance", "grade", "label", "rel", "judgment", "judgement"),
}
# Beyond this a float no longer tells whole numbers apart.
LARGEST_FLOAT = 2**53
WHOLE = re.compile(r"(-?\d+)\.0+")


def usual(names: Sequence[str], present: Iterable[str]) -> str | None:
    """The column of `present` that has the first of these names; None if it has none."""
    by_name: dict[str, str] = {}
    for column in present:
        by_name.setdefault(column.lower(), column)
    return next((by_name[name] for name in names if name in by_name), None)


def id_text(value: Any) -> str | None:
    """An id as text: text unchanged, spaces included; a whole number in digits (1 and 1.0 are "1"); else None."""
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError:
            return None
    if isinstance(value, str):
        return whole_text(value) if value.strip() else None
    if isinstance(value, float) and not (value.is_integer() and abs(value) <= LARGEST_FLOAT):
        return None
    if isinstance(value, Decimal) and not (value.is_finite() and value == value.to_integral_value()):
        return None
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return str(int(value))
    return None


def known_id(identifier: str, known: Collection[str]) -> str:
    """The id as it stands, if it is known; else "1" for "1.0", as tables write ids that were read as numbers."""
    if identifier in known or not (whole := WHOLE.fullmatch(identifier)):
        return identifier
    return whole[1] if whole[1] in known else identifier


def whole_text(value: str) -> str:
    r"""JSON can escape half a surrogate pair ("\ud83d"), which no encoder takes: it becomes U+FFFD."""
    if value.isascii():
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

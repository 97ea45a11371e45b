"""`Run`: the ranked documents of each query, and its TREC format.

query Q0 document rank score tag
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.errors import UserError
from data.files import new_file
from data.readers.names import known_id
from data.readers.records import decoded_lines

# Characters that a line of six words cannot hold; EMPTY stands for an empty id.
UNWRITABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")
ESCAPED, ANY = re.compile(rf"%|{UNWRITABLE.pattern}"), re.compile(r"(?s).")
ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
EMPTY = "%"


@dataclass(frozen=True, eq=False)
class Run:
    """A system's ranking for each query, best first; ties in the order of the corpus.

    query_ids: (n_queries,). document_ids: of the whole corpus, (n_docs,). documents: int32 (n_queries, depth),
    positions in document_ids, -1 after a query's last result. scores: float32 (n_queries, depth), non-increasing,
    0 after the last result. Arrays of other shapes raise a `UserError`.
    """

    query_ids: Sequence[str]
    document_ids: Sequence[str]
    documents: NDArray[np.int32]
    scores: NDArray[np.float32]

    def __post_init__(self) -> None:
        shape = self.documents.shape
        if self.scores.shape != shape or shape[:1] != (len(self.query_ids),):
            raise UserError(
                f"a run of {len(self.query_ids)} queries needs documents and scores of that many rows, "
                f"got {shape} and {self.scores.shape}"
            )

    def __len__(self) -> int:
        return len(self.query_ids)

    def cut(self, depth: int) -> Run:
        """The first `depth` results of each query."""
        if self.documents.shape[1] <= depth:
            return self
        return Run(self.query_ids, self.document_ids, self.documents[:, :depth], self.scores[:, :depth])

    def results(self, query: int) -> list[tuple[str, float]]:
        """(document id, score) of each result of the query at row `query`, best first."""
        results = self.documents[query] >= 0
        documents, scores = self.documents[query][results].tolist(), self.scores[query][results].tolist()
        return [
            (self.document_ids[document], score) for document, score in zip(documents, scores, strict=True)
        ]


def write_trec(run: Run, path: Path, tag: str) -> None:
    """Write a run in TREC format, ranks from 1; ids stand as they are but for those that the format cannot hold.

    Scores are the shortest decimals that read back as the same float32. trec_eval ignores the rank, sorts by score
    and breaks ties by descending document id; `evaluate` and `read_trec` keep the order written here, so results
    may differ at tied scores. Queries without results have no line.
    """
    query_words, document_words = _Words(run.query_ids), _Words(run.document_ids)
    tag = encode_id(tag)
    with new_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        for row, query_id in enumerate(run.query_ids):
            query = query_words[query_id]
            for rank, (document_id, score) in enumerate(run.results(row), start=1):
                file.write(f"{query} Q0 {document_words[document_id]} {rank} {np.float32(score)!s} {tag}\n")


def read_trec(
    path: Path, known_queries: Collection[str] | None = None, known_documents: Collection[str] | None = None
) -> Run:
    """Read a run in TREC format, plain or gzipped; results are sorted by descending score, ties as in the file.

    known_queries, known_documents: ids that the run may name; a word is one of them as it stands, else decoded as
    `write_trec` encodes. Without them every word is decoded. Queries and documents are numbered by first
    occurrence. An unreadable file or line raises a `UserError`.
    """
    queries: dict[str, list[tuple[float, int]]] = {}
    documents: dict[str, int] = {}
    if not path.is_file():
        raise UserError(f"{path} cannot be read as a run: expected a text file in TREC format")
    for number, line in enumerate(decoded_lines(path, []), start=1):
        words = line.split()
        if not words:
            continue
        try:
            query, _, document, _, score, _ = words
            value = float(score)
        except ValueError:
            value = float("nan")
        if not np.isfinite(value):
            raise UserError(
                f"{path}:{number} is not 'query Q0 document rank score tag': got {line.strip()[:80]!r}"
            )
        column = documents.setdefault(decode_id(document, known_documents), len(documents))
        queries.setdefault(decode_id(query, known_queries), []).append((-value, column))
    depth = max(map(len, queries.values()), default=1)
    columns = np.full((len(queries), depth), -1, np.int32)
    scores = np.zeros((len(queries), depth), np.float32)
    for row, results in enumerate(queries.values()):
        ranked = sorted(results, key=lambda result: result[0])
        columns[row, : len(ranked)] = [column for _, column in ranked]
        scores[row, : len(ranked)] = [-negative for negative, _ in ranked]
    return Run(list(queries), list(documents), columns, scores)


def encode_id(identifier: str, others: Collection[str] = ()) -> str:
    """The id as it stands, if it is one word; else with white space, control characters and "%" percent-encoded.

    As UTF-8; an empty id becomes a bare "%". Where that is one of the `others` as it stands, all of the id is
    encoded; where that is one too, a `UserError`.
    """
    if _stands(identifier):
        return identifier
    for unwritable in (ESCAPED, ANY):
        word = unwritable.sub(_escape, identifier) or EMPTY
        if word not in others:
            return word
    raise UserError(
        f"id {identifier!r} cannot stand in a run, since {word!r} is an id too: rename one of them"
    )


def decode_id(word: str, known: Collection[str] | None = None) -> str:
    """The id that a word of a run names: of those that are `known` as it stands, else decoded, else the word.

    known: None for any id; the word is then decoded, and a sequence that is no valid escape stays unchanged.
    """
    if known is not None and word in known:
        return word
    decoded = "" if word == EMPTY else ESCAPES.sub(_unescape, word)
    if known is None or decoded in known:
        return decoded
    return known_id(word, known)


class _Words(dict[str, str]):
    """id -> its word in a run, for the ids of one side."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__()
        self._ids = ids

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self._ids)

    def __missing__(self, identifier: str) -> str:
        word = identifier if _stands(identifier) else encode_id(identifier, self._known)
        self[identifier] = word
        return word


def _stands(identifier: str) -> bool:
    return bool(identifier) and not UNWRITABLE.search(identifier)


def _escape(character: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in character[0].encode("utf-8", "surrogatepass"))


def _unescape(escapes: re.Match[str]) -> str:
    try:
        return bytes.fromhex(escapes[0].replace("%", "")).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return escapes[0]

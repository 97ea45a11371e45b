"""Run: the ranked documents of each query, and the TREC format that other tools read.

query Q0 document rank score tag
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from data.errors import UserError
from data.files import new_file

# What a line of six words cannot carry, and the sign that stands for it.
UNFIT = re.compile(r"[\s%\x00-\x1f\x7f-\x9f\ud800-\udfff]")
ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
EMPTY = "%"


@dataclass(frozen=True, eq=False)
class Run:
    """What a system answers, best first; ties stand in the order of the corpus.

    query_ids: (n_queries,). document_ids: the whole corpus's, (n_docs,). documents: int32 (n_queries, depth),
    -1 after a query's last result. scores: float32 (n_queries, depth), never rising, 0 after the last result.
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

    def results(self, query: int) -> list[tuple[str, float]]:
        """Document id and score of each result of one query (its row), best first."""
        found = self.documents[query] >= 0
        documents, scores = self.documents[query][found].tolist(), self.scores[query][found].tolist()
        return [
            (self.document_ids[document], score) for document, score in zip(documents, scores, strict=True)
        ]


def write_trec(run: Run, path: Path, tag: str) -> None:
    """Write a run in TREC format, ranks from 1; ids are percent-encoded where the format cannot carry them.

    Scores are the shortest decimals that read back as the same float32. trec_eval ignores the rank, sorts by
    score and breaks ties by falling document id; `evaluate` and `read_trec` keep the order written here, so
    the two may differ where scores tie. Queries without results leave no line.
    """
    tag = encode_id(tag)
    with new_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        for row, query_id in enumerate(run.query_ids):
            query = encode_id(query_id)
            for rank, (document_id, score) in enumerate(run.results(row), start=1):
                file.write(f"{query} Q0 {encode_id(document_id)} {rank} {np.float32(score)!s} {tag}\n")


def read_trec(path: Path) -> Run:
    """Read a run in TREC format; results are sorted by falling score, ties in the order of the file.

    Queries and documents are numbered as they are first met. A line that cannot be read is a UserError.
    """
    queries: dict[str, list[tuple[float, int]]] = {}
    documents: dict[str, int] = {}
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as a run ({error})") from None
    for number, line in enumerate(text.split("\n"), start=1):
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
                f"{path}:{number} is not 'query Q0 document rank score tag': {line.strip()[:80]!r}"
            )
        column = documents.setdefault(decode_id(document), len(documents))
        queries.setdefault(decode_id(query), []).append((-value, column))
    depth = max(map(len, queries.values()), default=1)
    columns = np.full((len(queries), depth), -1, np.int32)
    scores = np.zeros((len(queries), depth), np.float32)
    for row, results in enumerate(queries.values()):
        ranked = sorted(results, key=lambda result: result[0])
        columns[row, : len(ranked)] = [column for _, column in ranked]
        scores[row, : len(ranked)] = [-negative for negative, _ in ranked]
    return Run(list(queries), list(documents), columns, scores)


def encode_id(identifier: str) -> str:
    """Percent-encode, as UTF-8, white space, control signs and "%"; an empty id becomes a bare "%"."""
    return UNFIT.sub(_escape, identifier) or EMPTY


def decode_id(word: str) -> str:
    """Undo `encode_id`; what is no escape stays as it is."""
    return "" if word == EMPTY else ESCAPES.sub(_unescape, word)


def _escape(sign: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in sign[0].encode("utf-8", "surrogatepass"))


def _unescape(escapes: re.Match[str]) -> str:
    try:
        return bytes.fromhex(escapes[0].replace("%", "")).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return escapes[0]

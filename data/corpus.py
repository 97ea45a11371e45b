"""Corpus, Queries, Qrels and Collection: the parts of a test collection, independent of its file format."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Corpus:
    """Documents in a fixed order, which also breaks ties in rankings.

    ids: unique, (n_docs,). texts: the text that is encoded and shown, title included, (n_docs,).
    titles: for display only, "" for a document without one, (n_docs,).
    """

    ids: Sequence[str]
    texts: Sequence[str]
    titles: Sequence[str]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Queries:
    """Queries in a fixed order. ids: unique, (n_queries,). texts: (n_queries,)."""

    ids: Sequence[str]
    texts: Sequence[str]

    def __len__(self) -> int:
        return len(self.ids)


# query id -> document id -> grade (0: judged, not relevant)
Qrels = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Problem:
    """One irregularity of a source, as its reader reports it.

    kind: "duplicate id", "empty text", "unknown document", "unknown query", "broken line", ...
    where: file and line, "corpus.jsonl:17". detail: what the line holds and what the reader did with it.
    """

    kind: str
    where: str
    detail: str


@dataclass(frozen=True)
class Collection:
    """A corpus, the queries that its qrels judge, and a record of their source.

    queries and qrels are empty for a source without them. problems: irregularities that the reader reports.
    card: source, split, licence, package versions and other facts that the reader knows; JSON-able.
    """

    name: str
    corpus: Corpus
    queries: Queries
    qrels: Qrels
    problems: tuple[Problem, ...] = ()
    card: Mapping[str, Any] = field(default_factory=dict)


def corpus_fingerprint(corpus: Corpus) -> str:
    """16 hex digits of SHA-256 over the ids and texts, in order; titles do not count."""
    digest = hashlib.sha256()
    for identifier, text in zip(corpus.ids, corpus.texts, strict=True):
        digest.update(f"{len(identifier)} {len(text)} ".encode())
        digest.update(identifier.encode("utf-8", "surrogatepass"))
        digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:16]

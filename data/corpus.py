"""Corpus, Queries, Qrels: what a test collection is, whatever file it came from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Corpus:
    """Documents in a fixed order, which is also the order in which ties are broken.

    ids: unique, (n_docs,). texts: what is encoded and shown, title included, (n_docs,).
    titles: for display only, "" where there is none, (n_docs,).
    """

    ids: Sequence[str]
    texts: Sequence[str]
    titles: Sequence[str]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Queries:
    """ids: unique, (n_queries,). texts: (n_queries,)."""

    ids: Sequence[str]
    texts: Sequence[str]

    def __len__(self) -> int:
        return len(self.ids)


# query id -> document id -> grade (0 is judged and not relevant)
Qrels = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True)
class Problem:
    """One thing that a reader met and did not pass over in silence.

    kind: "duplicate id", "empty text", "unknown document", "unknown query", "broken line", ...
    where: "corpus.jsonl:17". detail: what stood there and what was done with it.
    """

    kind: str
    where: str
    detail: str


@dataclass(frozen=True)
class Collection:
    """A corpus, the queries that its qrels judge, and where all of it came from.

    queries and qrels are empty where the source has none. card: source, split, licence, versions of the
    packages that it was made from, and whatever else its reader knows; JSON-able.
    """

    name: str
    corpus: Corpus
    queries: Queries
    qrels: Qrels
    problems: tuple[Problem, ...] = ()
    card: Mapping[str, Any] = field(default_factory=dict)


def corpus_fingerprint(corpus: Corpus) -> str:
    """16 hex digits over the ids and texts, in order."""
    digest = hashlib.sha256()
    for identifier, text in zip(corpus.ids, corpus.texts, strict=True):
        digest.update(f"{len(identifier)} {len(text)} ".encode())
        digest.update(identifier.encode("utf-8", "surrogatepass"))
        digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:16]

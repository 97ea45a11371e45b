"""Axioms of retrieval as preferences between two documents of a query: pure functions of their counts.

    TFC1     more occurrences of query words (10% more at least), lengths equal within 10%
    TFC3     two query words of equal idf (within 10%): both, not one as often as both together; lengths equal
    LNC1     the shorter document, where every query word occurs as often (within 10%)
    LB1      a query word that the other lacks, where lexical BM25 of the words that both hold is equal within 10%
    PROX1    the smaller mean distance of query words, where both hold the same two or more of them
    STMC1    other words more similar to the query's (NPMI in documents, 10% at least), same query words held

Written by hand after Fang, Tao and Zhai 2004 (TFC1, TFC3, LNC1), Lv and Zhai 2011 (LB1), Hagen, Völske, Göring
and Stein 2016 (PROX1), Fang and Zhai 2006 (STMC1), with the tolerances of Bondarenko, Fröbe, Reimer, Stein,
Völske and Hagen 2022 (ir_axioms, whose release needs numpy 1.26). Words are stems without stop words. LB1 there
compares whole scores.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

MARGIN = 0.1
Floats = NDArray[np.float64]
Preferences = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class Pool:
    """Documents of one query. counts: float64 (n_docs, n_query_words), occurrences of each different query word.

    lengths: (n_docs,), counted words. idf: (n_query_words,). scores: (n_docs, n_query_words), each word's part
    of lexical BM25. distances: (n_docs,), mean distance between two query words, NaN below two. similarities:
    (n_docs,), mean similarity of a document's other words to the query's.
    """

    counts: Floats
    lengths: Floats
    idf: Floats
    scores: Floats
    distances: Floats
    similarities: Floats

    @property
    def held(self) -> NDArray[np.bool_]:
        """Which query words a document holds, (n_docs, n_query_words)."""
        return self.counts > 0

    @property
    def same_words(self) -> NDArray[np.bool_]:
        """Whether two documents hold the same query words, (n_docs, n_docs)."""
        same: NDArray[np.bool_] = (self.held[:, None] == self.held[None]).all(axis=2)
        return same

    @property
    def same_length(self) -> NDArray[np.bool_]:
        """Whether two documents are about as long, (n_docs, n_docs)."""
        return close(self.lengths[:, None], self.lengths[None])


def close(a: Any, b: Any, margin: float = MARGIN) -> NDArray[np.bool_]:
    """|a - b| <= margin max(|a|, |b|), as math.isclose; shapes broadcast."""
    near: NDArray[np.bool_] = np.abs(a - b) <= margin * np.maximum(np.abs(a), np.abs(b))
    return near


def tfc1(pool: Pool) -> Preferences:
    """Term frequency: more occurrences of query words."""
    total: Floats = pool.counts.sum(axis=1)
    return _larger(total, pool.same_length & ~close(total[:, None], total[None]))


def tfc3(pool: Pool) -> Preferences:
    """Term frequency: more different query words, where occurrences of both together are as many."""
    points = np.zeros((len(pool.counts), len(pool.counts)))
    for a, b in combinations(range(len(pool.idf)), 2):
        if close(pool.idf[a], pool.idf[b]):
            first, second = pool.counts[:, a], pool.counts[:, b]
            both = (first > 0) & (second > 0)
            one = ((first == 0) | (second == 0)) & (first + second > 0)
            together = (first + second)[:, None] == (first + second)[None]
            points += both[:, None] & one[None] & together
    return _sign(points - points.T, pool.same_length)


def lnc1(pool: Pool) -> Preferences:
    """Length: the shorter of two documents with the same counts."""
    same = close(pool.counts[:, None], pool.counts[None]).all(axis=2)
    return _larger(-pool.lengths, same)


def lb1(pool: Pool) -> Preferences:
    """Lower bound: a query word that is there, rather than absent, whatever the length."""
    held = pool.held
    shared = held[:, None] & held[None]
    of_shared = (pool.scores[:, None] * shared).sum(axis=2)
    only = (held[:, None] & ~held[None]).any(axis=2)
    return _sign(only.astype(np.float64) - only.T, close(of_shared, of_shared.T))


def prox1(pool: Pool) -> Preferences:
    """Proximity: query words nearer to each other."""
    known = np.isfinite(pool.distances)
    nearness = np.where(known, -pool.distances, 0.0)
    return _larger(nearness, pool.same_words & known[:, None] & known[None])


def stmc1(pool: Pool) -> Preferences:
    """Similarity: other words that are close to the query's."""
    similar = pool.similarities
    return _larger(similar, pool.same_words & ~close(similar[:, None], similar[None]))


@dataclass(frozen=True)
class Axiom:
    """name: as the literature has it. title, says: what it prefers. prefer: int8 (n_docs, n_docs), +1 where the
    row's document is preferred to the column's, -1 the other way, 0 where the axiom says nothing.
    """

    name: str
    title: str
    says: str
    source: str
    prefer: Callable[[Pool], Preferences]


AXIOMS: dict[str, Axiom] = {
    axiom.name: axiom
    for axiom in (
        Axiom("TFC1", "Term frequency", "more occurrences of query words", "Fang, Tao and Zhai 2004", tfc1),
        Axiom("TFC3", "Different words", "more different query words", "Fang, Tao and Zhai 2004", tfc3),
        Axiom(
            "LNC1",
            "Length",
            "the shorter of two documents with equal counts",
            "Fang, Tao and Zhai 2004",
            lnc1,
        ),
        Axiom("LB1", "Lower bound", "a query word present rather than absent", "Lv and Zhai 2011", lb1),
        Axiom("PROX1", "Proximity", "query words nearer to each other", "Hagen et al. 2016", prox1),
        Axiom(
            "STMC1", "Similarity", "other words that are similar to the query's", "Fang and Zhai 2006", stmc1
        ),
    )
}


def mean_distance(words: Sequence[str], wanted: Sequence[str]) -> float:
    """Mean over pairs of different wanted words of the mean |i - j| over their occurrences; NaN below two of
    them.
    """
    wanted_words = set(wanted)
    places: dict[str, list[int]] = {}
    for place, word in enumerate(words):
        if word in wanted_words:
            places.setdefault(word, []).append(place)
    means = [
        np.abs(np.subtract.outer(places[a], places[b])).mean() for a, b in combinations(sorted(places), 2)
    ]
    return float(np.mean(means)) if means else float("nan")


def _larger(values: Floats, where: Any) -> Preferences:
    return _sign(values[:, None] - values[None], where)


def _sign(difference: Any, where: Any) -> Preferences:
    return np.where(where, np.sign(difference), 0).astype(np.int8)

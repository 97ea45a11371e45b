"""The judged queries of a study, and nDCG@k of their rankings in milliseconds.

    nDCG@k = sum_{r <= k} g_r / log2(r + 1)  /  that of the best order      g: the grade, 0 for unjudged documents

Equal to `retrieval.evaluate` (ir-measures), and fast enough to follow a slider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from data.errors import UserError
from retrieval.run import Run
from retrieval.search import search
from retrieval.study import Study
from retrieval.weighted_index import WeightedIndex

DEPTH = 10
PAIRS_AT_ONCE = 4096  # of a query and a document, whose whole rankings are compared at once


@dataclass(frozen=True, eq=False)
class Judged:
    """Judged queries, one row per query, and their relevant documents.

    ids: (n_queries,). rows: positions among the study's queries. counts: csr (n_queries,
    n_latents). query, document, grade: one row per relevant document (grade 1 or more), by query and then by
    document; one that the corpus lacks, which no ranking can find but the best one counts, is document
    n_docs.
    """

    ids: Sequence[str]
    rows: NDArray[np.int64]
    counts: csr_array
    query: NDArray[np.int64]
    document: NDArray[np.int64]
    grade: NDArray[np.float64]
    n_docs: int

    def __len__(self) -> int:
        return len(self.ids)

    def sample(self, at_most: int, seed: int = 0) -> Judged:
        """At most `at_most` of the queries, drawn without replacement, in order; self where there are no more."""
        if len(self) <= at_most:
            return self
        chosen = np.sort(np.random.default_rng(seed).permutation(len(self))[:at_most])
        place = np.full(len(self), -1)
        place[chosen] = np.arange(len(chosen))
        kept = place[self.query] >= 0
        return Judged(
            [self.ids[i] for i in chosen],
            self.rows[chosen],
            csr_array(self.counts[chosen]),
            place[self.query[kept]],
            self.document[kept],
            self.grade[kept],
            self.n_docs,
        )

    def gains(self, documents: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """The grade of each document of a ranking (n_queries, depth), -1 for none; float64 of that shape."""
        keys = np.arange(len(self))[:, None] * (self.n_docs + 1) + documents
        relevant = self.query * (self.n_docs + 1) + self.document
        if not len(relevant):
            return np.zeros(documents.shape)
        nearest = np.minimum(np.searchsorted(relevant, keys), len(relevant) - 1)
        return np.where((relevant[nearest] == keys) & (documents >= 0), self.grade[nearest], 0.0)

    def ndcg(self, documents: NDArray[np.integer[Any]], depth: int = DEPTH) -> NDArray[np.float64]:
        """nDCG@depth of each query's ranking, best first, -1 after its last; float64 (n_queries,)."""
        discount = 1 / np.log2(np.arange(2, depth + 2))
        gain = self.gains(documents[:, :depth]) @ discount[: documents.shape[1]]
        order = np.lexsort((-self.grade, self.query))
        first = np.searchsorted(self.query, np.arange(len(self)))
        rank = np.arange(len(self.query)) - first[self.query]
        discounted = np.where(rank < depth, self.grade[order] * discount[np.minimum(rank, depth - 1)], 0)
        ideal = np.bincount(self.query[order], discounted, minlength=len(self))
        return np.divide(gain, ideal, out=np.zeros(len(self)), where=ideal > 0)

    def recall(self, documents: NDArray[np.integer[Any]], depth: int) -> NDArray[np.float64]:
        """R@depth of each query's ranking: found of its relevant documents; 0 where it has none; (n_queries,)."""
        found = (self.gains(documents[:, :depth]) > 0).sum(axis=1)
        relevant = np.bincount(self.query, minlength=len(self))
        recall: NDArray[np.float64] = np.divide(found, relevant, out=np.zeros(len(self)), where=relevant > 0)
        return recall

    def run(self, index: WeightedIndex, depth: int = DEPTH, counts: csr_array | None = None) -> Run:
        """Their rankings by an index of latents; counts: in place of the queries' own."""
        queries = self.counts if counts is None else counts
        return search(index, queries, depth, self.ids, range(self.n_docs))  # type: ignore[arg-type]


def judged_queries(study: Study) -> Judged:
    """The judged queries of a study; a study without judgements is a `UserError`."""
    rows = [row for row, query in enumerate(study.queries.ids) if query in study.qrels]
    if not rows:
        raise UserError(f"study {study.name} has no relevance judgements: index a collection that has qrels")
    relevant = sorted(
        (number, study.position.get(document, len(study.corpus)), float(grade))
        for number, row in enumerate(rows)
        for document, grade in study.qrels[study.queries.ids[row]].items()
        if grade > 0
    )
    query, document, grade = zip(*relevant, strict=True) if relevant else ((), (), ())
    return Judged(
        [study.queries.ids[row] for row in rows],
        np.array(rows),
        csr_array(study.query_counts[np.array(rows)]),
        np.array(query, np.int64),
        np.array(document, np.int64),
        np.array(grade, np.float64),
        len(study.corpus),
    )


def ranks_in(
    ranking: NDArray[np.integer[Any]], query: NDArray[np.int64], document: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The rank of each (query, document) in a ranking, from 1, infinite where it is missing; float64 (n_pairs,).

    ranking: documents (n_queries, depth), best first, -1 after the last.
    """
    ranks = np.full(len(query), np.inf)
    for start in range(0, len(query), PAIRS_AT_ONCE):
        pairs = slice(start, start + PAIRS_AT_ONCE)
        row, column = np.nonzero(ranking[query[pairs]] == document[pairs, None])
        ranks[start + row] = column + 1.0  # a document stands once in a ranking
    return ranks

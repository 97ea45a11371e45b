"""The judged queries of a study, laid out so that a ranking is worth a number at once.

    nDCG@k = sum_{r <= k} g_r / log2(r + 1)  /  the same of the best order      g: the grade, 0 where nobody judged

What `retrieval.evaluate` gives by ir-measures, in milliseconds, for what is moved by a slider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from data.errors import UserError
from retrieval.index import WeightedIndex
from retrieval.run import Run
from retrieval.search import search
from retrieval.study import Study
from retrieval.systems import query_counts

DEPTH = 10


@dataclass(frozen=True, eq=False)
class Judged:
    """Judged queries, a row each, and their relevant documents.

    ids: (n_queries,). rows: their places among the study's queries. counts: raw pooled mass, csr (n_queries,
    n_latents). query, document, grade: a row a relevant document (grade 1 or more), by query and then by document;
    one that the corpus lacks, which no ranking can find but the best one counts, is document n_docs.
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
        """At most so many of the queries, drawn without replacement, in order; self where there are no more."""
        if len(self) <= at_most:
            return self
        chosen = np.sort(np.random.default_rng(seed).permutation(len(self))[:at_most])
        place = np.full(len(self), -1)
        place[chosen] = np.arange(len(chosen))
        kept = place[self.query] >= 0
        return Judged(
            [self.ids[i] for i in chosen], self.rows[chosen], csr_array(self.counts[chosen]),
            place[self.query[kept]], self.document[kept], self.grade[kept], self.n_docs,
        )  # fmt: skip

    def gains(self, documents: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """The grade of each document of a ranking (n_queries, depth), -1 for none; float64 of that shape."""
        wanted = np.arange(len(self))[:, None] * (self.n_docs + 1) + documents
        known = self.query * (self.n_docs + 1) + self.document
        place = np.minimum(np.searchsorted(known, wanted), max(len(known) - 1, 0))
        if not len(known):
            return np.zeros(documents.shape)
        return np.where((known[place] == wanted) & (documents >= 0), self.grade[place], 0.0)

    def ndcg(self, documents: NDArray[np.integer[Any]], depth: int = DEPTH) -> NDArray[np.float64]:
        """nDCG@depth of each query's ranking, best first, -1 after its last; float64 (n_queries,)."""
        discount = 1 / np.log2(np.arange(2, depth + 2))
        found = self.gains(documents[:, :depth]) @ discount[: documents.shape[1]]
        order = np.lexsort((-self.grade, self.query))
        first = np.searchsorted(self.query, np.arange(len(self)))
        rank = np.arange(len(self.query)) - first[self.query]
        best = np.bincount(
            self.query[order], np.where(rank < depth, self.grade[order] * discount[np.minimum(rank, depth - 1)], 0),
            minlength=len(self),
        )  # fmt: skip
        return np.divide(found, best, out=np.zeros(len(self)), where=best > 0)

    def run(self, index: WeightedIndex, depth: int = DEPTH, counts: csr_array | None = None) -> Run:
        """Their ranking by an index of latents; counts: other masses of the same queries."""
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
    query, document, grade = (np.array(column) for column in zip(*relevant, strict=True)) if relevant else (
        np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    )  # fmt: skip
    return Judged(
        [study.queries.ids[row] for row in rows],
        np.array(rows),
        csr_array(query_counts(study)[np.array(rows)]),
        query,
        document,
        grade.astype(np.float64),
        len(study.corpus),
    )

"""nDCG@10 that each judged query loses without each of its latents, exactly.

    lost_qj = nDCG@10(q) - nDCG@10(q without j)

Only the query changes: documents, |d| and idf stay, so a query without j loses exactly c_jd on every document
d. The columns of a query are weighted once; without j only the ranks of the relevant documents are counted
again, from which nDCG@10 follows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyses.comparison.judged_queries import DEPTH, Judged
from data.progress import Progress
from retrieval.bm25 import Bm25Parameters
from retrieval.columns import query_columns
from retrieval.kernels import in_threads, kernel
from retrieval.study import Study

STAGE = "Rank without each latent"


@dataclass(frozen=True, eq=False)
class Lost:
    """nDCG@10 lost without one latent: query, latent, lost, (n_pairs,) each, by query.

    ndcg: of each query with all its latents, (n_queries,).
    """

    query: NDArray[np.int64]
    latent: NDArray[np.int64]
    lost: NDArray[np.float64]
    ndcg: NDArray[np.float64]


def lost_by_latent(
    study: Study, judged: Judged, parameters: Bm25Parameters, progress: Progress | None = None
) -> Lost:
    """nDCG@10 that each judged query loses without each of its latents, exactly."""
    lost = np.zeros(judged.counts.nnz)
    ndcg = np.zeros(len(judged))
    best = _ideal(judged)
    owners = np.repeat(np.arange(len(judged)), np.diff(judged.counts.indptr))
    for row in range(len(judged)):
        entries = slice(int(judged.counts.indptr[row]), int(judged.counts.indptr[row + 1]))
        of_query = judged.query == row
        documents, grades = judged.document[of_query], judged.grade[of_query]
        known = documents < judged.n_docs
        if best[row] > 0 and known.any() and entries.stop > entries.start:
            columns = query_columns(study.index, judged.counts[[row]], parameters)
            whole = np.ones(len(columns), np.float32) @ columns
            gains = np.zeros(len(columns) + 1)
            _gains_without(columns, whole, documents[known], grades[known], gains)
            ndcg[row] = gains[-1] / best[row]
            lost[entries] = (gains[-1] - gains[:-1]) / best[row]
        if progress and (row % 10 == 0 or row + 1 == len(judged)):
            progress(STAGE, row + 1, len(judged))
    return Lost(owners, judged.counts.indices.astype(np.int64), lost, ndcg)


def _gains_without(
    columns: NDArray[np.float32],
    whole: NDArray[np.float32],
    documents: NDArray[np.int64],
    grades: NDArray[np.float64],
    gains: NDArray[np.float64],
) -> None:
    """Fill `gains` (n_columns + 1,) with DCG@10 without each row of `columns`, and last with DCG@10 of all."""

    def count(start: int, stop: int) -> None:
        _count_gains(columns, whole, documents, grades, DEPTH, start, stop, gains)

    in_threads(count, len(gains))


@kernel
def _count_gains(
    columns: NDArray[np.float32],
    whole: NDArray[np.float32],
    documents: NDArray[np.int64],
    grades: NDArray[np.float64],
    depth: int,
    start: int,
    stop: int,
    gains: NDArray[np.float64],
) -> None:
    """A relevant document's rank is 1 + the documents of higher score, or of equal score and an earlier
    position.
    """
    n_docs = whole.shape[0]
    for i in range(start, stop):
        for r in range(documents.shape[0]):
            relevant = documents[r]
            own = whole[relevant]
            if i < columns.shape[0]:
                own -= columns[i, relevant]
            if own <= 1e-6 * whole[relevant] or own <= 0:
                continue
            above = 0
            for d in range(n_docs):
                score = whole[d]
                if score < own:
                    continue
                if i < columns.shape[0]:
                    score -= columns[i, d]
                if score > own or (score == own and d < relevant):
                    above += 1
                    if above >= depth:
                        break
            if above < depth:
                gains[i] += grades[r] / np.log2(above + 2.0)


def _ideal(judged: Judged) -> NDArray[np.float64]:
    """Ideal DCG@10: of the best order of each query's relevant documents, (n_queries,)."""
    best = np.zeros(len(judged))
    for row in range(len(judged)):
        grades = np.sort(judged.grade[judged.query == row])[::-1][:DEPTH]
        best[row] = float((grades / np.log2(np.arange(2, len(grades) + 2))).sum())
    return best

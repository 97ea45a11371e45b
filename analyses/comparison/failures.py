"""Relevant documents that the latents miss, each with the first of these reasons that holds:

    no shared latent       no latent of the query fires in the document, whose score is 0
    only idf 0             all shared latents have idf 0, and so the document's score is 0
    length                 the document would be among the first k if its |d| were avg|d|
    outscored              none of these: other documents score higher on the query's latents

    score(q, d | avg) = sum_j w_j(q) idf_j w_j(d) (k1 + 1) / (w_j(d) + k1)            |d| = avg|d|, and no other
    advantage_j = mean over the first k documents A of c_jA, less c_jd

Over all latents, the advantages of a document's k rivals sum to the difference of their mean score from its
own; the latents of the largest advantage are blamed. Shares of reasons are compared with three controls: the
relevant documents that cosine misses; for each miss, the next lower document that is not relevant; and |d| of
the relevant documents that were found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analyses.comparison.judged_queries import Judged, judged_queries, ranks_in
from analyses.statistics.intervals import wilson
from data.errors import UserError
from retrieval import bm25
from retrieval.bm25 import Bm25Parameters
from retrieval.columns import rank_of
from retrieval.queries import study_queries
from retrieval.run import Run
from retrieval.search import contribution_table, scores_of_all
from retrieval.study import Study
from retrieval.systems import COSINE, LATENT, LATENT_LUCENE_IDF, LEXICAL, rank_all
from retrieval.weighted_index import WeightedIndex

Reason = Literal["no shared latent", "only idf 0", "length", "outscored"]
REASONS: tuple[Reason, ...] = get_args(Reason)
CONTROL = COSINE  # whose misses are asked the same question
BESIDE = (CONTROL, LEXICAL)  # the systems whose places stand beside a miss
GROUPS = ("missed", CONTROL.name, "next")
N_BLAMED = 3
POOL = 1000  # depth of the rankings by cosine and BM25


@dataclass(frozen=True, eq=False)
class Failures:
    """Relevant documents missed at k, and why.

    misses: query_id, query, n_words, doc_id, title, grade, reason, rank (<NA> for a score of 0), score,
    bound (score of the k-th), score_at_average, length (|d| / avg|d|), n_shared latents, blamed (the latents of
    largest advantage, a tuple, of the "outscored"), advantage (theirs), rival (id of the first document),
    cosine_rank and bm25_rank (<NA> beyond POOL), ndcg_latent, ndcg_cosine, ndcg_bm25 of the query (nDCG@10).
    classes: group (GROUPS), reason, count, n, share, low, high (Wilson, 95%); the group "cosine" is of the relevant
    documents that cosine misses, where "found" are those that the latents find; "next" is of the nearest documents
    below a miss that are not relevant.
    found_length, missed_length: |d| / avg|d| of the relevant documents found and missed, (n,).
    n_absent: relevant documents that the corpus lacks, which no system can find and which are not counted.
    """

    k: int
    n_queries: int
    n_relevant: int
    n_absent: int
    misses: pd.DataFrame
    classes: pd.DataFrame
    found_length: NDArray[np.float64]
    missed_length: NDArray[np.float64]

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON can hold it, a missing rank as None."""
        rows, classes = (
            table.astype(object).where(table.notna(), None).to_dict("records")
            for table in (self.misses, self.classes)
        )
        return {
            "k": self.k,
            "n_queries": self.n_queries,
            "n_relevant": self.n_relevant,
            "n_absent": self.n_absent,
            "n_missed": len(self.misses),
            "classes": classes,
            "median_length": {"found": _median(self.found_length), "missed": _median(self.missed_length)},
            "misses": rows,
        }


@dataclass(frozen=True, eq=False)
class _Rivals:
    """One query with its scores (n_docs,) and first k documents."""

    index: WeightedIndex
    query: csr_array
    scores: NDArray[np.float32]
    first: NDArray[np.int64]  # the first k documents, best first
    k: int

    def reason(self, document: int) -> tuple[Reason | None, int, float]:
        """Why a document is missed (None: not missed), the number of shared latents, and the score at average
        length.
        """
        positions = self.index.index.positions(document, self.query.indices)
        shared = positions >= 0
        at_average = score_at_average(self.index, self.query, document)
        if document in self.first:
            return None, int(shared.sum()), at_average
        weighs = self.query.data > 0
        if not (shared & weighs).any():
            return "no shared latent", 0, 0.0
        if not (self.index.idf[self.query.indices[shared & weighs]] > 0).any():
            return "only idf 0", int(shared.sum()), 0.0
        changed = self.scores.copy()
        changed[document] = at_average
        rank = rank_of(changed, document)
        if rank is not None and rank <= self.k:
            return "length", int(shared.sum()), at_average
        return "outscored", int(shared.sum()), at_average


def failures(
    study: Study,
    parameters: Bm25Parameters | None = None,
    k: int = 10,
    judged: Judged | None = None,
) -> Failures:
    """Every relevant document beyond the first k, of all judged queries; a millisecond or so each.

    judged: the queries (None: all that are judged). A k below 1 is a `UserError`.
    """
    if k < 1:
        raise UserError(f"k is {k}, but there must be a first place: expected 1 or more")
    judged = judged or judged_queries(study)
    index = study.weighted(parameters)
    known = judged.document < judged.n_docs
    query, document, grade = judged.query[known], judged.document[known], judged.grade[known]
    first = judged.run(index, k).documents
    found = ranks_in(first, query, document) <= k
    rank_by = {
        name: ranks_in(run.documents, query, document) for name, run in _other_runs(study, judged).items()
    }
    length = index.document_length / (index.average_length or 1.0)
    rows: list[dict[str, Any]] = []
    counted = {group: dict.fromkeys(("found", *REASONS), 0) for group in GROUPS}
    for number in np.unique(query[~found | (rank_by[CONTROL.name] > k)]).tolist():
        counts = csr_array(judged.counts[[number]])
        documents = first[number][first[number] >= 0].astype(np.int64)
        rivals = _Rivals(index, counts, scores_of_all(index, counts), documents, k)
        pairs = np.flatnonzero(query == number)
        for pair in pairs.tolist():
            target = int(document[pair])
            reason, n_shared, at_average = rivals.reason(target)
            if rank_by[CONTROL.name][pair] > k:
                counted[CONTROL.name][reason or "found"] += 1
            if reason is None:
                continue
            counted["missed"][reason] += 1
            beside = _next_below(rivals.scores, target, document[pairs])
            if beside is not None:
                counted["next"][rivals.reason(beside)[0] or "found"] += 1
            row = {"row": int(judged.rows[number]), "document": target, "grade": float(grade[pair])}
            row |= _miss(study, rivals, target, reason)
            row |= {"score_at_average": at_average, "length": float(length[target]), "n_shared": n_shared}
            rows.append(row | {f"{name}_rank": _rank(ranks[pair]) for name, ranks in rank_by.items()})
    table = pd.DataFrame(rows, columns=_COLUMNS)
    return Failures(
        k,
        len(judged),
        n_relevant=int(known.sum()),
        n_absent=int((~known).sum()),
        misses=_described(study, index.parameters, table),
        classes=_classes(counted),
        found_length=length[document[found]],
        missed_length=length[document[~found]],
    )


def _miss(study: Study, rivals: _Rivals, document: int, reason: Reason) -> dict[str, Any]:
    """reason, rank, score and bound of a missed document, and the latents to blame where it is outscored."""
    blamed, advantage = (
        _blamed(rivals, document) if reason == "outscored" else (np.zeros(0, np.int64), np.zeros(0))
    )
    scores, first = rivals.scores, rivals.first
    return {
        "reason": reason,
        "rank": rank_of(scores, document),
        "score": float(scores[document]),
        "bound": float(scores[first[-1]]) if len(first) == rivals.k else 0.0,
        "blamed": tuple(blamed.tolist()),
        "advantage": tuple(advantage.tolist()),
        "rival": study.corpus.ids[int(first[0])] if len(first) else None,
    }


def score_at_average(index: WeightedIndex, query: csr_array, document: int) -> float:
    """The score of one document if its |d| were avg|d|, all else equal; float64, exact."""
    counts = index.index.counts_of(document, query.indices)
    weight = bm25.term_weight(counts, index.parameters.phi)
    gains = bm25.term_weight(query.data, index.parameters.phi) * index.idf[query.indices]
    return float(gains @ bm25.saturation(weight, index.parameters.k1, 1.0))


def _blamed(rivals: _Rivals, document: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The N_BLAMED latents of the query with the largest advantage above 0, and the advantages."""
    table = contribution_table(rivals.index, rivals.query, np.append(rivals.first, document))
    advantage = table[:, :-1].mean(axis=1) - table[:, -1]
    order = np.argsort(-advantage, kind="stable")[:N_BLAMED]
    order = order[advantage[order] > 0]
    return rivals.query.indices[order].astype(np.int64), advantage[order]


def _next_below(scores: NDArray[np.float32], document: int, relevant: NDArray[np.int64]) -> int | None:
    """The next lower document that is not relevant, ties in document order; None where there is none of score
    > 0.
    """
    score = scores[document]
    if not score > 0:
        return None
    below = (scores < score) & (scores > 0)
    below[document + 1 :] |= scores[document + 1 :] == score
    below[relevant] = False
    candidates = np.flatnonzero(below)
    return int(candidates[np.argmax(scores[candidates])]) if len(candidates) else None


def _other_runs(study: Study, judged: Judged) -> dict[str, Run]:
    """Cosine's and lexical BM25's first POOL documents of the judged queries."""
    return rank_all(study, study_queries(study, judged.rows), POOL, systems=BESIDE)


def _rank(rank: float) -> int | None:
    """A rank of `ranks_in` as a whole number, None where it is infinite."""
    return int(rank) if np.isfinite(rank) else None


_COLUMNS = (
    *("row", "document", "grade", "reason", "rank", "score", "bound", "score_at_average", "length"),
    *("n_shared", "blamed", "advantage", "rival", *(f"{one.name}_rank" for one in BESIDE)),
)


def _described(study: Study, parameters: Bm25Parameters, rows: pd.DataFrame) -> pd.DataFrame:
    """The misses with texts and with nDCG@10 of their queries by each system; the highest grade first, then
    by rank.
    """
    texts = [study.queries.texts[row] for row in rows["row"].tolist()]
    table = pd.DataFrame(
        {
            "query_id": [study.queries.ids[row] for row in rows["row"].tolist()],
            "query": texts,
            "n_words": [len(text.split()) for text in texts],
            "doc_id": [study.corpus.ids[d] for d in rows["document"].tolist()],
            "title": [study.corpus.titles[d] for d in rows["document"].tolist()],
        }
    )
    rows = rows.astype(dict.fromkeys(("rank", *(f"{one.name}_rank" for one in BESIDE)), "Int64"))
    table = pd.concat([table, rows.drop(columns=["row", "document"])], axis=1)
    measured = study.per_query
    latent = LATENT if parameters.idf == "clipped" else LATENT_LUCENE_IDF
    for name, system in ((LATENT.name, latent.name), *((one.name, one.name) for one in BESIDE)):
        values: dict[str, float] = {}
        if len(measured):
            part = measured[measured["system"] == system]
            values = dict(zip(part["query_id"], part["nDCG@10"], strict=True))
        table[f"ndcg_{name}"] = np.array([values.get(query, np.nan) for query in table["query_id"]], float)
    return table.sort_values(["grade", "rank"], ascending=[False, True], kind="stable", ignore_index=True)


def _classes(counted: dict[str, dict[str, int]]) -> pd.DataFrame:
    rows = []
    for group, counts in counted.items():
        n = sum(counts.values())
        for reason in (*REASONS, *(("found",) if group != "missed" else ())):
            low, high = wilson(counts[reason], n)
            share = counts[reason] / n if n else float("nan")
            rows.append((group, reason, counts[reason], n, share, low, high))
    return pd.DataFrame(rows, columns=["group", "reason", "count", "n", "share", "low", "high"])


def _median(values: NDArray[np.float64] | Sequence[float]) -> float | None:
    return float(np.median(values)) if len(values) else None

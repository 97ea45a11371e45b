"""Relevant documents that the latents miss, each with one reason, the first of these that holds:

    no shared latent       no latent of the query fires in the document: it scores nothing
    only idf 0             they share latents, all with idf 0: it scores nothing
    length                 it would be among the first k if its |d| were avg|d|, all else as it is
    outscored              none of these: other documents have more of what the query asks for

    score(q, d | avg) = sum_j w_j(q) idf_j w_j(d) (k1 + 1) / (w_j(d) + k1)            |d| = avg|d|, and no other
    advantage_j = mean over the first k documents A of c_jA, less c_jd

The advantages of a document's k rivals, over all latents, sum to what it lacks to their mean score; the latents
where they are largest are blamed. A share of misses means nothing alone, so the same question is put to three
others: the relevant documents that cosine misses; for each miss, the nearest document below it that nobody judged
relevant; and |d| of the relevant documents that were found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analyses.intervals import wilson
from analyses.judged import Judged, judged_queries
from data.errors import UserError
from retrieval import bm25
from retrieval.bm25 import Bm25Parameters
from retrieval.columns import rank_of
from retrieval.cosine import cosine_search
from retrieval.index import WeightedIndex
from retrieval.run import Run
from retrieval.search import contribution_table, scores_of_all, search
from retrieval.study import Study

Reason = Literal["no shared latent", "only idf 0", "length", "outscored"]
REASONS: tuple[Reason, ...] = get_args(Reason)
GROUPS = ("missed", "cosine", "next")
N_BLAMED = 3
POOL = 1000  # places that cosine and BM25 are asked for


@dataclass(frozen=True, eq=False)
class Failures:
    """What is missed at k, and why.

    misses: query_id, query, n_words, doc_id, title, grade, reason, rank (<NA> where it scores nothing), score,
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
    """One query before its documents are judged: contributions are (n_query_latents, n_documents)."""

    index: WeightedIndex
    query: csr_array
    scores: NDArray[np.float32]
    first: NDArray[np.int64]  # the first k documents, best first
    k: int

    def reason(self, document: int) -> tuple[Reason | None, int, float]:
        """Why a document is missed (None: it is not), the latents it shares, and its score at average length."""
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
    """Every relevant document beyond the first k, of all judged queries; a millisecond or so each."""
    if k < 1:
        raise UserError(f"k is {k}, but there must be a first place: expected 1 or more")
    judged = judged or judged_queries(study)
    index = study.weighted(parameters)
    known = judged.document < judged.n_docs
    query, document, grade = judged.query[known], judged.document[known], judged.grade[known]
    first = judged.run(index, k).documents
    found = (first[query] == document[:, None]).any(axis=1)
    others = _other_places(study, judged)
    length = index.document_length / (index.average_length or 1.0)
    rows, counted = [], {group: dict.fromkeys(("found", *REASONS), 0) for group in GROUPS}
    for number in np.unique(query[~found | ~_within(others["cosine"], query, document, k)]).tolist():
        one = csr_array(judged.counts[[number]])
        scores = scores_of_all(index, one)
        rivals = _Rivals(index, one, scores, first[number][first[number] >= 0].astype(np.int64), k)
        of_query = query == number
        relevant = document[of_query]
        for target, gain in zip(relevant.tolist(), grade[of_query].tolist(), strict=True):
            reason, n_shared, at_average = rivals.reason(target)
            if (others["cosine"].documents[number, :k] != target).all():
                counted["cosine"][reason or "found"] += 1
            if reason is None:
                continue
            counted["missed"][reason] += 1
            beside = _next_below(scores, target, relevant)
            if beside is not None:
                counted["next"][rivals.reason(beside)[0] or "found"] += 1
            blamed, advantage = (
                _blamed(rivals, target) if reason == "outscored" else (np.zeros(0, np.int64), np.zeros(0))
            )
            rows.append(
                {
                    "row": int(judged.rows[number]), "document": target, "grade": gain, "reason": reason,
                    "rank": rank_of(scores, target), "score": float(scores[target]),
                    "bound": float(scores[rivals.first[-1]]) if len(rivals.first) == k else 0.0,
                    "score_at_average": at_average, "length": float(length[target]), "n_shared": n_shared,
                    "blamed": tuple(blamed.tolist()), "advantage": tuple(advantage.tolist()),
                    "rival": study.corpus.ids[int(rivals.first[0])] if len(rivals.first) else None,
                    "cosine_rank": _place(others["cosine"], number, target),
                    "bm25_rank": _place(others["bm25"], number, target),
                }
            )  # fmt: skip
    return Failures(
        k, len(judged), int(known.sum()), int((~known).sum()),
        _described(study, index.parameters, pd.DataFrame(rows, columns=_COLUMNS)), _classes(counted),
        length[document[found]], length[document[~found]],
    )  # fmt: skip


def score_at_average(index: WeightedIndex, query: csr_array, document: int) -> float:
    """What one document would score if its |d| were avg|d|, and nothing else changed; float64, exact."""
    mass = index.index.masses(document, query.indices)
    weight = bm25.term_weight(mass, index.parameters.phi)
    gains = bm25.term_weight(query.data, index.parameters.phi) * index.idf[query.indices]
    return float(gains @ bm25.saturation(weight, index.parameters.k1, 1.0))


def _blamed(rivals: _Rivals, document: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The N_BLAMED latents of the query with the largest advantage above 0, and it."""
    table = contribution_table(rivals.index, rivals.query, np.append(rivals.first, document))
    advantage = table[:, :-1].mean(axis=1) - table[:, -1]
    order = np.argsort(-advantage, kind="stable")[:N_BLAMED]
    order = order[advantage[order] > 0]
    return rivals.query.indices[order].astype(np.int64), advantage[order]


def _next_below(scores: NDArray[np.float32], document: int, relevant: NDArray[np.int64]) -> int | None:
    """The best document below one that is not relevant, ties in document order; None where it scores nothing."""
    score = scores[document]
    if not score > 0:
        return None
    below = (scores < score) & (scores > 0)
    below[document + 1 :] |= scores[document + 1 :] == score
    below[relevant] = False
    candidates = np.flatnonzero(below)
    return int(candidates[np.argmax(scores[candidates])]) if len(candidates) else None


def _other_places(study: Study, judged: Judged) -> dict[str, Run]:
    """Cosine's and lexical BM25's first POOL documents of the judged queries."""
    rows, ids = judged.rows, study.corpus.ids
    vectors = np.load(study.path / "query_vectors.npy", allow_pickle=False)[rows]
    words = study.words.count([study.queries.texts[row] for row in rows.tolist()])
    return {
        "cosine": cosine_search(study.vectors, vectors, POOL, judged.ids, ids),
        "bm25": search(study.lexical, words, POOL, judged.ids, ids),
    }


def _within(run: Run, query: NDArray[np.int64], document: NDArray[np.int64], k: int) -> NDArray[np.bool_]:
    within: NDArray[np.bool_] = (run.documents[query, :k] == document[:, None]).any(axis=1)
    return within


def _place(run: Run, row: int, document: int) -> int | None:
    place = np.flatnonzero(run.documents[row] == document)
    return int(place[0]) + 1 if len(place) else None


_COLUMNS = (
    *(
        "row",
        "document",
        "grade",
        "reason",
        "rank",
        "score",
        "bound",
        "score_at_average",
        "length",
        "n_shared",
    ),
    *("blamed", "advantage", "rival", "cosine_rank", "bm25_rank"),
)


def _described(study: Study, parameters: Bm25Parameters, rows: pd.DataFrame) -> pd.DataFrame:
    """Misses with their texts, and their queries' nDCG by each system; the costliest grade first, then by rank."""
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
    rows = rows.astype(dict.fromkeys(("rank", "cosine_rank", "bm25_rank"), "Int64"))
    table = pd.concat([table, rows.drop(columns=["row", "document"])], axis=1)
    measured = study.per_query
    latent = "latent" if parameters.idf == "clipped" else "latent_lucene_idf"
    for name, system in (("latent", latent), ("cosine", "cosine"), ("bm25", "bm25")):
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

"""The ranking of one query without some latents, or with other counts of them: in query, document or index.

An intervention multiplies the counts of latents by a factor, or sets them, in one place (edited_index).
Removing any latents lowers scores. Hence the control: other latents of the query, drawn at random until
together they contribute as much to the retrieved documents, changed in the same way (`matched_controls`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analyses.interventions.edited_index import Intervention, check, scores_after, summed
from retrieval.bm25 import Bm25Parameters, term_weight
from retrieval.columns import best_documents, query_columns, rank_of
from retrieval.study import Study

DEPTH = 10


@dataclass(frozen=True, eq=False)
class Effect:
    """One query's ranking before and after a change.

    ranking: doc_id, title, before, after (ranks from 1, <NA> for a document of score 0), score_before,
    score_after, relevant; the documents among the first `depth` before or after, in the order of before.
    ndcg: nDCG@10 before and after, None for an unjudged query. overlap: share of the first ten that stay.
    share: the latents' part of the scores of the first ten documents. controls: ndcg and overlap of each
    matched control, one row per draw; empty where no match exists.
    """

    ranking: pd.DataFrame
    ndcg: tuple[float, float] | None
    overlap: float
    share: float
    controls: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """The effect as JSON can hold it, a missing rank as None."""
        rows = self.ranking.astype(object).where(self.ranking.notna(), None).to_dict("records")
        return {
            "ndcg_before": self.ndcg[0] if self.ndcg else None,
            "ndcg_after": self.ndcg[1] if self.ndcg else None,
            "overlap": self.overlap,
            "share": self.share,
            "ranking": rows,
            "controls": self.controls.to_dict("records"),
        }


def effect(
    study: Study,
    query: csr_array,
    interventions: Sequence[Intervention],
    parameters: Bm25Parameters | None = None,
    query_id: str | None = None,
    depth: int = DEPTH,
    n_controls: int = 50,
    seed: int = 0,
) -> Effect:
    """The effect of interventions on one query, counts csr (1, n_latents).

    query_id: whose judgements apply. Unknown latents and documents are a `UserError`.
    """
    parameters = parameters or Bm25Parameters()
    check(study, interventions)
    columns = query_columns(study.index, query, parameters)
    before = summed(columns)
    after = scores_after(study, query, interventions, parameters)
    grades, ideal = _judgements(study, query_id)
    touched = np.isin(query.indices, [latent for one in interventions for latent in one.latents])
    top = best_documents(before, DEPTH)
    of_top = columns[:, top].sum(axis=1, dtype=np.float64)
    controls = []
    for drawn in matched_controls(of_top, touched, n_controls, seed):
        latents = tuple(query.indices[drawn].tolist())
        scores = _treated_alike(study, query, columns, interventions, latents, parameters)
        controls.append((_ndcg(scores, grades, ideal), kept_share(top, best_documents(scores, DEPTH))))
    return Effect(
        ranking_table(study, before, after, grades, depth),
        (_ndcg(before, grades, ideal), _ndcg(after, grades, ideal)) if ideal else None,
        kept_share(top, best_documents(after, DEPTH)),
        float(of_top[touched].sum() / max(of_top.sum(), 1e-12)),
        pd.DataFrame(controls, columns=["ndcg", "overlap"]),
    )


def rescored(
    study: Study,
    query: csr_array,
    parameters: Bm25Parameters,
    other: Bm25Parameters,
    query_id: str | None = None,
    depth: int = DEPTH,
) -> Effect:
    """One query's ranking under `parameters` and under `other` ones; no latents change."""
    before, after = (summed(query_columns(study.index, query, one)) for one in (parameters, other))
    grades, ideal = _judgements(study, query_id)
    return Effect(
        ranking_table(study, before, after, grades, depth),
        (_ndcg(before, grades, ideal), _ndcg(after, grades, ideal)) if ideal else None,
        kept_share(best_documents(before, DEPTH), best_documents(after, DEPTH)),
        0.0,
        pd.DataFrame(columns=["ndcg", "overlap"]),
    )


def matched_controls(
    contribution: NDArray[np.float64], touched: NDArray[np.bool_], n_draws: int, seed: int = 0
) -> list[NDArray[np.int64]]:
    """Random sets of other latents that together contribute as much as the touched ones, or one latent more.

    contribution, touched: (n_query_latents,). Empty where the others together contribute less, and where nothing is
    touched.
    """
    wanted = float(contribution[touched].sum())
    others = np.flatnonzero(~touched & (contribution > 0))
    if wanted <= 0 or float(contribution[others].sum()) < wanted:
        return []
    generator, drawn = np.random.default_rng(seed), []
    for _ in range(n_draws):
        order = generator.permutation(others)
        n = int(np.searchsorted(np.cumsum(contribution[order]), wanted * (1 - 1e-9))) + 1
        drawn.append(order[:n])
    return drawn


def _treated_alike(
    study: Study,
    query: csr_array,
    columns: NDArray[np.float32],
    interventions: Sequence[Intervention],
    latents: tuple[int, ...],
    parameters: Bm25Parameters,
) -> NDArray[np.float32]:
    """Scores after the first intervention on other latents of the query."""
    first = interventions[0]
    if first.place == "query" and first.activation is None:
        chosen = np.isin(query.indices, latents)
        ratio = term_weight(first.changed(query.data), parameters.phi) / term_weight(
            query.data, parameters.phi
        )
        gains = np.where(chosen, ratio, 1.0).astype(np.float32)
        scores: NDArray[np.float32] = gains @ columns
        return scores
    other = Intervention(latents, first.place, first.factor, first.activation, first.doc_id, first.length)
    return scores_after(study, query, [other], parameters)


def _judgements(study: Study, query_id: str | None) -> tuple[dict[int, int], list[int]]:
    """Position -> grade of the relevant documents in the corpus, and the grades of all relevant documents."""
    judged = study.qrels.get(query_id, {}) if query_id else {}
    relevant = {document: grade for document, grade in judged.items() if grade > 0}
    known = {study.position[doc]: grade for doc, grade in relevant.items() if doc in study.position}
    return known, list(relevant.values())


def _ndcg(scores: NDArray[np.floating[Any]], grades: dict[int, int], ideal: Sequence[int]) -> float:
    """nDCG@10 of these scores; NaN for an unjudged query."""
    if not ideal:
        return float("nan")
    discount = 1 / np.log2(np.arange(2, DEPTH + 2))
    gains = [grades.get(int(document), 0) for document in best_documents(scores, DEPTH)]
    best = sorted(ideal, reverse=True)[:DEPTH]
    return float(np.dot(gains, discount[: len(gains)]) / np.dot(best, discount[: len(best)]))


def kept_share(a: NDArray[np.int64], b: NDArray[np.int64]) -> float:
    """|A and B| / max(|A|, |B|) of two lists of documents; 1 where both are empty."""
    longest = max(len(a), len(b))
    return len(np.intersect1d(a, b)) / longest if longest else 1.0


def ranking_table(
    study: Study,
    before: NDArray[np.floating[Any]],
    after: NDArray[np.floating[Any]],
    relevant: Collection[int],
    depth: int,
) -> pd.DataFrame:
    """`Effect.ranking` from every document's scores, (n_docs,) each; relevant: positions in the corpus."""
    first, then = best_documents(before, depth), best_documents(after, depth)
    shown = [
        *first.tolist(),
        *(document for document in then.tolist() if document not in set(first.tolist())),
    ]
    return pd.DataFrame(
        {
            "doc_id": [study.corpus.ids[d] for d in shown],
            "title": [study.corpus.titles[d] for d in shown],
            "before": pd.array([rank_of(before, d) for d in shown], dtype="Int64"),
            "after": pd.array([rank_of(after, d) for d in shown], dtype="Int64"),
            "score_before": before[shown].astype(np.float64),
            "score_after": after[shown].astype(np.float64),
            "relevant": [d in relevant for d in shown],
        }
    )

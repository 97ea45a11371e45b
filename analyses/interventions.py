"""What a ranking would be without some latents, or with more or less of them: in query, document or index.

An intervention multiplies the raw mass of latents by a factor, or sets it, in one place:

    query      w_j(q) changes, and nothing else: each score changes by (g_j - 1) c_jd, exactly
    document   one document's mass; with `length` its |d|, avg|d| and n_j follow
    index      the mass in every document; with `length` every |d|, avg|d| and n_j follow: a factor of 0 is then the
               index that was made without these latents, to rounding

Whatever is taken away lowers scores. Hence the control: other latents of the query, drawn at random until together
they contribute as much to the documents that it found, treated in the same way (`matched_controls`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from data.errors import UserError
from retrieval.bm25 import (
    Bm25Parameters,
    average_length,
    inverse_document_frequency,
    length_norm,
    saturation,
    term_weight,
)
from retrieval.columns import best_documents, query_columns, rank_of
from retrieval.index import Index
from retrieval.study import Study

Place = Literal["query", "document", "index"]
PLACES: tuple[Place, ...] = get_args(Place)
DEPTH = 10
TINY = 1e-9  # of a length, what rounding leaves of a document that has nothing else


@dataclass(frozen=True)
class Intervention:
    """latents, and what becomes of their raw mass: times `factor`, or exactly `mass` (not in the whole index)."""

    latents: tuple[int, ...]
    place: Place = "query"
    factor: float = 0.0
    mass: float | None = None
    doc_id: str | None = None
    length: bool = True

    def __post_init__(self) -> None:
        if self.place not in PLACES:
            raise UserError(
                f"an intervention is in {self.place!r}, but it must be in one of {', '.join(PLACES)}"
            )
        if not 0 <= self.factor < np.inf:
            raise UserError(
                f"the factor is {self.factor}, but it must be 0 or more (0 removes, 1 changes nothing)"
            )
        if self.mass is not None and not 0 <= self.mass < np.inf:
            raise UserError(f"the mass is {self.mass}, but an activation mass is 0 or more")
        if self.place == "index" and self.mass is not None:
            raise UserError("a mass cannot be set in the whole index: give a factor, or one document")
        if (self.place == "document") != (self.doc_id is not None):
            raise UserError("an intervention in a document names that document, and no other does")

    def changed(self, mass: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """The mass of its latents after it, whatever it was before."""
        before = np.asarray(mass, np.float64)
        return before * self.factor if self.mass is None else np.full_like(before, self.mass)


@dataclass(frozen=True, eq=False)
class Effect:
    """One query's ranking before something was changed, and after.

    ranking: doc_id, title, before, after (ranks from 1, <NA> for a document that scores nothing), score_before,
    score_after, relevant; the documents that are among the first `depth` at either time, in the order of before.
    ndcg: nDCG@10 before and after, None for a query that nobody judged. overlap: share of the first ten that stay.
    share: the part of the scores of the first ten documents that the latents contributed. controls: ndcg and
    overlap of each matched control, a row a draw; empty where no match exists.
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
    """What interventions do to one query, raw mass (1, n_latents); query_id: whose judgements apply."""
    parameters = parameters or Bm25Parameters()
    check(study, interventions)
    columns = query_columns(study.index, query, parameters)
    before = _sum(columns)
    after = scores_after(study, query, interventions, parameters)
    grades, ideal = _judgements(study, query_id)
    touched = np.isin(query.indices, [latent for one in interventions for latent in one.latents])
    top = best_documents(before, DEPTH)
    of_top = columns[:, top].sum(axis=1, dtype=np.float64)
    controls = []
    for drawn in matched_controls(of_top, touched, n_controls, seed):
        latents = tuple(query.indices[drawn].tolist())
        scores = _treated_alike(study, query, columns, interventions, latents, parameters)
        controls.append((_ndcg(scores, grades, ideal), _overlap(top, best_documents(scores, DEPTH))))
    return Effect(
        ranking_table(study, before, after, grades, depth),
        (_ndcg(before, grades, ideal), _ndcg(after, grades, ideal)) if ideal else None,
        _overlap(top, best_documents(after, DEPTH)),
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
    """One query's ranking under `parameters` and under `other` ones; no latents are touched."""
    before, after = (_sum(query_columns(study.index, query, one)) for one in (parameters, other))
    grades, ideal = _judgements(study, query_id)
    return Effect(
        ranking_table(study, before, after, grades, depth),
        (_ndcg(before, grades, ideal), _ndcg(after, grades, ideal)) if ideal else None,
        _overlap(best_documents(before, DEPTH), best_documents(after, DEPTH)),
        0.0,
        pd.DataFrame(columns=["ndcg", "overlap"]),
    )


def scores_after(
    study: Study, query: csr_array, interventions: Sequence[Intervention], parameters: Bm25Parameters
) -> NDArray[np.float32]:
    """Every document's score after the interventions, in turn; float32 (n_docs,)."""
    query = query_after(query, interventions)
    documents = [one for one in interventions if one.place != "query"]
    if not documents:
        return _sum(query_columns(study.index, query, parameters))
    edited = edit(study, documents, parameters)
    terms = np.asarray(query.indices, np.int64)
    idf = inverse_document_frequency(edited.document_frequency[terms], study.index.n_docs, parameters.idf)
    columns = query_columns(study.index, query, parameters, edited.length, idf, edited.factor[terms])
    scores = _sum(columns)
    for document, row in edited.rows.items():
        scores[document] = _score_of_row(query, row, edited, document, idf, parameters)
    return scores


def query_after(query: csr_array, interventions: Sequence[Intervention]) -> csr_array:
    """The query's raw mass after the interventions in it, (1, n_latents); latents of mass 0 are gone."""
    mass = {int(j): float(m) for j, m in zip(query.indices, query.data, strict=True)}
    for one in interventions:
        if one.place == "query":
            for latent in one.latents:
                if latent in mass or one.mass is not None:
                    mass[latent] = float(one.changed(np.array([mass.get(latent, 0.0)]))[0])
    kept = sorted(latent for latent, m in mass.items() if m > 0)
    data = np.array([mass[latent] for latent in kept], np.float32)
    return csr_array((data, np.array(kept, np.int32), np.array([0, len(kept)])), shape=query.shape)


@dataclass(frozen=True, eq=False)
class EditedIndex:
    """What interventions in documents leave of an index's statistics.

    length: |d|, float64 (n_docs,). document_frequency: int64 (n_terms,). factor: of each term's mass in all
    documents, (n_terms,). rows: document -> term -> raw mass, of single documents that were changed.
    """

    length: NDArray[np.float64]
    document_frequency: NDArray[np.int64]
    factor: NDArray[np.float64]
    rows: dict[int, dict[int, float]]


def edit(study: Study, interventions: Sequence[Intervention], parameters: Bm25Parameters) -> EditedIndex:
    """The statistics after interventions in documents and in the whole index, in turn."""
    index, phi = study.index, parameters.phi
    length, frequency = index.document_length(phi).copy(), index.document_frequency.copy()
    factor, rows = np.ones(index.n_terms), dict[int, dict[int, float]]()
    for one in interventions:
        for latent in one.latents:
            documents, mass = index.postings(latent)
            now = mass * factor[latent]
            if one.place == "document":
                assert one.doc_id is not None
                document = study.position[one.doc_id]
                if document not in rows:
                    rows[document] = _row(index, document, factor)
                row = rows[document]
                was = row.get(latent, 0.0)
                row[latent] = float(one.changed(np.array([was]))[0])
                if one.length:
                    length[document] += float(term_weight(row[latent], phi) - term_weight(was, phi))
                    frequency[latent] += int(row[latent] > 0) - int(was > 0)
                continue
            if one.length:
                whole = ~np.isin(documents, list(rows))  # single documents that were changed come after
                gained = term_weight(one.changed(now), phi) - term_weight(now, phi)
                length[documents[whole]] += gained[whole]
                frequency[latent] = frequency[latent] if one.factor else 0
            factor[latent] *= one.factor
            for document, row in rows.items():
                was = row.get(latent, 0.0)
                row[latent] = was * one.factor
                if one.length:
                    length[document] += float(term_weight(row[latent], phi) - term_weight(was, phi))
    length[length < TINY * index.document_length(phi)] = 0.0
    return EditedIndex(length, frequency, factor, rows)


def matched_controls(
    contribution: NDArray[np.float64], touched: NDArray[np.bool_], n_draws: int, seed: int = 0
) -> list[NDArray[np.int64]]:
    """Random sets of untouched latents that contribute as much together as the touched ones, or one latent more.

    contribution, touched: (n_query_latents,). No sets where the others together contribute less, and none where
    nothing is touched.
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


def check(study: Study, interventions: Sequence[Intervention]) -> None:
    """Refuse latents and documents that the study does not have."""
    for one in interventions:
        for latent in one.latents:
            if not 0 <= latent < study.n_latents:
                raise UserError(
                    f"latent {latent} is outside this SAE: it has {study.n_latents:,} latents, so choose 0 to "
                    f"{study.n_latents - 1}"
                )
        if one.doc_id is not None and one.doc_id not in study.position:
            raise UserError(
                f'study {study.name} has no document "{one.doc_id}": choose an id that its search shows'
            )


def _treated_alike(
    study: Study,
    query: csr_array,
    columns: NDArray[np.float32],
    interventions: Sequence[Intervention],
    latents: tuple[int, ...],
    parameters: Bm25Parameters,
) -> NDArray[np.float32]:
    """Scores after the same was done to other latents of the query."""
    first = interventions[0]
    if first.place == "query" and first.mass is None:
        chosen = np.isin(query.indices, latents)
        ratio = term_weight(first.changed(query.data), parameters.phi) / term_weight(
            query.data, parameters.phi
        )
        gains = np.where(chosen, ratio, 1.0).astype(np.float32)
        scores: NDArray[np.float32] = gains @ columns
        return scores
    other = Intervention(latents, first.place, first.factor, first.mass, first.doc_id, first.length)
    return scores_after(study, query, [other], parameters)


def _sum(columns: NDArray[np.float32]) -> NDArray[np.float32]:
    """By the same product as `_treated_alike`, so that what changes nothing changes no bit."""
    scores: NDArray[np.float32] = np.ones(len(columns), np.float32) @ columns
    return scores


def _row(index: Index, document: int, factor: NDArray[np.float64]) -> dict[int, float]:
    terms, mass = index.document_row(document)
    return dict(zip(terms.tolist(), (mass * factor[terms]).tolist(), strict=True))


def _score_of_row(
    query: csr_array,
    row: dict[int, float],
    edited: EditedIndex,
    document: int,
    idf: NDArray[np.float64],
    parameters: Bm25Parameters,
) -> float:
    mass = np.array([row.get(int(latent), 0.0) for latent in query.indices])
    norm = length_norm(edited.length[document], average_length(edited.length), parameters.b)
    weight = term_weight(query.data, parameters.phi) * idf
    return float((weight * saturation(term_weight(mass, parameters.phi), parameters.k1, norm)).sum())


def _judgements(study: Study, query_id: str | None) -> tuple[dict[int, int], list[int]]:
    """Grade of each relevant document that the corpus has, by its position, and the grades of all of them."""
    judged = study.qrels.get(query_id, {}) if query_id else {}
    relevant = {document: grade for document, grade in judged.items() if grade > 0}
    known = {study.position[doc]: grade for doc, grade in relevant.items() if doc in study.position}
    return known, list(relevant.values())


def _ndcg(scores: NDArray[np.floating[Any]], grades: dict[int, int], ideal: Sequence[int]) -> float:
    """nDCG@10 of these scores; NaN for a query that nobody judged."""
    if not ideal:
        return float("nan")
    discount = 1 / np.log2(np.arange(2, DEPTH + 2))
    found = [grades.get(int(document), 0) for document in best_documents(scores, DEPTH)]
    best = sorted(ideal, reverse=True)[:DEPTH]
    return float(np.dot(found, discount[: len(found)]) / np.dot(best, discount[: len(best)]))


def _overlap(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    longest = max(len(one), len(other))
    return len(np.intersect1d(one, other)) / longest if longest else 1.0


def ranking_table(
    study: Study,
    before: NDArray[np.floating[Any]],
    after: NDArray[np.floating[Any]],
    relevant: Collection[int],
    depth: int,
) -> pd.DataFrame:
    """`Effect.ranking` of every document's scores, (n_docs,) each; relevant: positions in the corpus."""
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

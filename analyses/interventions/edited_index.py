"""Change the counts of latents in a query, a document or the whole index, and score every document again.

query      w_j(q) changes, and nothing else: each score changes by (g_j - 1) c_jd, exactly
document   counts in one document; with `length` its |d|, avg|d| and n_j follow
index      counts in every document; with `length` every |d|, avg|d| and n_j follow: a factor of 0 then gives the
           index without these latents, to rounding
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
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
from retrieval.columns import query_columns
from retrieval.index import Index
from retrieval.study import Study

Place = Literal["query", "document", "index"]
PLACES: tuple[Place, ...] = get_args(Place)
TINY = 1e-9  # of a length: what rounding leaves of a document without any other latent


@dataclass(frozen=True)
class Intervention:
    """Counts of `latents` become `factor` times as large, or exactly `activation` (not in the whole index)."""

    latents: tuple[int, ...]
    place: Place = "query"
    factor: float = 0.0
    activation: float | None = None
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
        if self.activation is not None and not 0 <= self.activation < np.inf:
            raise UserError(f"the activation is {self.activation}, but it must be 0 or more")
        if self.place == "index" and self.activation is not None:
            raise UserError("an activation cannot be set in the whole index: give a factor, or one document")
        if (self.place == "document") != (self.doc_id is not None):
            raise UserError("an intervention in a document names that document, and no other does")

    def changed(self, counts: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """The counts of these latents after the intervention."""
        before = np.asarray(counts, np.float64)
        return before * self.factor if self.activation is None else np.full_like(before, self.activation)


def check(study: Study, interventions: Sequence[Intervention]) -> None:
    """A `UserError` for latents and documents that the study does not have."""
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


def scores_after(
    study: Study, query: csr_array, interventions: Sequence[Intervention], parameters: Bm25Parameters
) -> NDArray[np.float32]:
    """Every document's score after the interventions, applied in turn; float32 (n_docs,)."""
    query = query_after(query, interventions)
    documents = [one for one in interventions if one.place != "query"]
    if not documents:
        return summed(query_columns(study.index, query, parameters))
    edited = edit(study, documents, parameters)
    terms = np.asarray(query.indices, np.int64)
    idf = inverse_document_frequency(edited.document_frequency[terms], study.index.n_docs, parameters.idf)
    columns = query_columns(study.index, query, parameters, edited.length, idf, edited.factor[terms])
    scores = summed(columns)
    for document, row in edited.rows.items():
        scores[document] = _score_of_row(query, row, edited, document, idf, parameters)
    return scores


def query_after(query: csr_array, interventions: Sequence[Intervention]) -> csr_array:
    """The query's counts after the interventions in it, csr (1, n_latents), without zeros."""
    counts = {int(j): float(count) for j, count in zip(query.indices, query.data, strict=True)}
    for one in interventions:
        if one.place == "query":
            for latent in one.latents:
                if latent in counts or one.activation is not None:
                    counts[latent] = float(one.changed(np.array([counts.get(latent, 0.0)]))[0])
    kept = sorted(latent for latent, count in counts.items() if count > 0)
    data = np.array([counts[latent] for latent in kept], np.float32)
    return csr_array((data, np.array(kept, np.int32), np.array([0, len(kept)])), shape=query.shape)


@dataclass(frozen=True, eq=False)
class EditedIndex:
    """The statistics of an index after interventions in documents.

    length: |d|, float64 (n_docs,). document_frequency: int64 (n_terms,). factor: of each term's counts in all
    documents, (n_terms,). rows: document -> term -> count, of single documents that were changed.
    """

    length: NDArray[np.float64]
    document_frequency: NDArray[np.int64]
    factor: NDArray[np.float64]
    rows: dict[int, dict[int, float]]


def edit(study: Study, interventions: Sequence[Intervention], parameters: Bm25Parameters) -> EditedIndex:
    """The statistics after interventions in documents and in the whole index, applied in turn."""
    index, phi = study.index, parameters.phi
    length, frequency = index.document_length(phi).copy(), index.document_frequency.copy()
    factor, rows = np.ones(index.n_terms), dict[int, dict[int, float]]()
    for one in interventions:
        for latent in one.latents:
            documents, counts = index.postings(latent)
            now = counts * factor[latent]
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


def summed(columns: NDArray[np.float32]) -> NDArray[np.float32]:
    """sum_j c_jd of a query's columns (n_query_terms, n_docs), as a product with ones: float32 (n_docs,)."""
    scores: NDArray[np.float32] = np.ones(len(columns), np.float32) @ columns
    return scores


def _row(index: Index, document: int, factor: NDArray[np.float64]) -> dict[int, float]:
    terms, values = index.document_row(document)
    return dict(zip(terms.tolist(), (values * factor[terms]).tolist(), strict=True))


def _score_of_row(
    query: csr_array,
    row: dict[int, float],
    edited: EditedIndex,
    document: int,
    idf: NDArray[np.float64],
    parameters: Bm25Parameters,
) -> float:
    counts = np.array([row.get(int(latent), 0.0) for latent in query.indices])
    norm = length_norm(edited.length[document], average_length(edited.length), parameters.b)
    weight = term_weight(query.data, parameters.phi) * idf
    return float((weight * saturation(term_weight(counts, parameters.phi), parameters.k1, norm)).sum())

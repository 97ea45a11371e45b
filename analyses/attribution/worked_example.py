"""One query of a study, answered by the study alone, as an example of why one document ranks above another.

A judged query whose nDCG@10 is higher by latent terms than by the cosine, by as much as any; without judgements one
of the collection's own queries; without queries the first sentence of a document, as latents fire on it there.
Stored counts are read, so nothing is encoded. The same study always gives the same example.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analyses.attribution.compare_documents import Pair, compare
from analyses.attribution.score_breakdown import query_latents
from retrieval.queries import EncodedText
from retrieval.search import scores_of_all
from retrieval.study import Study
from retrieval.systems import COSINE, LATENT

SHORTEST, LONGEST = 15, 110  # characters of a query that reads at a glance
DEPTH, MOST_TRIED = 10, 20
N_WEIGHTS = 40  # term frequencies of a road, more than a picture draws
PLAIN = re.compile(r"[^\W\d_][^\d_<>{}=|\\/*`\[\]\"]*")  # words, and what stands between words
SENTENCE = re.compile(r"(?<=[.!?])\s")


@dataclass(frozen=True)
class WorkedExample:
    """pair: the document that latent terms rank first, and one below it. latents: the query's (`query_latents`).

    is_own: whether the query is the collection's. cosine_ranks: of both documents by the encoder's own vectors,
    None where the query has none. relevant: whether each is judged relevant, None without judgements.
    """

    pair: Pair
    latents: pd.DataFrame
    is_own: bool
    cosine_ranks: tuple[int, int] | None
    relevant: tuple[bool, bool] | None


@dataclass(frozen=True)
class Road:
    """One document on its way to a bag of latents: n_tokens, numbers of a state, most latents of a token, latents
    in all and in the document, document length, and its term frequencies, the largest first.
    """

    doc_id: str
    n_tokens: int
    d_model: int
    per_token: int
    n_latents: int
    n_active: int
    length: float
    weights: tuple[float, ...]


def worked_example(study: Study) -> WorkedExample | None:
    """The study's example; None where no query tried finds two documents."""
    for row in _rows(study):
        grades = study.qrels.get(study.queries.ids[row], {})
        vector = np.asarray(study.query_vectors[[row]], np.float32)
        counts = csr_array(study.query_counts[[row]])
        if found := _example(study, study.queries.texts[row], counts, vector, grades, True):
            return found
    if len(study.queries):
        return None
    for document in range(min(MOST_TRIED, len(study.corpus))):
        text = SENTENCE.split(study.corpus.texts[document].strip(), maxsplit=1)[0][:LONGEST]
        if found := _example(study, text, _counts(study, document, len(text)), None, {}, False):
            return found
    return None


def _rows(study: Study) -> list[int]:
    """Positions of the queries to try, the best example first."""
    texts = study.queries.texts
    short = [row for row, text in enumerate(texts) if SHORTEST <= len(text) <= LONGEST]
    readable = [row for row in short if PLAIN.fullmatch(texts[row]) and texts[row].count(" ") > 2] or short
    per_query = study.per_query
    if not per_query.empty:
        measure = next(name for name in per_query.columns if name not in ("query_id", "system"))
        wide = per_query.pivot_table(index="query_id", columns="system", values=measure)
        if {LATENT.name, COSINE.name} <= set(wide.columns):
            gain = (wide[LATENT.name] - wide[COSINE.name]).to_dict()
            best = {query: value == 1 for query, value in wide[LATENT.name].items()}
            ids = study.queries.ids
            readable.sort(key=lambda row: (-gain.get(ids[row], -9.0), not best.get(ids[row], False), row))
    return (readable or list(range(len(texts))))[:MOST_TRIED]


def _counts(study: Study, document: int, length: int) -> csr_array:
    """Summed activations of the latents on a document's tokens that end within its first `length` characters."""
    rows = study.tokens.document(document)
    inside = np.asarray(study.tokens.spans[rows])[:, 1] <= length
    latents = np.asarray(study.tokens.indices[rows])[inside].astype(np.int64).ravel()
    activations = np.asarray(study.tokens.activations[rows])[inside].astype(np.float64).ravel()
    summed = np.bincount(latents, weights=activations, minlength=study.n_latents)
    return csr_array(summed[None].astype(np.float32))


def _example(
    study: Study,
    text: str,
    counts: csr_array,
    vector: NDArray[np.float32] | None,
    grades: Mapping[str, int],
    is_own: bool,
) -> WorkedExample | None:
    """The example of one query; None where fewer than two documents score above 0."""
    scores = scores_of_all(study.weighted(), counts)
    order = np.lexsort((np.arange(len(scores)), -scores))[:DEPTH]
    found = [int(document) for document in order if scores[document] > 0]
    if len(found) < 2:
        return None
    places = None if vector is None else _places(study, vector)
    first, second = found[0], found[1]
    if places is not None:
        preferred = [document for document in found[1:] if places[document] < places[first]]
        second = min(preferred or [second], key=lambda document: int(places[document]))
    ids = study.corpus.ids[first], study.corpus.ids[second]
    k = study.tokens.indices.shape[1]
    empty = np.zeros(0, np.int32)
    encoded = EncodedText(
        text,
        empty,
        empty.reshape(0, 2),
        np.zeros((0, k), np.int32),
        np.zeros((0, k), np.float32),
        counts,
        np.zeros((1, study.vectors.shape[1]), np.float32) if vector is None else vector,
    )
    return WorkedExample(
        compare(study, encoded, *ids),
        query_latents(study, encoded),
        is_own,
        None if places is None else (int(places[first]), int(places[second])),
        (grades.get(ids[0], 0) > 0, grades.get(ids[1], 0) > 0) if grades else None,
    )


def _places(study: Study, vector: NDArray[np.float32]) -> NDArray[np.int64]:
    """The rank of every document by the cosine, from 1; ties in document order."""
    similarity = np.asarray(study.vectors) @ vector[0]
    places = np.empty(len(similarity), np.int64)
    places[np.lexsort((np.arange(len(similarity)), -similarity))] = np.arange(1, len(similarity) + 1)
    return places


def road_of(study: Study, document: int) -> Road:
    """The numbers of one document."""
    rows = study.tokens.document(document)
    latents = np.asarray(study.tokens.indices[rows]).astype(np.int64).ravel()
    activations = np.asarray(study.tokens.activations[rows]).astype(np.float64).ravel()
    counts = np.bincount(latents, weights=activations, minlength=1)
    return Road(
        study.corpus.ids[document],
        len(np.asarray(study.tokens.token_ids[rows])),
        int(study.manifest["encoder"]["d_model"]),
        int(study.tokens.indices.shape[1]),
        study.n_latents,
        int((counts > 0).sum()),
        float(study.index.document_length("sqrt")[document]),
        tuple(np.sqrt(np.sort(counts[counts > 0])[::-1][:N_WEIGHTS]).tolist()),
    )

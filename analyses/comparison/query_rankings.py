"""The rankings of one query by several systems, beside each other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from retrieval.bm25 import Bm25Parameters
from retrieval.queries import EncodedText, encoded_query
from retrieval.run import Run
from retrieval.study import Study
from retrieval.systems import LATENT, compared_systems, rank_all


def compare_rankings(
    study: Study,
    query: str | EncodedText,
    depth: int = 10,
    parameters: Bm25Parameters | None = None,
    query_id: str | None = None,
    pool: int = 1000,
) -> pd.DataFrame:
    """Documents that any system but fusions has among its first `depth`, with the place each system gives them.

    Columns doc_id, title; NAME_rank and NAME_score of each, the latents first (rank is <NA> beyond `pool`);
    grade, where `query_id` has judgements (<NA> for a document nobody judged). In the order of the
    latents' ranking, then of the best place among the others.
    """
    encoded = study.encode(query) if isinstance(query, str) else query
    row = None if query_id is None else list(study.queries.ids).index(query_id)
    single = [one for one in compared_systems(study) if not one.parts]
    runs = rank_all(study, encoded_query(encoded, row), max(pool, depth), parameters, single)
    places = {name: _places(run) for name, run in runs.items()}
    last = pool + 1

    def order(document: int) -> tuple[int, int]:
        ranks = [found.get(document, (last, 0.0))[0] for found in places.values()]
        return ranks[0], min(ranks)

    shown = {document for found in places.values() for document in list(found)[:depth]}
    documents = sorted(shown, key=order)
    ids = [study.corpus.ids[document] for document in documents]
    table = pd.DataFrame({"doc_id": ids, "title": [study.corpus.titles[document] for document in documents]})
    for system, found in places.items():
        rows = [found.get(document, (None, None)) for document in documents]
        table[f"{system}_rank"] = pd.array([rank for rank, _ in rows], dtype="Int64")
        table[f"{system}_score"] = np.array([score for _, score in rows], np.float64)
    grades: Mapping[str, int] = study.qrels.get(query_id, {}) if query_id else {}
    table["grade"] = pd.array([grades.get(identifier) for identifier in ids], dtype="Int64")
    return table


def judged_places(
    study: Study,
    query: EncodedText,
    query_id: str,
    parameters: Bm25Parameters | None = None,
    pool: int = 1000,
) -> pd.DataFrame:
    """The documents judged relevant for a query, with the place that each system but fusions gives them.

    Columns doc_id, title, grade, then NAME_rank and NAME_score of each, the latents first (<NA> and NaN beyond
    `pool`). In the order of the latents' ranking, then of the grade, the highest first, then of the corpus. Judged
    documents that the collection does not hold are left out.
    """
    grades = {doc_id: grade for doc_id, grade in study.qrels.get(query_id, {}).items() if grade > 0}
    documents = sorted(study.position[doc_id] for doc_id in grades if doc_id in study.position)
    ids = [study.corpus.ids[document] for document in documents]
    table = pd.DataFrame(
        {
            "doc_id": ids,
            "title": [study.corpus.titles[document] for document in documents],
            "grade": [grades[doc_id] for doc_id in ids],
        }
    )
    single = [one for one in compared_systems(study) if not one.parts]
    asked = encoded_query(query, list(study.queries.ids).index(query_id))
    runs = rank_all(study, asked, pool, parameters, single)
    for system, run in runs.items():
        found = _places(run)
        rows = [found.get(document, (None, np.nan)) for document in documents]
        table[f"{system}_rank"] = pd.array([rank for rank, _ in rows], dtype="Int64")
        table[f"{system}_score"] = np.array([score for _, score in rows], np.float64)
    place = table[f"{LATENT.name}_rank"].fillna(pool + 1)
    order = np.lexsort((np.arange(len(table)), -table["grade"].to_numpy(), place.to_numpy(np.int64)))
    return table.iloc[order].reset_index(drop=True)


def _places(run: Run) -> dict[int, tuple[int, float]]:
    """document -> (rank from 1, score), best first."""
    found = run.documents[0] >= 0
    pairs = zip(run.documents[0][found].tolist(), run.scores[0][found].tolist(), strict=True)
    return {document: (rank, score) for rank, (document, score) in enumerate(pairs, start=1)}


def query_id_of(study: Study, text: str) -> str | None:
    """The id of the collection's query with this text, whose judgements then apply; None for a new query."""
    wanted = text.strip()
    return next(
        (
            identifier
            for identifier, query in zip(study.queries.ids, study.queries.texts, strict=True)
            if query.strip() == wanted
        ),
        None,
    )

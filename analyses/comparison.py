"""The rankings of one query by several systems, beside each other."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from retrieval.bm25 import Bm25Parameters
from retrieval.run import Run
from retrieval.study import EncodedText, Study, System

SYSTEMS: tuple[System, ...] = ("latent", "cosine", "bm25")


def compare_rankings(
    study: Study,
    query: str | EncodedText,
    depth: int = 10,
    parameters: Bm25Parameters | None = None,
    query_id: str | None = None,
    pool: int = 1000,
) -> pd.DataFrame:
    """Documents that any system has among its first `depth`, with the place each system gives them.

    Columns doc_id, title; latent_rank, latent_score, cosine_rank, ..., bm25_score (rank is <NA> beyond `pool`);
    grade, where `query_id` has judgements (<NA> for a document nobody judged). In the order of the
    latents' ranking, then of the best place among the others.
    """
    encoded = study.encode(query) if isinstance(query, str) else query
    places = {system: _places(study.run(encoded, system, max(pool, depth), parameters)) for system in SYSTEMS}
    last = pool + 1

    def order(document: int) -> tuple[int, int]:
        ranks = [places[system].get(document, (last, 0.0))[0] for system in SYSTEMS]
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

"""The rankings of one query by several systems, beside each other."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from retrieval.bm25 import Bm25Parameters
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
    table = pd.DataFrame({"doc_id": pd.Series(dtype=object)})
    for system in SYSTEMS:
        found = study.search(encoded, max(pool, depth), system, parameters)
        found = found.rename(columns={"rank": f"{system}_rank", "score": f"{system}_score"})
        table = table.merge(found.drop(columns="title"), on="doc_id", how="outer")
    ranks = [f"{system}_rank" for system in SYSTEMS]
    table[ranks] = table[ranks].astype("Int64")
    best = table[ranks].min(axis=1)
    shown = best <= depth
    table, best = table[shown], best[shown]
    order = pd.DataFrame({"latent": table["latent_rank"].fillna(pool + 1), "best": best})
    table = table.loc[order.sort_values(["latent", "best"], kind="stable").index].reset_index(drop=True)
    grades: Mapping[str, int] = study.qrels.get(query_id, {}) if query_id else {}
    table["title"] = [study.corpus.titles[study.position[doc_id]] for doc_id in table["doc_id"]]
    table["grade"] = pd.array([grades.get(doc_id) for doc_id in table["doc_id"]], dtype="Int64")
    return table[["doc_id", "title", *(f"{s}_{c}" for s in SYSTEMS for c in ("rank", "score")), "grade"]]


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

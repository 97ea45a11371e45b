"""Filters of the misses of `analyses.comparison.failures`, and the documents ranked above one of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from analyses.comparison.failures import BESIDE
from retrieval.bm25 import Bm25Parameters
from retrieval.search import contribution_table, search
from retrieval.study import Study
from retrieval.systems import LATENT

FOUND_BY = (*(one.name for one in BESIDE), "either", "none")  # who has a missed document among its first k


def chosen_misses(
    misses: pd.DataFrame,
    k: int,
    reason: str | None = None,
    words: tuple[int, int] | None = None,
    kind: str | None = None,
    types: pd.Series | None = None,
    found_by: str | None = None,
    grade: float | None = None,
) -> pd.DataFrame:
    """The misses that pass every filter; a filter of None passes all.

    words: least and most words of the query. kind: type of the first blamed latent, by `types` (latent -> type);
    only outscored documents have one. found_by: the system that has the document among its first k. grade: of the
    document.
    """
    keep = np.ones(len(misses), bool)
    if reason is not None:
        keep &= (misses["reason"] == reason).to_numpy()
    if words is not None:
        keep &= misses["n_words"].between(*words).to_numpy()
    if kind is not None and types is not None:
        first = [blamed[0] if blamed else None for blamed in misses["blamed"]]
        keep &= np.array([types.get(latent) == kind for latent in first], bool)
    if found_by is not None:
        own, lexical = (
            (misses[f"{system}_rank"] <= k).fillna(False).to_numpy(bool)
            for system in (one.name for one in BESIDE)
        )
        either = own | lexical
        keep &= dict(zip(FOUND_BY, (own, lexical, either, ~either), strict=True))[found_by]
    if grade is not None:
        keep &= (misses["grade"] == grade).to_numpy()
    return misses[keep].reset_index(drop=True)


def wins_and_losses(misses: pd.DataFrame) -> pd.DataFrame:
    """against (cosine, bm25), won, tied, lost: queries with a miss whose nDCG@10 the latents win, tie or lose."""
    queries = misses.drop_duplicates("query_id")
    rows = []
    for system in (one.name for one in BESIDE):
        difference = (queries[f"ndcg_{LATENT.name}"] - queries[f"ndcg_{system}"]).dropna()
        won, lost = int((difference > 1e-9).sum()), int((difference < -1e-9).sum())
        rows.append((system, won, len(difference) - won - lost, lost))
    return pd.DataFrame(rows, columns=["against", "won", "tied", "lost"])


def outscored_by(
    study: Study, query: csr_array, doc_id: str, parameters: Bm25Parameters | None = None, k: int = 10
) -> pd.DataFrame:
    """The first k documents compared with one ranked below: rank, doc_id, title, ahead (difference of scores),
    latent and lead (the latent of the largest difference, and that difference).
    """
    index = study.weighted(parameters)
    run = search(index, query, k, ["query"], study.corpus.ids)
    first = run.documents[0][run.documents[0] >= 0].astype(np.int64)
    table = contribution_table(index, query, np.append(first, study.position[doc_id]))
    leads = table[:, :-1] - table[:, -1:]
    best = leads.argmax(axis=0) if len(leads) else np.zeros(len(first), np.int64)
    return pd.DataFrame(
        {
            "rank": np.arange(1, len(first) + 1),
            "doc_id": [study.corpus.ids[d] for d in first.tolist()],
            "title": [study.corpus.titles[d] for d in first.tolist()],
            "ahead": leads.sum(axis=0),
            "latent": query.indices[best],
            "lead": leads[best, np.arange(len(first))],
        }
    )


def blamed_latents(misses: pd.DataFrame) -> pd.DataFrame:
    """latent, n_misses in which it is blamed, advantage (their sum); the most often blamed first."""
    flat = misses[["blamed", "advantage"]].explode(["blamed", "advantage"]).dropna()
    table = flat.astype({"blamed": np.int64, "advantage": np.float64}).groupby("blamed")["advantage"]
    counts = table.agg(n_misses="size", advantage="sum").rename_axis("latent").reset_index()
    return counts.sort_values(["n_misses", "advantage"], ascending=False, ignore_index=True)

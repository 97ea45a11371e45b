"""Two rankings beside each other: what moved, by how many places, and what stands in one alone.

    moved_d = rank of d on the left - rank of d on the right        above 0: higher on the right

A side is a study and a query: two studies on one query, two queries in one study, or both.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from analyses.attribution.score_breakdown import query_latents
from analyses.comparison.query_rankings import query_id_of
from retrieval.bm25 import Bm25Parameters
from retrieval.queries import EncodedText
from retrieval.study import Study

Stands = Literal["both", "left", "right"]


def two_rankings(
    study: Study,
    query: str | EncodedText,
    other: Study,
    other_query: str | EncodedText,
    parameters: Bm25Parameters | None = None,
    depth: int = 10,
    pool: int = 1000,
) -> pd.DataFrame:
    """The latents' ranking of a query in a study, beside that of another query or of another study.

    Columns of `aligned`, then relevant_left and relevant_right: judged relevant for the query of that side.
    """
    rankings = [
        one.search(asked, max(depth, pool), parameters=parameters)
        for one, asked in ((study, query), (other, other_query))
    ]
    table = aligned(rankings[0], rankings[1], depth)
    for side, one, asked in (("left", study, query), ("right", other, other_query)):
        text = asked if isinstance(asked, str) else asked.text
        grades = one.qrels.get(query_id_of(one, text) or "", {})
        table[f"relevant_{side}"] = [grades.get(doc_id, 0) > 0 for doc_id in table["doc_id"]]
    return table


def aligned(left: pd.DataFrame, right: pd.DataFrame, depth: int) -> pd.DataFrame:
    """Documents among the first `depth` of either ranking; a document is the same where its id is.

    left, right: doc_id, rank (from 1), title. Columns doc_id, title, left, right (its ranks, <NA> where it is not
    ranked), moved (<NA> where one is), stands: among the first `depth` of "both", or of "left" or "right" alone. In
    the order of the better rank, the left's first.
    """
    both = left[["doc_id", "rank", "title"]].merge(
        right[["doc_id", "rank", "title"]], on="doc_id", how="outer", suffixes=("_left", "_right")
    )
    ranks = both[["rank_left", "rank_right"]].astype("Int64")
    first = (ranks <= depth).fillna(False).astype(bool).to_numpy()
    table = pd.DataFrame(
        {
            "doc_id": both["doc_id"],
            "title": both["title_left"].fillna(both["title_right"]).fillna(""),
            "left": ranks["rank_left"],
            "right": ranks["rank_right"],
            "moved": ranks["rank_left"] - ranks["rank_right"],
            "stands": np.select([first.all(axis=1), first[:, 0]], ["both", "left"], "right"),
        }
    )
    table = table.iloc[np.flatnonzero(first.any(axis=1))]
    beyond = np.iinfo(np.int64).max
    places = table[["left", "right"]].fillna(beyond).astype(np.int64).to_numpy()
    order = np.lexsort((places[:, 0], places.min(axis=1)))
    return table.iloc[order].reset_index(drop=True)


def two_queries(
    study: Study,
    query: EncodedText,
    other_query: EncodedText,
    parameters: Bm25Parameters | None = None,
) -> pd.DataFrame:
    """The latents of two queries in one study: latent, left, right, stands.

    left, right: query term frequency x idf, 0 where the query lacks the latent; falling by the larger of the two.
    """
    first, second = (query_latents(study, one, parameters) for one in (query, other_query))
    both = first[["latent", "strength"]].merge(
        second[["latent", "strength"]], on="latent", how="outer", suffixes=("_left", "_right"), indicator=True
    )
    stands = {"both": "both", "left_only": "left", "right_only": "right"}
    table = pd.DataFrame(
        {
            "latent": both["latent"].astype(np.int64),
            "left": both["strength_left"].fillna(0.0),
            "right": both["strength_right"].fillna(0.0),
            "stands": [stands[str(where)] for where in both["_merge"]],
        }
    )
    order = np.argsort(-table[["left", "right"]].max(axis=1).to_numpy(), kind="stable")
    return table.iloc[order].reset_index(drop=True)

"""How alike two systems rank for the same queries: of whole lists, top-heavy or not.

    overlap@10   |S_10 and T_10| / 10                                                 the lists' first ten
    RBO          X_k / k p^k + (1 - p) / p  sum_{d=1}^{k} X_d / d p^d,  X_d = |S_:d and T_:d|,  p = .9
    tau          Kendall's tau-b over the union of both lists; what a list lacks is tied after its last

Rank-biased overlap (RBO), extrapolated: Webber, Moffat and Zobel 2010, "A similarity measure for indefinite
rankings", ACM TOIS 28(4); p = .9 gives the first ten ranks 86% of the weight. k: length of the shorter
list. 1 is the same list; 0 for overlap and RBO is nothing in common, for tau no relation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.intervals import bootstrap_mean
from data.errors import UserError
from retrieval.run import Run

DEPTH = 100
PERSISTENCE = 0.9
MEASURES = ("overlap@10", "rbo", "kendall_tau")
Documents = NDArray[np.integer[Any]]


def agreement(one: Run, other: Run) -> pd.DataFrame:
    """query_id and MEASURES of each query that both runs answer, in the order of `one`.

    Runs over the same corpus, to any depth. NaN where one of them finds nothing.
    """
    if list(one.document_ids) != list(other.document_ids):
        raise UserError(
            "rankings of different collections cannot be compared: rank the same documents with both"
        )
    rows = {query: row for row, query in enumerate(other.query_ids)}
    table = []
    for row, query in enumerate(one.query_ids):
        if query in rows:
            first, second = one.documents[row], other.documents[rows[query]]
            first, second = first[first >= 0], second[second >= 0]
            measured = overlap(first, second), rank_biased_overlap(first, second), kendall_tau(first, second)
            table.append((query, *measured))
    return pd.DataFrame(table, columns=["query_id", *MEASURES])


def mean_agreement(per_query: pd.DataFrame, n_resamples: int = 1000, seed: int = 0) -> pd.DataFrame:
    """measure, mean, low, high (95%, bootstrap over queries), n_queries, of what `agreement` gives."""
    rows = []
    for measure in MEASURES:
        values = per_query[measure].dropna().to_numpy(np.float64)
        mean = float(values.mean()) if len(values) else float("nan")
        rows.append((measure, mean, *bootstrap_mean(values, n_resamples, seed), len(values)))
    return pd.DataFrame(rows, columns=["measure", "mean", "low", "high", "n_queries"])


def overlap(one: Documents, other: Documents, depth: int = 10) -> float:
    """Share of the first `depth` that both lists have; of the longer list's, where it is shorter than `depth`."""
    longest = min(depth, max(len(one), len(other)))
    return len(np.intersect1d(one[:depth], other[:depth])) / longest if longest else float("nan")


def rank_biased_overlap(one: Documents, other: Documents, persistence: float = PERSISTENCE) -> float:
    """RBO, extrapolated from the shorter list's depth; NaN where a list is empty."""
    k = min(len(one), len(other))
    if k == 0:
        return float("nan")
    _, places, other_places = np.intersect1d(one[:k], other[:k], assume_unique=True, return_indices=True)
    shared = np.cumsum(np.bincount(np.maximum(places, other_places), minlength=k))
    depth = np.arange(1, k + 1)
    seen = (1 - persistence) / persistence * np.sum(shared / depth * persistence**depth)
    return float(shared[-1] / k * persistence**k + seen)


def kendall_tau(one: Documents, other: Documents) -> float:
    """Tau-b over the union of two lists, absent documents tied for last; NaN where it is undefined."""
    from scipy.stats import kendalltau  # half a second to import

    union = np.union1d(one, other)
    if len(union) < 2:
        return float("nan")
    return float(kendalltau(_places(one, union), _places(other, union)).statistic)


def _places(ranking: Documents, documents: Documents) -> NDArray[np.int64]:
    """Place of each of `documents` (rising) in a ranking, len(ranking) where it is absent."""
    places = np.full(len(documents), len(ranking))
    places[np.searchsorted(documents, ranking)] = np.arange(len(ranking))
    return places

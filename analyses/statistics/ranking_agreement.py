"""How similarly two systems rank the documents of the same queries: overlap, rank-biased overlap, Kendall's tau.

    overlap@10   |S_10 and T_10| / 10                                                 the lists' first ten
    RBO          X_k / k p^k + (1 - p) / p  sum_{d=1}^{k} X_d / d p^d,  X_d = |S_:d and T_:d|,  p = .9
    tau          Kendall's tau-b over the union of both lists; documents missing from a list tie after its last

Rank-biased overlap (RBO), extrapolated: Webber, Moffat and Zobel 2010, "A similarity measure for indefinite
rankings", ACM TOIS 28(4); p = .9 gives the first ten ranks 86% of the weight. k: length of the shorter
list. 1 is the same list; 0 for overlap and RBO is nothing in common, for tau no relation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.statistics.intervals import bootstrap_mean
from data.errors import UserError
from retrieval.run import Run

DEPTH = 100
PERSISTENCE = 0.9
MEASURES = ("overlap@10", "rbo", "kendall_tau")
Documents = NDArray[np.integer[Any]]


def agreement(a: Run, b: Run) -> pd.DataFrame:
    """query_id and MEASURES, one row per query that both runs answer, in the order of `a`.

    a, b: runs over the same corpus, to any depth; two corpora are a `UserError`. NaN where a run is empty.
    """
    if list(a.document_ids) != list(b.document_ids):
        raise UserError(
            "rankings of different collections cannot be compared: rank the same documents with both"
        )
    rows = {query: row for row, query in enumerate(b.query_ids)}
    table = []
    for row, query in enumerate(a.query_ids):
        if query in rows:
            first, second = a.documents[row], b.documents[rows[query]]
            first, second = first[first >= 0], second[second >= 0]
            measures = overlap(first, second), rank_biased_overlap(first, second), kendall_tau(first, second)
            table.append((query, *measures))
    return pd.DataFrame(table, columns=["query_id", *MEASURES])


def mean_agreement(per_query: pd.DataFrame, n_resamples: int = 1000, seed: int = 0) -> pd.DataFrame:
    """measure, mean, low, high (95%, bootstrap over queries), n_queries, of a table of `agreement`."""
    rows = []
    for measure in MEASURES:
        values = per_query[measure].dropna().to_numpy(np.float64)
        mean = float(values.mean()) if len(values) else float("nan")
        rows.append((measure, mean, *bootstrap_mean(values, n_resamples, seed), len(values)))
    return pd.DataFrame(rows, columns=["measure", "mean", "low", "high", "n_queries"])


def overlap(a: Documents, b: Documents, depth: int = 10) -> float:
    """|A and B| / max(|A|, |B|) of the first `depth` documents of each list; NaN where both are empty."""
    longest = min(depth, max(len(a), len(b)))
    return len(np.intersect1d(a[:depth], b[:depth])) / longest if longest else float("nan")


def rank_biased_overlap(a: Documents, b: Documents, persistence: float = PERSISTENCE) -> float:
    """RBO, extrapolated from the shorter list's depth; NaN where a list is empty."""
    k = min(len(a), len(b))
    if k == 0:
        return float("nan")
    _, ranks_a, ranks_b = np.intersect1d(a[:k], b[:k], assume_unique=True, return_indices=True)
    shared = np.cumsum(np.bincount(np.maximum(ranks_a, ranks_b), minlength=k))
    depth = np.arange(1, k + 1)
    seen = (1 - persistence) / persistence * np.sum(shared / depth * persistence**depth)
    return float(shared[-1] / k * persistence**k + seen)


def kendall_tau(a: Documents, b: Documents) -> float:
    """Kendall's tau-b over the union of two lists, missing documents tied for last; NaN where it is undefined."""
    from scipy.stats import kendalltau  # half a second to import

    union = np.union1d(a, b)
    if len(union) < 2:
        return float("nan")
    return float(kendalltau(_ranks(a, union), _ranks(b, union)).statistic)


def _ranks(ranking: Documents, documents: Documents) -> NDArray[np.int64]:
    """Rank of each of `documents` (rising) in a ranking, from 0; len(ranking) where it is missing."""
    ranks = np.full(len(documents), len(ranking))
    ranks[np.searchsorted(documents, ranking)] = np.arange(len(ranking))
    return ranks

"""Do latents separate relevant documents from others, before idf weights them?

    P_j(d) = share of documents d' with s_jd' < s_jd, and half of those with s_jd' = s_jd
    discrimination(q, group) = mean over relevant d, and by w_j(q) over the latents j of q in the group, of P_j(d)

s_jd = w_j(d) (k1 + 1) / (w_j(d) + k1 (1 - b + b |d| / avg|d|)), the saturated weight, 0 where j does not fire. P is
the area under the ROC curve of j for one relevant document: .5 is chance, whatever the latent's frequency.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.comparison.judged_queries import Judged
from retrieval.bm25 import term_weight
from retrieval.index import Index, take_or_zero
from retrieval.weighted_index import WeightedIndex


def discrimination(weighted: WeightedIndex, judged: Judged, groups: NDArray[Any]) -> pd.DataFrame:
    """One row per judged query with a relevant document in the corpus, one column per group: NaN without
    latents of it.

    groups: the group of each latent, (n_latents,). Latents that no document holds are left out.
    """
    pairs = relevant_pairs(weighted, judged)
    pairs["part"] = pairs["weight"] * chances(
        weighted, pairs["latent"].to_numpy(), pairs["impact"].to_numpy()
    )
    pairs["group"] = groups[pairs["latent"].to_numpy()]
    sums = pairs.groupby(["query", "group"], sort=True)[["part", "weight"]].sum()
    return (sums["part"] / sums["weight"].where(sums["weight"] > 0)).unstack("group")


def relevant_pairs(weighted: WeightedIndex, judged: Judged) -> pd.DataFrame:
    """One row per relevant document and latent of its query: query, latent, weight w_j(q), impact s_jd."""
    index, counts = weighted.index, judged.counts
    query_weight = term_weight(counts.data, weighted.parameters.phi)
    parts = []
    for query, document in zip(judged.query.tolist(), judged.document.tolist(), strict=True):
        if document >= index.n_docs:
            continue
        entries = np.arange(counts.indptr[query], counts.indptr[query + 1])
        entries = entries[index.document_frequency[counts.indices[entries]] > 0]
        latents = counts.indices[entries].astype(np.int64)
        impact = take_or_zero(weighted.impact, index.positions(document, latents))
        parts.append((np.full(len(latents), query), latents, query_weight[entries], impact))
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)] if parts else [np.zeros(0)] * 4
    query_of, latent, weight, impacts = columns
    return pd.DataFrame(
        {"query": query_of, "latent": latent.astype(np.int64), "weight": weight, "impact": impacts}
    )


def chances(
    weighted: WeightedIndex, latents: NDArray[np.int64], impacts: NDArray[np.floating[Any]]
) -> NDArray[np.float64]:
    """P_j of each pair of a latent and an impact, over all documents; float64 (n_pairs,)."""
    index, probability = weighted.index, np.empty(len(latents))
    order = np.argsort(latents, kind="stable")
    distinct, first = np.unique(latents[order], return_index=True)
    for latent, rows in zip(distinct.tolist(), np.split(order, first[1:]), strict=True):
        probability[rows] = _below(index, weighted.impact, latent, impacts[rows])
    return probability


def _below(
    index: Index, impact: NDArray[np.float32], latent: int, values: NDArray[np.floating[Any]]
) -> NDArray[np.float64]:
    held = np.sort(impact[int(index.indptr[latent]) : int(index.indptr[latent + 1])])
    absent = index.n_docs - len(held)
    below = np.searchsorted(held, values, "left") + np.where(values > 0, absent, 0)
    equal = np.searchsorted(held, values, "right") - np.searchsorted(held, values, "left")
    equal = equal + np.where(values > 0, 0, absent)
    return (below + equal / 2) / index.n_docs

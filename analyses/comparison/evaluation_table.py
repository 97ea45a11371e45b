"""How well the systems of a study retrieve, with the uncertainty that the number of queries leaves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from retrieval.study import Study
from retrieval.systems import COSINE, own_system


def evaluation_table(
    study: Study, baseline: str | None = None, n_resamples: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """`summarise` of the study's per-query measures; empty where the collection has no judgements.

    baseline: what wins and losses are counted against; None for the encoder's own score.
    """
    return summarise(study.per_query, baseline or own_system(study).name, n_resamples, seed)


def summarise(
    per_query: pd.DataFrame, baseline: str = COSINE.name, n_resamples: int = 1000, seed: int = 0
) -> pd.DataFrame:
    """Mean of each system and measure, and its 95% percentile bootstrap interval over queries.

    per_query: columns query_id, system, and one a measure. Gives system, measure, mean, low, high, n_queries,
    wins and losses: queries on which the system is above and below `baseline`. The queries are resampled
    alike for all systems (paired), from `seed`.
    """
    columns = ["system", "measure", "mean", "low", "high", "n_queries", "wins", "losses"]
    if per_query.empty:
        return pd.DataFrame(columns=columns)
    measures = [column for column in per_query.columns if column not in ("query_id", "system")]
    systems = list(dict.fromkeys(per_query["system"]))
    rows = []
    for measure in measures:
        values = per_query.pivot(index="query_id", columns="system", values=measure)
        resampled = _resampled_means(values[systems].to_numpy(np.float64), n_resamples, seed)
        low, high = np.quantile(resampled, [0.025, 0.975], axis=0)
        for i, system in enumerate(systems):
            difference = values[system] - values[baseline] if baseline in systems else values[system] * 0
            won, lost = int((difference > 1e-9).sum()), int((difference < -1e-9).sum())
            interval = float(low[i]), float(high[i])
            rows.append((system, measure, float(values[system].mean()), *interval, len(values), won, lost))
    return pd.DataFrame(rows, columns=columns)


def ordered_measures(measures: Sequence[str]) -> list[str]:
    """Measures in the order people read them; unknown ones last, as they come."""
    known = ["nDCG@10", "MRR@10", "R@10", "R@100", "R@1000"]
    return [m for m in known if m in measures] + [m for m in measures if m not in known]


def _resampled_means(values: np.ndarray, n_resamples: int, seed: int) -> np.ndarray:
    """Means over resampled queries, (n_resamples, n_systems), of values (n_queries, n_systems)."""
    n_queries = len(values)
    counts = np.random.default_rng(seed).multinomial(
        n_queries, np.full(n_queries, 1 / n_queries), n_resamples
    )
    # a column at a time: what stands beside a system changes no bit of its interval
    return np.stack([counts @ column for column in values.T], axis=1) / n_queries

"""Evaluation tables: means are means, intervals hold them, and comparisons are paired."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analyses.comparison.evaluation_table import ordered_measures, summarise


def per_query(n_queries: int = 200) -> pd.DataFrame:
    cosine = np.random.default_rng(1).random(n_queries)
    tables = [
        pd.DataFrame({"query_id": [f"q{i}" for i in range(n_queries)], "nDCG@10": values, "system": system})
        for system, values in {"latent": cosine + 0.01, "cosine": cosine, "bm25": cosine[::-1]}.items()
    ]
    return pd.concat(tables, ignore_index=True)


def test_means_and_intervals() -> None:
    rows = per_query()
    table = summarise(rows).set_index("system")
    means = rows.groupby("system")["nDCG@10"].mean()
    for system, row in table.iterrows():
        assert row["mean"] == pytest.approx(means[system])
        assert row["low"] < row["mean"] < row["high"]
    # a uniform variable's mean over 200 queries: 2 * 1.96 * sqrt(1 / 12 / 200)
    assert table.loc["cosine", "high"] - table.loc["cosine", "low"] == pytest.approx(0.08, rel=0.15)


def test_queries_are_resampled_alike_for_all_systems() -> None:
    table = summarise(per_query()).set_index("system")
    assert table.loc["latent", "low"] - table.loc["cosine", "low"] == pytest.approx(0.01)


def test_wins_are_counted_query_by_query() -> None:
    table = summarise(per_query()).set_index("system")
    assert (table.loc["latent", "wins"], table.loc["latent", "losses"]) == (200, 0)
    assert table.loc["bm25", "wins"] == table.loc["bm25", "losses"]
    assert (table.loc["cosine", "wins"], table.loc["cosine", "losses"]) == (0, 0)


def test_a_seed_gives_the_same_interval() -> None:
    rows = per_query()
    pd.testing.assert_frame_equal(summarise(rows, seed=3), summarise(rows, seed=3))
    assert not summarise(rows, seed=3).equals(summarise(rows, seed=4))


def test_nothing_judged_gives_an_empty_table() -> None:
    assert summarise(pd.DataFrame()).empty


def test_measures_in_reading_order() -> None:
    assert ordered_measures(["R@100", "P@1", "nDCG@10"]) == ["nDCG@10", "R@100", "P@1"]

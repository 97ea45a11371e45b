"""The tables of a paper, from measures of single queries: means, intervals over queries, spread over seeds, tests.

What comes in is tidy: a row a query of each measurement, with the measurement's labels and a column a measure. A
system with several seeds is, for each query, the mean over its seeds; the spread over seeds is told apart from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analyses.statistics.intervals import bootstrap_mean
from analyses.statistics.significance import holm, paired_randomisation
from retrieval.systems import SYSTEMS

SYSTEM = ["system", "encoder", "sae", "control"]
OWN_SCORES = [one.name for one in SYSTEMS.values() if one.is_encoders_own]
EQUAL = 1e-9  # a difference this small is a tie


def mean_over_seeds(measured: pd.DataFrame, by: Sequence[str], measure: str) -> pd.DataFrame:
    """The columns `by`, mean, low, high, n_queries, n_seeds, seed_sd, lowest and highest, in order of appearance.

    low, high: 95% bootstrap over queries, of each query's mean over seeds. seed_sd: standard deviation over
    seeds of the mean over queries, NaN for one seed; lowest, highest: of these means.
    """
    rows = []
    for names, part in measured.groupby(list(by), sort=False, dropna=False):
        per_query = part.groupby("query_id", sort=False)[measure].mean().to_numpy(np.float64)
        per_seed = part.groupby("seed", sort=False)[measure].mean().to_numpy(np.float64)
        low, high = bootstrap_mean(per_query)
        spread = float(per_seed.std(ddof=1)) if len(per_seed) > 1 else float("nan")
        sizes = len(per_query), len(per_seed)
        over_seeds = spread, float(per_seed.min()), float(per_seed.max())
        rows.append((*names, float(per_query.mean()), low, high, *sizes, *over_seeds))
    columns = [*by, "mean", "low", "high", "n_queries", "n_seeds", "seed_sd", "lowest", "highest"]
    return pd.DataFrame(rows, columns=columns)


def retrieval_table(measured: pd.DataFrame, measure: str = "nDCG@10") -> pd.DataFrame:
    """Collections x systems: `mean_over_seeds` by collection and SYSTEM, compared with the encoder's own score.

    own: that score, cosine or maxsim. versus_own: mean difference, with versus_low and versus_high (95%, bootstrap
    over queries), wins and losses (queries above and below), p (paired randomisation test over queries) and
    p_holm, Holm's correction over all comparisons of a collection. Empty for these scores themselves; BM25 is
    compared with the first encoder's.
    """
    table = mean_over_seeds(measured, ["collection", *SYSTEM], measure)
    compared = []
    for row in table.to_dict("records"):
        part = measured[measured["collection"] == row["collection"]]
        scores = part[part["system"].isin(OWN_SCORES)]
        own = (
            scores[scores["encoder"] == row["encoder"]]
            if row["encoder"]
            else scores[~scores["control"].astype(bool)]
        )
        own = own[own["encoder"] == own["encoder"].iloc[0]] if len(own) else own
        mine = part[np.logical_and.reduce([part[name] == row[name] for name in SYSTEM])]
        itself = row["system"] in OWN_SCORES
        compared.append(
            {} if itself or own.empty else {"own": own["system"].iloc[0], **_compared(mine, own, measure)}
        )
    columns = ["own", "versus_own", "versus_low", "versus_high", "wins", "losses", "p"]
    table = pd.concat([table, pd.DataFrame(compared, columns=columns, index=table.index)], axis=1)
    table["p_holm"] = table.groupby("collection", sort=False)["p"].transform(holm)
    return table


def difference_table(
    measured: pd.DataFrame, by: Sequence[str], column: str, one: Any, other: Any, measure: str = "nDCG@10"
) -> pd.DataFrame:
    """Whether `one` value of a column does better than the `other`, all else in `by` being equal, query by query.

    by..., mean (of `one`), other_mean, difference, low, high, wins, losses, p, p_holm (over the rows), n_queries,
    n_seeds, seed_low, seed_high: the smallest and largest difference of a single seed.
    """
    rows = []
    for names, part in measured.groupby(list(by), sort=False, dropna=False):
        mine, theirs = part[part[column] == one], part[part[column] == other]
        seeds = [
            float(mine[mine["seed"] == seed][measure].mean() - theirs[theirs["seed"] == seed][measure].mean())
            for seed in mine["seed"].unique()
        ]
        compared = _compared(mine, theirs, measure)
        rows.append(
            dict(zip(by, names, strict=True))
            | {"mean": float(mine[measure].mean()), "other_mean": float(theirs[measure].mean())}
            | {
                name.replace("versus_own", "difference").replace("versus_", ""): v
                for name, v in compared.items()
            }
            | {"n_queries": mine["query_id"].nunique(), "n_seeds": len(seeds)}
            | {"seed_low": min(seeds), "seed_high": max(seeds)}
        )
    table = pd.DataFrame(rows)
    table["p_holm"] = holm(table["p"])
    return table


def _compared(mine: pd.DataFrame, own: pd.DataFrame, measure: str) -> dict[str, float]:
    """Differences of two systems over the queries of both, each query's mean over seeds."""
    averages = [part.groupby("query_id", sort=False)[measure].mean() for part in (mine, own)]
    difference = (averages[0] - averages[1]).dropna().to_numpy(np.float64)
    low, high = bootstrap_mean(difference)
    return {
        "versus_own": float(difference.mean()),
        "versus_low": low,
        "versus_high": high,
        "wins": int((difference > EQUAL).sum()),
        "losses": int((difference < -EQUAL).sum()),
        "p": paired_randomisation(difference),
    }

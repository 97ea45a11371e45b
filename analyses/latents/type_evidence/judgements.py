"""Human judgements of latents' types, kept in a study's notes.sqlite, and the rule's agreement with them.

    judgements(sae, latent, type, judge, time)      one per judge and latent, a later one in place of an earlier

Two tabs or two processes may write at once; rows belong to one SAE's latents: see notes_file.

Agreement is Cohen's kappa (Cohen 1960), (p_o - p_e) / (1 - p_e), with a percentile bootstrap interval.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.labels.notes_file import check_latent, read, sae_of, writing
from analyses.latents.types import KINDS
from data.errors import UserError
from retrieval.study import Study

UNSURE = "unsure"
ANSWERS = (*KINDS, UNSURE)
SCHEMA = """create table if not exists judgements (
    sae text not null, latent integer not null, type text not null, judge text not null, time real not null,
    primary key (sae, latent, judge))"""


@dataclass(frozen=True)
class Agreement:
    """kappa with its 95% interval, the share of equal types, n_judged, and n_unsure left out.

    kappa is NaN where all are of one type for both, the interval where fewer than two are judged.
    """

    kappa: float
    low: float
    high: float
    equal: float
    n_judged: int
    n_unsure: int


def judge_latent(study: Study, latent: int, type_: str, judge: str) -> None:
    """Keep the judgement of `latent` by `judge`, one of ANSWERS; anything else is a `UserError`."""
    if type_ not in ANSWERS:
        raise UserError(f'"{type_}" is no type of a latent: expected one of {", ".join(ANSWERS)}')
    check_latent(study, latent)
    if not judge.strip():
        raise UserError("the judge has no name: expected a name, by which judgements are kept")
    with writing(study, SCHEMA) as notes:
        notes.execute(
            "insert into judgements values (?, ?, ?, ?, ?) on conflict (sae, latent, judge) "
            "do update set type = excluded.type, time = excluded.time",
            (sae_of(study), latent, type_, judge.strip(), time.time()),
        )


def withdraw(study: Study, latent: int, judge: str) -> None:
    """Delete the judgement of `latent` by `judge`."""
    with writing(study, SCHEMA) as notes:
        notes.execute(
            "delete from judgements where sae = ? and latent = ? and judge = ?",
            (sae_of(study), latent, judge.strip()),
        )


def judgements(study: Study) -> pd.DataFrame:
    """Judgements of this SAE's latents in the order they were made: latent, type, judge, time (Unix, seconds)."""
    columns = ["latent", "type", "judge", "time"]
    rows = read(
        study,
        f"select {', '.join(columns)} from judgements where sae = ? order by time, latent",
        (sae_of(study),),
    )
    return pd.DataFrame(rows, columns=columns)


def agreement(
    judged: pd.DataFrame,
    types: NDArray[np.str_],
    strata: NDArray[np.str_],
    *,
    n_resamples: int = 2000,
    seed: int = 0,
) -> Agreement:
    """Agreement of the rule's `types` with one judge's, as an estimate for all latents that have a type.

    judged: latent, type. types: of all latents, or kinds, (n_latents,). strata: of all latents, the strata of the
    sample: each judgement has the weight of its stratum's latents per judged one, so that a sample of equally
    many of each type is not taken for the vocabulary. The bootstrap draws anew within the strata. Judgements
    of latents that the rule gives no type are left out, as unsure ones are.
    """
    latents = judged["latent"].to_numpy(np.int64)
    answers = judged["type"].to_numpy(np.str_)
    counts = np.isin(answers, KINDS) & np.isin(types[latents], KINDS)
    latents, answers = latents[counts], answers[counts]
    n_unsure = int((judged["type"] == UNSURE).sum())
    if not len(latents):
        nan = float("nan")
        return Agreement(nan, nan, nan, nan, 0, n_unsure)
    weights, resampled = np.zeros(len(latents)), np.zeros((n_resamples, len(latents)))
    generator = np.random.default_rng(seed)
    for stratum in np.unique(strata[latents]):
        rows = np.flatnonzero(strata[latents] == stratum)
        weights[rows] = (strata == stratum).sum() / len(rows)
        drawn = generator.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), n_resamples)
        resampled[:, rows] = drawn * weights[rows]
    rule = types[latents]
    spread = cohen_kappa(rule, answers, resampled)
    spread = spread[~np.isnan(spread)]
    low, high = np.quantile(spread, [0.025, 0.975]) if len(latents) > 1 and len(spread) else (np.nan, np.nan)
    return Agreement(
        float(cohen_kappa(rule, answers, weights[None])[0]),
        float(low),
        float(high),
        float(weights[rule == answers].sum() / weights.sum()),
        len(latents),
        n_unsure,
    )


def cohen_kappa(
    a: NDArray[np.str_], b: NDArray[np.str_], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(p_o - p_e) / (1 - p_e), p_e from both raters' own shares of each type; a row of weights, a kappa.

    a, b: (n,) the two raters' types; weights: (n_resamples, n). NaN where p_e = 1. Cohen 1960.
    """
    names = np.union1d(a, b)
    parts = weights / weights.sum(axis=1, keepdims=True)
    observed = parts @ (a == b)
    expected = ((parts @ (a[:, None] == names)) * (parts @ (b[:, None] == names))).sum(axis=1)
    certain = expected > 1 - 1e-12
    return np.where(certain, np.nan, (observed - expected) / np.where(certain, 1.0, 1 - expected))

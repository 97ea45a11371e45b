"""The nDCG@10 that all judged queries lose without some latents, beside latents that contribute as much.

    query    the latents are removed from every query; documents, |d| and idf stay
    index    the latents are not counted in documents; with `keep_length` they only score nothing, as with `query`

The control removes other latents, drawn at random until together they contribute as much to the retrieved
documents, summed over queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analyses.comparison.judged_queries import DEPTH, Judged, judged_queries
from analyses.interventions.edited_index import Intervention, check
from analyses.interventions.effect import matched_controls
from analyses.interventions.pruning_effect import ndcg_with, ndcg_with_all, weighted_without
from analyses.statistics.intervals import bootstrap_mean
from analyses.statistics.significance import paired_randomisation
from data.notebook_html import panel
from data.progress import StepProgress
from retrieval.bm25 import Bm25Parameters
from retrieval.search import contribution_table
from retrieval.study import Study

Where = Literal["query", "index"]


@dataclass(frozen=True, eq=False)
class Ablation:
    """nDCG@10 without some latents, over n_queries judged queries.

    before, after: means. change: mean of after - before, query by query, with its 95% bootstrap interval low, high,
    and p of a paired randomisation test. n_using: queries that have one of the latents. share: of all queries'
    contributions, the part of these latents. controls: the mean change of each draw of latents that contribute
    as much, (n_draws,); empty where there is no match.
    """

    latents: tuple[int, ...]
    where: Where
    n_queries: int
    n_using: int
    before: float
    after: float
    change: float
    low: float
    high: float
    p: float
    share: float
    controls: NDArray[np.float64]

    @property
    def control_interval(self) -> tuple[float, float]:
        """The middle 95% of the controls' changes; NaN where there are none."""
        if not len(self.controls):
            return float("nan"), float("nan")
        low, high = np.quantile(self.controls, [0.025, 0.975])
        return float(low), float(high)

    def to_dict(self) -> dict[str, Any]:
        """The ablation as JSON can hold it."""
        numbers = {name: value for name, value in vars(self).items() if name not in ("latents", "controls")}
        low, high = self.control_interval
        has = bool(len(self.controls))
        return {
            "latents": list(self.latents),
            **numbers,
            "control": {
                "draws": self.controls.tolist(),
                "mean": float(self.controls.mean()) if has else None,
                "low": low if has else None,
                "high": high if has else None,
            },
        }

    def _repr_html_(self) -> str:
        low, high = self.control_interval
        facts = {"nDCG@10 before": self.before, "after": self.after, "judged queries": self.n_queries}
        notes = [
            f"Change {self.change:+.4f} (95% {self.low:+.4f} to {self.high:+.4f}, p {self.p:.3g}); "
            f"{len(self.controls)} random sets that contribute as much: {low:+.4f} to {high:+.4f}."
        ]
        return panel(f"Without {len(self.latents)} latents, from every {self.where}", facts, notes=notes)


def ablate(
    study: Study,
    latents: Sequence[int],
    where: Where = "index",
    keep_length: bool = False,
    parameters: Bm25Parameters | None = None,
    judged: Judged | None = None,
    contributed: NDArray[np.float64] | None = None,
    n_controls: int = 10,
    seed: int = 0,
    progress: StepProgress | None = None,
) -> Ablation:
    """Remove latents from every query, or from the whole index, and measure nDCG@10; unknown latents are a
    `UserError`.

    judged: the queries (None: all that are judged). contributed: `contributions_of_all` of these queries, if known.
    progress: rankings of all queries done, of all.
    """
    parameters = parameters or Bm25Parameters()
    check(study, [Intervention(tuple(latents))])
    judged = judged or judged_queries(study)
    chosen = np.unique(np.asarray(latents, np.int64))
    scores_only = where == "query" or keep_length
    if contributed is None:
        contributed = contributions_of_all(study, judged, parameters)
    touched = np.zeros(study.n_latents, bool)
    touched[chosen] = True
    drawn = matched_controls(contributed, touched, n_controls, seed)
    before = ndcg_with_all(study, judged, parameters)
    changes = []
    for done, removed in enumerate([chosen, *drawn]):
        if progress:
            progress(done, 1 + len(drawn))
        changes.append(_ndcg_without(study, judged, removed, parameters, scores_only) - before)
    change = changes[0]
    return Ablation(
        tuple(chosen.tolist()),
        where,
        len(judged),
        _using(judged.counts, touched),
        float(before.mean()),
        float((before + change).mean()),
        float(change.mean()),
        *bootstrap_mean(change),
        paired_randomisation(change),
        float(contributed[chosen].sum() / max(contributed.sum(), 1e-12)),
        np.array([float(control.mean()) for control in changes[1:]]),
    )


def contributions_of_all(study: Study, judged: Judged, parameters: Bm25Parameters) -> NDArray[np.float64]:
    """sum_q sum_{d in top 10} c_jd of each latent over the judged queries, float64 (n_latents,)."""
    index, total = study.weighted(parameters), np.zeros(study.n_latents)
    ranked = judged.run(index).documents
    for row in range(len(judged)):
        query = judged.counts[[row]]
        documents = ranked[row][ranked[row] >= 0][:DEPTH]
        total[query.indices] += contribution_table(index, query, documents).sum(axis=1)
    return total


def ablation_table(ablations: Sequence[Ablation]) -> pd.DataFrame:
    """One row per ablation, without its draws: latents as text, and the control's mean and middle 95%."""
    rows = []
    for one in ablations:
        low, high = one.control_interval
        numbers = {name: value for name, value in vars(one).items() if name not in ("latents", "controls")}
        control = float(one.controls.mean()) if len(one.controls) else float("nan")
        row = {"latents": " ".join(map(str, one.latents)), **numbers}
        rows.append({**row, "control": control, "control_low": low, "control_high": high})
    return pd.DataFrame(rows)


def _ndcg_without(
    study: Study, judged: Judged, latents: NDArray[np.int64], parameters: Bm25Parameters, scores_only: bool
) -> NDArray[np.float64]:
    if not scores_only:
        return judged.ndcg(judged.run(weighted_without(study.index, latents, parameters)).documents)
    kept = np.ones(study.n_latents, bool)
    kept[latents] = False
    return ndcg_with(study, judged, parameters, kept)


def _using(counts: csr_array, touched: NDArray[np.bool_]) -> int:
    """Rows that hold one of the touched columns."""
    owners = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    return len(np.unique(owners[touched[counts.indices]]))

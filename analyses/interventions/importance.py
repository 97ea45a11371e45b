"""Importance of latents: the nDCG@10 that is lost when a latent is removed from every query, exactly.

    lost_j = mean over queries of nDCG@10(q) - nDCG@10(q without j)

Only queries change: documents, |d| and idf stay. Families (all latents of one type) are removed, or kept alone, in
the same way, beside random families of the queries' latents that contribute as much to the retrieved documents.

Some latents help and some hurt by chance alone: `chance` says how many, and which go beyond that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analyses.comparison.judged_queries import Judged, judged_queries
from analyses.interventions.ablation import contributions_of_all
from analyses.interventions.chance import Chance, beside_chance, chance_table
from analyses.interventions.effect import matched_controls
from analyses.interventions.latent_losses import Lost
from analyses.interventions.latent_losses import lost_by_latent as lost_by_latent
from analyses.interventions.pruning_effect import ndcg_with
from analyses.latents.frequency_bands import frequency_bands
from analyses.latents.latent_table import vocabulary_table
from analyses.latents.types import TYPES, kept_types
from analyses.statistics.intervals import bootstrap_mean
from analyses.statistics.significance import paired_randomisation
from data.progress import Progress
from retrieval.bm25 import Bm25Parameters, Idf
from retrieval.stored_tables import is_kept, read_kept, write_kept
from retrieval.study import Study

FORMAT = 1
FILES = ("latents", "families", "chance")
N_CONTROLS, N_RESAMPLES = 10, 1000
TINY = 1e-12


@dataclass(frozen=True, eq=False)
class Importance:
    """Importance of each latent and of each type, over n_queries judged queries of mean nDCG@10 `ndcg`.

    latents: one row per latent of some judged query, the largest loss first. latent, label, type, band,
    document_frequency; contribution, the latent's share of all contributions to the first ten documents;
    n_queries that have the latent; lost, mean over all judged queries, with its 95% bootstrap interval low,
    high; helped and hurt, queries whose nDCG falls and rises without the latent; p_adjusted, by sign flips over
    queries with all latents looked at, and beyond_chance, whether it is below chance.LEVEL. families: family (a
    type), kept ("without" the type or the type "alone"), n_latents, share, ndcg, change, low, high, p; control,
    control_low, control_high: mean and middle 95% of random families' changes, NaN without a match. chance: None,
    with p_adjusted NaN, in a study that was measured before these were.
    """

    latents: pd.DataFrame
    families: pd.DataFrame
    n_queries: int
    ndcg: float
    chance: Chance | None = None

    def to_dict(self) -> dict[str, Any]:
        """The tables as JSON can hold them, a missing number as None."""
        return {
            "n_queries": self.n_queries,
            "ndcg": self.ndcg,
            "chance": asdict(self.chance) if self.chance else None,
            **{
                name: table.astype(object).where(table.notna(), None).to_dict("records")
                for name, table in (("latents", self.latents), ("families", self.families))
            },
        }


def importance(study: Study, idf: Idf = "clipped") -> Importance | None:
    """The tables that `write_importance` kept; None before that."""
    tables = [read_kept(_path(study, name, idf), _facts(study)) for name in ("latents", "families")]
    latents, families = tables
    if latents is None or families is None:
        return None
    whole = families[families["family"] == "all"].iloc[0]
    names = vocabulary_table(study).set_index("latent")["label"]  # the user's label may be newer
    latents = latents.assign(label=names.reindex(latents["latent"]).to_numpy())
    latents, chance = beside_chance(latents, read_kept(_path(study, "chance", idf), _facts(study)))
    return Importance(
        latents, families[families["family"] != "all"], int(whole["n_queries"]), float(whole["ndcg"]), chance
    )


def importance_is_kept(study: Study, idf: Idf = "clipped") -> bool:
    """Whether the study keeps all that `write_importance` measures."""
    return all(is_kept(_path(study, name, idf), _facts(study)) for name in FILES)


def write_importance(study: Study, idf: Idf = "clipped", progress: Progress | None = None) -> None:
    """Measure every latent and every family, and keep them in the study; returns at once where they are kept."""
    if importance_is_kept(study, idf):
        return
    judged, parameters = judged_queries(study), Bm25Parameters(idf=idf)
    lost = lost_by_latent(study, judged, parameters, progress)
    if importance(study, idf) is None:
        contributed = contributions_of_all(study, judged, parameters)
        types = kept_types(study)
        latents = _latent_table(study, judged, lost, contributed, types)
        families = _family_table(study, judged, parameters, contributed, types, progress)
        write_kept(_path(study, "latents", idf), latents, _facts(study))
        write_kept(_path(study, "families", idf), families, _facts(study))
    write_kept(_path(study, "chance", idf), chance_table(study.n_latents, len(judged), lost), _facts(study))


def by_group(latents: pd.DataFrame, column: str) -> pd.DataFrame:
    """Sums over the latents of each type, or band, of what each loses alone: `column`, n_latents, lost,
    contribution.

    helping, hurting: latents without which nDCG@10 falls, and rises, at all.
    """
    grouped = latents.groupby(column, sort=False)
    table = pd.DataFrame(
        {
            "n_latents": grouped.size(),
            "lost": grouped["lost"].sum(),
            "contribution": grouped["contribution"].sum(),
            "helping": grouped["lost"].agg(lambda lost: int((lost > TINY).sum())),
            "hurting": grouped["lost"].agg(lambda lost: int((lost < -TINY).sum())),
        }
    )
    return table.reset_index()


def _latent_table(
    study: Study, judged: Judged, lost: Lost, contributed: NDArray[np.float64], types: pd.Series
) -> pd.DataFrame:
    n, n_latents = len(judged), study.n_latents
    losses = csr_array((lost.lost, (lost.query, lost.latent)), shape=(n, n_latents))
    drawn = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), N_RESAMPLES)
    chosen = np.unique(lost.latent)
    resampled = (losses[:, chosen].T @ drawn.T) / n
    low, high = np.quantile(resampled, [0.025, 0.975], axis=1)
    n_queries, helped, hurt = (
        np.bincount(lost.latent[which], minlength=n_latents)[chosen]
        for which in (slice(None), lost.lost > TINY, lost.lost < -TINY)
    )
    table = pd.DataFrame(
        {
            "latent": chosen,
            "n_queries": n_queries,
            "lost": losses.sum(axis=0)[chosen] / n,
            "low": low,
            "high": high,
            "helped": helped,
            "hurt": hurt,
        }
    )
    vocabulary = vocabulary_table(study)
    frequency = vocabulary["document_frequency"].to_numpy()
    table.insert(1, "label", vocabulary["label"].to_numpy()[chosen])
    table.insert(2, "type", types.to_numpy()[chosen] if len(types) else "")
    table.insert(3, "band", frequency_bands(frequency, study.index.n_docs)[chosen])
    table.insert(4, "document_frequency", frequency[chosen])
    table.insert(5, "contribution", contributed[chosen] / max(contributed.sum(), 1e-12))
    return table.sort_values("lost", ascending=False, kind="stable", ignore_index=True)


def _family_table(
    study: Study,
    judged: Judged,
    parameters: Bm25Parameters,
    contributed: NDArray[np.float64],
    types: pd.Series,
    progress: Progress | None,
) -> pd.DataFrame:
    """nDCG@10 without each type, and with each type alone, beside random families."""
    whole = ndcg_with(study, judged, parameters, np.ones(study.n_latents, bool))
    rows: list[dict[str, Any]] = [
        {"family": "all", "kept": "", "n_queries": len(judged), "ndcg": float(whole.mean())}
    ]
    type_of = types.to_numpy() if len(types) else np.full(study.n_latents, "")
    names = [name for name in TYPES if (type_of == name).any()]
    for done, name in enumerate(names):
        if progress:
            progress("Rank by families", done, len(names))
        family = type_of == name
        share = {
            "n_latents": int((family & (contributed > 0)).sum()),
            "share": float(contributed[family].sum() / max(contributed.sum(), 1e-12)),
            "n_queries": len(judged),
        }
        drawn = [
            _mask(latents, study.n_latents) for latents in matched_controls(contributed, family, N_CONTROLS)
        ]
        for kept in ("without", "alone"):
            change, *controls = (
                ndcg_with(study, judged, parameters, ~latents if kept == "without" else latents) - whole
                for latents in (family, *drawn)
            )
            rows.append({"family": name, "kept": kept, **share, **_family_row(whole, change, controls)})
    if progress:
        progress("Rank by families", len(names), max(len(names), 1))
    return pd.DataFrame(rows)


def _family_row(
    whole: NDArray[np.float64], change: NDArray[np.float64], controls: Sequence[NDArray[np.float64]]
) -> dict[str, float]:
    """ndcg, change with its interval and p, and the controls' mean and middle 95%; from values per query."""
    low, high = bootstrap_mean(change)
    means = np.array([float(control.mean()) for control in controls])
    control_low, control_high = np.quantile(means, [0.025, 0.975]) if len(means) else (np.nan, np.nan)
    return {
        "ndcg": float((whole + change).mean()),
        "change": float(change.mean()),
        "low": low,
        "high": high,
        "p": paired_randomisation(change),
        "control": float(means.mean()) if len(means) else np.nan,
        "control_low": float(control_low),
        "control_high": float(control_high),
    }


def _mask(latents: NDArray[np.int64], n_latents: int) -> NDArray[np.bool_]:
    chosen = np.zeros(n_latents, bool)
    chosen[latents] = True
    return chosen


def _path(study: Study, name: str, idf: Idf) -> Any:
    return study.path / f"carriers-{name}-{idf}.parquet"


def _facts(study: Study) -> dict[str, Any]:
    return {"format": FORMAT, "study": study.manifest["fingerprint"], "n_latents": study.n_latents}

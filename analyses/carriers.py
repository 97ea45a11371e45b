"""Which latents carry the collection: what nDCG@10 loses when each is taken out of every query, exactly.

    lost_j = mean over queries of nDCG@10(q) - nDCG@10(q without j)

Only queries change: documents, |d| and idf stay, so a query without j loses exactly c_jd on every document d. For
each query its columns are weighed once; without j the relevant documents' ranks are counted again, and nDCG@10
follows from ranks alone. Families (all latents of one type) are taken out, or left alone, in the same way, beside
random families of the queries' latents that contribute as much to the documents that all queries find.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analyses.ablation import contributions_of_all
from analyses.dictionary import kept_types
from analyses.intervals import bootstrap_mean
from analyses.interventions import matched_controls
from analyses.judged import DEPTH, Judged, judged_queries
from analyses.kept import read_kept, write_kept
from analyses.recurrence import frequency_bands
from analyses.significance import paired_randomisation
from analyses.types import TYPES
from analyses.vocabulary import vocabulary_table
from retrieval.bm25 import Bm25Parameters, Idf
from retrieval.columns import query_columns
from retrieval.kernels import in_threads, kernel
from retrieval.study import Study

Progress = Callable[[str, int, int], None]
FORMAT = 1
N_CONTROLS, N_RESAMPLES = 10, 1000
TINY = 1e-12
STAGE = "Rank without each latent"


@dataclass(frozen=True, eq=False)
class Carriers:
    """What each latent and each type carries, over n_queries judged queries of mean nDCG@10 `ndcg`.

    latents: a row a latent that some judged query has, the largest loss first. latent, label, type, band,
    document_frequency; contribution, its share of what all latents give the first ten documents; n_queries that
    have it; lost, mean over all judged queries, with its 95% bootstrap interval low, high; helped and hurt, queries
    whose nDCG falls and rises without it.
    families: family (a type), kept ("without" it or it "alone"), n_latents, share, ndcg, change, low, high, p;
    control, control_low, control_high: mean and middle 95% of random families' changes, NaN without a match.
    """

    latents: pd.DataFrame
    families: pd.DataFrame
    n_queries: int
    ndcg: float

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it, a missing number as None."""
        return {
            "n_queries": self.n_queries,
            "ndcg": self.ndcg,
            **{
                name: table.astype(object).where(table.notna(), None).to_dict("records")
                for name, table in (("latents", self.latents), ("families", self.families))
            },
        }


def carriers(study: Study, idf: Idf = "clipped") -> Carriers | None:
    """What `write_carriers` kept; None where it has not been measured."""
    tables = [read_kept(_path(study, name, idf), _facts(study)) for name in ("latents", "families")]
    latents, families = tables
    if latents is None or families is None:
        return None
    whole = families[families["family"] == "all"].iloc[0]
    names = vocabulary_table(study).set_index("latent")["label"]  # a reader's own label may be newer
    latents = latents.assign(label=names.reindex(latents["latent"]).to_numpy())
    return Carriers(
        latents, families[families["family"] != "all"], int(whole["n_queries"]), float(whole["ndcg"])
    )


def write_carriers(study: Study, idf: Idf = "clipped", progress: Progress | None = None) -> None:
    """Measure every latent and every family, and keep them in the study; returns at once where they are kept."""
    if carriers(study, idf) is not None:
        return
    judged, parameters = judged_queries(study), Bm25Parameters(idf=idf)
    lost = lost_by_latent(study, judged, parameters, progress)
    contributed = contributions_of_all(study, judged, parameters)
    types = kept_types(study)
    latents = _latent_table(study, judged, lost, contributed, types)
    families = _family_table(study, judged, parameters, contributed, types, progress)
    write_kept(_path(study, "latents", idf), latents, _facts(study))
    write_kept(_path(study, "families", idf), families, _facts(study))


@dataclass(frozen=True, eq=False)
class Lost:
    """What a query loses without one of its latents: query, latent, lost, a row a pair, by query.

    ndcg: of each query with all its latents, (n_queries,).
    """

    query: NDArray[np.int64]
    latent: NDArray[np.int64]
    lost: NDArray[np.float64]
    ndcg: NDArray[np.float64]


def lost_by_latent(
    study: Study, judged: Judged, parameters: Bm25Parameters, progress: Progress | None = None
) -> Lost:
    """nDCG@10 that each judged query loses without each of its latents, exactly."""
    lost = np.zeros(judged.counts.nnz)
    ndcg = np.zeros(len(judged))
    best = _ideal(judged)
    owners = np.repeat(np.arange(len(judged)), np.diff(judged.counts.indptr))
    for row in range(len(judged)):
        entries = slice(int(judged.counts.indptr[row]), int(judged.counts.indptr[row + 1]))
        mine = judged.query == row
        documents, grades = judged.document[mine], judged.grade[mine]
        found = documents < judged.n_docs
        if best[row] > 0 and found.any() and entries.stop > entries.start:
            columns = query_columns(study.index, judged.counts[[row]], parameters)
            whole = np.ones(len(columns), np.float32) @ columns
            gains = np.zeros(len(columns) + 1)
            _gains_without(columns, whole, documents[found], grades[found], gains)
            ndcg[row] = gains[-1] / best[row]
            lost[entries] = (gains[-1] - gains[:-1]) / best[row]
        if progress and (row % 10 == 0 or row + 1 == len(judged)):
            progress(STAGE, row + 1, len(judged))
    return Lost(owners, judged.counts.indices.astype(np.int64), lost, ndcg)


def _gains_without(
    columns: NDArray[np.float32],
    whole: NDArray[np.float32],
    documents: NDArray[np.int64],
    grades: NDArray[np.float64],
    gains: NDArray[np.float64],
) -> None:
    """DCG@10 without each row of `columns`, and with all in the last place of `gains`."""

    def count(start: int, stop: int) -> None:
        _count_gains(columns, whole, documents, grades, DEPTH, start, stop, gains)

    in_threads(count, len(gains))


@kernel
def _count_gains(
    columns: NDArray[np.float32],
    whole: NDArray[np.float32],
    documents: NDArray[np.int64],
    grades: NDArray[np.float64],
    depth: int,
    start: int,
    stop: int,
    gains: NDArray[np.float64],
) -> None:
    """The rank of a relevant document is 1 + those with a higher score, or an equal one and an earlier place."""
    n_docs = whole.shape[0]
    for i in range(start, stop):
        for r in range(documents.shape[0]):
            relevant = documents[r]
            mine = whole[relevant]
            if i < columns.shape[0]:
                mine -= columns[i, relevant]
            if mine <= 1e-6 * whole[relevant] or mine <= 0:
                continue
            above = 0
            for d in range(n_docs):
                score = whole[d]
                if score < mine:
                    continue
                if i < columns.shape[0]:
                    score -= columns[i, d]
                if score > mine or (score == mine and d < relevant):
                    above += 1
                    if above >= depth:
                        break
            if above < depth:
                gains[i] += grades[r] / np.log2(above + 2.0)


def by_group(latents: pd.DataFrame, column: str) -> pd.DataFrame:
    """What the latents of each type, or band, lose one at a time, summed: `column`, n_latents, lost, contribution.

    helping, hurting: how many of them lose, and gain, anything at all when they go.
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
    """Each type taken out of every query, and left alone in every query, beside random families."""
    whole = ndcg_with(study, judged, parameters, np.ones(study.n_latents, bool))
    rows: list[dict[str, Any]] = [
        {"family": "all", "kept": "", "n_queries": len(judged), "ndcg": float(whole.mean())}
    ]
    given = types.to_numpy() if len(types) else np.full(study.n_latents, "")
    names = [name for name in TYPES if (given == name).any()]
    for done, name in enumerate(names):
        if progress:
            progress("Rank by families", done, len(names))
        family = given == name
        drawn = matched_controls(contributed, family, N_CONTROLS)
        for kept in ("without", "alone"):
            controls = [
                _of(study, judged, parameters, other, kept) - whole for other in map(_mask(study), drawn)
            ]
            change = _of(study, judged, parameters, family, kept) - whole
            means = np.array([float(one.mean()) for one in controls])
            low, high = bootstrap_mean(change)
            c_low, c_high = np.quantile(means, [0.025, 0.975]) if len(means) else (np.nan, np.nan)
            rows.append(
                {
                    "family": name, "kept": kept, "n_latents": int((family & (contributed > 0)).sum()),
                    "share": float(contributed[family].sum() / max(contributed.sum(), 1e-12)),
                    "n_queries": len(judged), "ndcg": float((whole + change).mean()),
                    "change": float(change.mean()), "low": low, "high": high, "p": paired_randomisation(change),
                    "control": float(means.mean()) if len(means) else np.nan,
                    "control_low": float(c_low), "control_high": float(c_high),
                }
            )  # fmt: skip
    if progress:
        progress("Rank by families", len(names), max(len(names), 1))
    return pd.DataFrame(rows)


def _mask(study: Study) -> Callable[[NDArray[np.int64]], NDArray[np.bool_]]:
    def mask(latents: NDArray[np.int64]) -> NDArray[np.bool_]:
        chosen = np.zeros(study.n_latents, bool)
        chosen[latents] = True
        return chosen

    return mask


def _of(
    study: Study, judged: Judged, parameters: Bm25Parameters, family: NDArray[np.bool_], kept: str
) -> NDArray[np.float64]:
    return ndcg_with(study, judged, parameters, ~family if kept == "without" else family)


def ndcg_with(
    study: Study, judged: Judged, parameters: Bm25Parameters, stay: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """nDCG@10 of each query when only some latents stay in it."""
    counts = judged.counts.copy()
    counts.data = counts.data * stay[counts.indices]
    return judged.ndcg(judged.run(study.weighted(parameters), counts=counts).documents)


def _ideal(judged: Judged) -> NDArray[np.float64]:
    """DCG@10 of the best order of each query's relevant documents, (n_queries,)."""
    best = np.zeros(len(judged))
    for row in range(len(judged)):
        grades = np.sort(judged.grade[judged.query == row])[::-1][:DEPTH]
        best[row] = float((grades / np.log2(np.arange(2, len(grades) + 2))).sum())
    return best


def _path(study: Study, name: str, idf: Idf) -> Any:
    return study.path / f"carriers-{name}-{idf}.parquet"


def _facts(study: Study) -> dict[str, Any]:
    return {"format": FORMAT, "study": study.manifest["fingerprint"], "n_latents": study.n_latents}

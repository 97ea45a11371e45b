"""How latents with idf 0 affect rankings, beside the same treatment of other latents.

    lifted        the clipped idf, but Lucene's for these latents
    zeroed        Lucene's idf, but 0 for these latents
    unmeasured    these latents do not count in |d|, under either idf; their scores stay

    applied to the latents with idf 0 ("silenced"), to the matched ones (zero_idf), and to random other latents with
    as many postings (mean of N_DRAWS draws). Differences of nDCG@10 per query, means with 95% bootstrap intervals.

Kept in the study, with the latents' discrimination of relevant documents, as silenced-*.parquet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.comparison.discrimination import discrimination
from analyses.comparison.judged_queries import Judged, judged_queries
from analyses.interventions.pruning_effect import shortened
from analyses.interventions.zero_idf import GROUPS, matched_latents, zero_idf_latents
from analyses.statistics.intervals import bootstrap_mean
from analyses.statistics.significance import holm, paired_randomisation
from data.progress import Progress
from retrieval.bm25 import Bm25Parameters, lucene_idf
from retrieval.index import Index
from retrieval.pruning import as_many_postings
from retrieval.stored_tables import is_kept, read_kept, write_kept
from retrieval.study import Study
from retrieval.weighted_index import WeightedIndex

FORMAT = 1
N_DRAWS = 5
TREATMENTS = ("lifted", "zeroed", "unmeasured, clipped", "unmeasured, lucene")
NAMES = ("effects", "discrimination")
CLIPPED, LUCENE = Bm25Parameters(), Bm25Parameters(idf="lucene")


def zero_idf_effects(study: Study) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """The tables of `effects` and `by_group` that `write_zero_idf_effects` kept; None before that."""
    tables = [read_kept(study.path / f"silenced-{name}.parquet", _facts(study)) for name in NAMES]
    return None if tables[0] is None or tables[1] is None else (tables[0], tables[1])


def zero_idf_effects_are_kept(study: Study) -> bool:
    """Whether the study keeps the tables of `zero_idf_effects`."""
    return all(is_kept(study.path / f"silenced-{name}.parquet", _facts(study)) for name in NAMES)


def write_zero_idf_effects(
    study: Study, progress: Progress | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measure both tables and keep them; kept tables are read."""
    kept = zero_idf_effects(study)
    if kept is not None:
        return kept
    judged = judged_queries(study)
    tables = effects(study.index, judged, progress=progress), by_group(study.index, judged)
    for name, table in zip(NAMES, tables, strict=True):
        write_kept(study.path / f"silenced-{name}.parquet", table, _facts(study))
    return tables


def effects(
    index: Index, judged: Judged, n_draws: int = N_DRAWS, progress: Progress | None = None
) -> pd.DataFrame:
    """One row per treatment of TREATMENTS, then "lucene": Lucene's idf for all latents against the clipped
    one for all; and "lucene, others": the same, but 0 for the latents with idf 0. These two rows have values
    under silenced alone.

    treatment, before (mean nDCG@10), and of each of silenced, matched and random: the mean change, NAME_low,
    NAME_high (NaN where nothing can be drawn). versus_matched, versus_random: mean difference of the change
    under silenced from theirs, _low, _high and _p (paired randomisation), _p_holm (over the treatments). n_queries,
    n_draws.
    """
    zero_idf = zero_idf_latents(index)
    matched, random = matched_latents(index, zero_idf), _random(index, zero_idf, n_draws)
    weighted = {"clipped": WeightedIndex.of(index, CLIPPED), "lucene": WeightedIndex.of(index, LUCENE)}
    ndcg = {name: _ndcg(judged, one) for name, one in weighted.items()}
    clipped = ndcg["clipped"]
    rows: list[dict[str, Any]] = []
    for done, treatment in enumerate(TREATMENTS):
        if progress:
            progress("Rank with and without latents of idf 0", done, len(TREATMENTS))
        base = ndcg["clipped" if treatment in ("lifted", "unmeasured, clipped") else "lucene"]

        def change(
            latents: NDArray[np.int64], treatment: str = treatment, base: NDArray[np.float64] = base
        ) -> NDArray[np.float64]:
            return _ndcg(judged, treated(index, weighted, treatment, latents)) - base

        drawn = [change(latents) for latents in random]
        changes = {
            "silenced": change(zero_idf),
            "matched": change(matched) if len(matched) else None,
            "random": np.mean(drawn, axis=0) if drawn else None,
        }
        rows.append({"treatment": treatment, "before": float(base.mean()), **_changes_row(changes)})
    others = _ndcg(judged, treated(index, weighted, "zeroed", zero_idf))
    for name, after in (("lucene", ndcg["lucene"]), ("lucene, others", others)):
        rows.append(
            {
                "treatment": name,
                "before": float(clipped.mean()),
                **_changes_row({"silenced": after - clipped}),
            }
        )
    table = pd.DataFrame(rows).assign(n_queries=len(judged), n_draws=len(random))
    for other in ("matched", "random"):
        table[f"versus_{other}_p_holm"] = holm(table[f"versus_{other}_p"])
    if progress:
        progress("Rank with and without latents of idf 0", 1, 1)
    return table


def treated(
    index: Index, weighted: Mapping[str, WeightedIndex], treatment: str, latents: NDArray[np.int64]
) -> WeightedIndex:
    """The index after one of TREATMENTS of these latents; weighted: "clipped" and "lucene" -> untreated."""
    name, _, idf = treatment.partition(", ")
    if name == "unmeasured":
        parameters = CLIPPED if idf == "clipped" else LUCENE
        return WeightedIndex.of(shortened(index, latents, parameters.phi), parameters)
    whole = weighted["clipped" if name == "lifted" else "lucene"]
    changed = whole.idf.copy()
    changed[latents] = (
        lucene_idf(index.document_frequency[latents], index.n_docs) if name == "lifted" else 0.0
    )
    return replace(whole, idf=changed)


def by_group(index: Index, judged: Judged) -> pd.DataFrame:
    """`discrimination` of the latents with idf 0 ("silenced"), the matched, all others, and the first minus
    the second.

    group, mean, low, high (95%, over queries), n_queries that have latents of it and a relevant document.
    """
    zero_idf, weighted = zero_idf_latents(index), WeightedIndex.of(index, CLIPPED)
    groups = np.full(index.n_terms, "other", dtype=object)
    groups[zero_idf] = "silenced"
    table = discrimination(weighted, judged, groups)
    groups[matched_latents(index, zero_idf)] = "matched"
    table["matched"] = discrimination(weighted, judged, groups).get("matched")
    table = table.reindex(columns=list(GROUPS)).astype(np.float64)
    table["difference"] = table["silenced"] - table["matched"]
    rows = []
    for name in table.columns:
        known = table[name].dropna().to_numpy()
        low, high = bootstrap_mean(known)
        mean = float(known.mean()) if len(known) else float("nan")
        rows.append({"group": name, "mean": mean, "low": low, "high": high, "n_queries": len(known)})
    return pd.DataFrame(rows)


def _random(index: Index, latents: NDArray[np.int64], n_draws: int) -> list[NDArray[np.int64]]:
    """Random sets of other latents with as many postings; empty where the others have fewer."""
    frequency = index.document_frequency
    drawn = [as_many_postings(index, latents, seed) for seed in range(n_draws)] if len(latents) else []
    return [other for other in drawn if frequency[other].sum() >= frequency[latents].sum()]


def _changes_row(changes: Mapping[str, NDArray[np.float64] | None]) -> dict[str, float]:
    row: dict[str, float] = {}
    own = changes["silenced"]
    assert own is not None
    for name in ("silenced", "matched", "random"):
        values = changes.get(name)
        row |= _interval(name, values)
        if name != "silenced":
            difference = None if values is None else own - values
            row |= _interval(f"versus_{name}", difference)
            row[f"versus_{name}_p"] = float("nan") if difference is None else paired_randomisation(difference)
    return row


def _interval(name: str, values: NDArray[np.float64] | None) -> dict[str, float]:
    if values is None:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"), float("nan"))
    low, high = bootstrap_mean(values)
    return {name: float(values.mean()), f"{name}_low": low, f"{name}_high": high}


def _ndcg(judged: Judged, index: WeightedIndex) -> NDArray[np.float64]:
    return judged.ndcg(judged.run(index).documents)


def _facts(study: Study) -> dict[str, Any]:
    return {"format": FORMAT, "study": study.manifest["fingerprint"], "n_latents": study.n_latents}

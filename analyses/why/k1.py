"""How early should a weight saturate? nDCG@10 along k1, in units that mean the same on every collection.

    u = k1 / mean weight        mean weight: of w_j(d) over all postings, those with w_j(d) > 0

BM25 reads k1 on the scale of w: a weight of k1 is half saturated. Pooled activations grow with the length of a
document, so one k1 saturates early where documents are long and late where they are short. u has no such scale.
Every point is an exact ranking of all documents by BM25 with the b of the vocabulary; lost is what it has less than
the vocabulary's own parameters, paired over queries. The control is words, by lexical BM25. A maximum over settings
on the queries that it is reported on is an upper bound of what k1 can give, and is called so. Intervals: 95%,
bootstrap over queries; p: paired randomisation, corrected by Holm over the settings of a vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from analyses.comparison.judged_queries import DEPTH, Judged, judged_queries
from analyses.statistics.intervals import bootstrap_means
from analyses.statistics.significance import holm, paired_randomisation
from analyses.why.aspect import Aspect, JudgedTable, n_judged
from data.progress import Progress, StepProgress, within
from retrieval.bm25 import IDFS, Bm25Parameters, Idf, term_weight
from retrieval.index import Index
from retrieval.study import Study
from retrieval.vocabularies import LATENTS, STEMS
from retrieval.weighted_index import WeightedIndex

KEPT = JudgedTable("k1.parquet", 1)
STAGE = "Rank by k1 in units of the mean weight"
UNITS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
NAMES = {LATENTS.name: "latents", STEMS.name: "words"}
LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class K1Curve:
    """table: one row per vocabulary, idf and setting.

    vocabulary: "latents" or "stems". idf, k1, units: the setting; units: k1 / mean_weight. is_own: whether these
    are the vocabulary's own parameters. value, low, high: nDCG@10. lost, lost_low, lost_high: nDCG@10 of the own
    parameters minus this; p, p_holm: of this difference, NaN where is_own.
    """

    table: pd.DataFrame
    n_queries: int

    def rows(self, vocabulary: str) -> pd.DataFrame:
        """The settings of one vocabulary."""
        return self.table[self.table["vocabulary"] == vocabulary].reset_index(drop=True)

    def shown(self) -> pd.DataFrame:
        return self.table[["vocabulary", "idf", "units", "k1", "value", "low", "high", "lost", "p_holm"]]

    def to_dict(self) -> dict[str, Any]:
        renamed = self.table.rename(columns={"value": "nDCG@10"}).drop(columns="mean_weight")
        rows = renamed.astype(object).where(renamed.notna(), None).to_dict("records")
        return {
            "n_queries": self.n_queries,
            "mean_weight": self.table.groupby("vocabulary", sort=False)["mean_weight"].first().to_dict(),
            "curve": rows,
        }

    def sentences(self) -> Sequence[str]:
        return [_verdict(name, rows) for key, name in NAMES.items() if len(rows := self.rows(key))]


def k1_curve_of(study: Study, progress: Progress | None = None) -> K1Curve:
    """The curve over latents under either idf, and over words; a study without judgements is a `UserError`."""
    judged = judged_queries(study)
    step = within(progress, STAGE)
    tables = [vocabulary_curve(study.index, judged.counts, Bm25Parameters(), IDFS, judged, step)]
    names = [LATENTS.name]
    if study.keeps(STEMS) and STEMS.bm25:
        counts = study.stems.terms.count([study.queries.texts[row] for row in judged.rows])
        tables.append(vocabulary_curve(study.stems.index, counts, STEMS.bm25, (STEMS.bm25.idf,), judged))
        names.append(STEMS.name)
    named = [table.assign(vocabulary=name) for name, table in zip(names, tables, strict=True)]
    return K1Curve(pd.concat(named, ignore_index=True), len(judged))


def mean_weight(index: Index, parameters: Bm25Parameters) -> float:
    """Mean of w_j(d) over the postings of an index; 1 where it has none."""
    return float(term_weight(index.counts, parameters.phi).mean()) if index.n_postings else 1.0


def vocabulary_curve(
    index: Index,
    counts: csr_array,
    own: Bm25Parameters,
    idfs: Sequence[Idf],
    judged: Judged,
    progress: StepProgress | None = None,
) -> pd.DataFrame:
    """Every setting of one vocabulary, in the columns of `K1Curve.table` but vocabulary.

    counts: of the judged queries over the index's terms, csr (n_queries, n_terms). progress: settings done, of all.
    """
    unit = mean_weight(index, own)
    tried = list(settings(own, unit, idfs))
    ndcg = np.empty((len(tried), len(judged)))
    for row, setting in enumerate(tried):
        ranked = judged.run(WeightedIndex.of(index, setting), DEPTH, counts).documents
        ndcg[row] = judged.ndcg(ranked, DEPTH)
        if progress:
            progress(row + 1, len(tried))
    lost = ndcg[0] - ndcg
    value, difference = bootstrap_means(ndcg), bootstrap_means(lost)
    p = np.array([np.nan, *(paired_randomisation(one) for one in lost[1:])])
    table = pd.DataFrame(
        {
            "idf": [setting.idf for setting in tried],
            "k1": [setting.k1 for setting in tried],
            "units": [setting.k1 / unit for setting in tried],
            "mean_weight": unit,
            "is_own": [setting == own for setting in tried],
            "value": ndcg.mean(axis=1),
            "low": value[:, 0],
            "high": value[:, 1],
            "lost": lost.mean(axis=1),
            "lost_low": difference[:, 0],
            "lost_high": difference[:, 1],
            "p": p,
            "p_holm": holm(p),
        }
    )
    return table.sort_values(["idf", "units"], kind="stable", ignore_index=True)


def settings(own: Bm25Parameters, unit: float, idfs: Sequence[Idf]) -> Iterator[Bm25Parameters]:
    """The own parameters, then each idf with the own k1 and with every one of UNITS times the mean weight."""
    yield own
    for idf in idfs:
        for k1 in (own.k1, *(units * unit for units in UNITS)):
            setting = replace(own, idf=idf, k1=k1)
            if setting != own:
                yield setting


k1_is_kept = KEPT.is_kept


def write_k1(study: Study, progress: Progress | None = None) -> None:
    """Measure and keep the curve, unless it is kept."""
    KEPT.write(study, lambda: k1_curve_of(study, progress).table)


def k1_curve(study: Study) -> K1Curve | None:
    """What `write_k1` kept; None before that, and for a study without judgements."""
    table = KEPT.read(study)
    return None if table is None else K1Curve(table, n_judged(study))


K1 = Aspect(
    "k1",
    "k1",
    "How early should a weight saturate, and in which units?",
    (KEPT.file,),
    k1_is_kept,
    write_k1,
    k1_curve,
)


def _verdict(name: str, table: pd.DataFrame) -> str:
    """Where the own k1 lies, and what the best setting has beside it."""
    rows = table.to_dict("records")
    own, best = next(row for row in rows if row["is_own"]), max(rows, key=lambda row: row["value"])
    placed = (
        f"Over {name}, k1 {own['k1']:g} is {own['units']:.3g} times the mean weight ({own['mean_weight']:.3g}) and "
        f"has nDCG@10 {own['value']:.3f}."
    )
    if best["value"] == own["value"]:
        return f"{placed} No other setting has more on these queries."
    gain = f"{-best['lost']:+.3f} ({-best['lost_high']:+.3f} to {-best['lost_low']:+.3f})"
    found = (
        f"The best of {len(rows)} settings on these very queries, k1 {best['units']:.3g} times the mean weight "
        f"with idf {best['idf']}, has {gain} beside it, an upper bound"
    )
    shown = best["p_holm"] < LEVEL and not best["lost_low"] <= 0 <= best["lost_high"]
    return f"{placed} {found}{'' if shown else '; these queries do not show that it differs'}."

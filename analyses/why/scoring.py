"""Which part of BM25 does the work: the root, idf, saturation, length normalisation, or the query's weights?

    value of a factor = its Shapley value of nDCG@10 over the 32 subsets of factors; the values sum to full - empty

The subsets are exact rankings (analyses/why/factors/game.py says how each factor is switched off). The control is
the same over words, by lexical BM25; beside both stand cosines over the same counts. Intervals: 95%, bootstrap over
queries; p: paired randomisation, corrected by Holm over the factors of a vocabulary. Shapley 1953.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.comparison.judged_queries import DEPTH, Judged, judged_queries
from analyses.statistics.intervals import bootstrap_means
from analyses.statistics.shapley import shapley_values
from analyses.statistics.significance import holm, paired_randomisation
from analyses.why.aspect import Aspect, JudgedTable, n_judged
from analyses.why.factors.cosines import reconstructed_ranking, sparse_cosine, why_no_reconstruction
from analyses.why.factors.game import FACTORS as FACTORS
from analyses.why.factors.game import RECALL_DEPTH, ScoringGame
from analyses.why.factors.game import scoring_game as scoring_game
from analyses.why.wording import against
from data.progress import Progress, within
from retrieval.bm25 import Bm25Parameters
from retrieval.cosine import cosine_search
from retrieval.study import Study
from retrieval.vocabularies import LATENTS, STEMS

KEPT = JudgedTable("scoring.parquet", 1)
STAGE = "Rank by every subset of BM25's factors"
LEVEL = 0.05
SPARSE, SPARSE_IDF = "sparse cosine of term frequencies", "sparse cosine of term frequency × idf"
DENSE, RECONSTRUCTED = "cosine of the encoder", "cosine of the reconstruction"
NAMES = {LATENTS.name: "latents", STEMS.name: "words"}
SUBSET_COLUMNS = {"value": "nDCG@10", "low": "low", "high": "high", "recall": "R@100"} | {
    name: f"R@100_{name.removeprefix('recall_')}" for name in ("recall_low", "recall_high")
}


@dataclass(frozen=True, eq=False)
class Scoring:
    """table: one row per subset, factor and cosine of each vocabulary.

    vocabulary: "latents" or "stems". kind: "subset", "factor" or "cosine". name: a factor, a cosine, or the factors
    of a subset joined by " + " ("" for none). value, low, high: nDCG@10 of a subset or cosine, the Shapley value of
    a factor. recall, recall_low, recall_high: R@100, NaN for a factor. lost, lost_low, lost_high: nDCG@10 of all
    factors minus that of this subset or cosine, or of all but this factor. p, p_holm: of a factor's value, and of a
    cosine's difference. no_reconstruction: why the reconstruction has no cosine here, "" where it has one.
    """

    table: pd.DataFrame
    n_queries: int
    no_reconstruction: str

    def rows(self, vocabulary: str, kind: str) -> pd.DataFrame:
        """The rows of one kind."""
        chosen = (self.table["vocabulary"] == vocabulary) & (self.table["kind"] == kind)
        return self.table[chosen].reset_index(drop=True)

    def shown(self) -> pd.DataFrame:
        """Shapley values and cosines, without the subsets."""
        rows = self.table[self.table["kind"] != "subset"]
        return rows[["vocabulary", "kind", "name", "value", "low", "high", "lost", "p_holm"]]

    def to_dict(self) -> dict[str, Any]:
        latents = self._of(LATENTS.name)
        return {
            "n_queries": self.n_queries,
            **latents,
            "words": self._of(STEMS.name),
            "no_reconstruction": self.no_reconstruction or None,
        }

    def _of(self, vocabulary: str) -> dict[str, Any]:
        subsets = [
            {"factors": row["name"].split(" + ") if row["name"] else [], **_renamed(row)}
            for row in self.rows(vocabulary, "subset").to_dict("records")
        ]
        shapley = {
            row["name"]: {
                "nDCG@10": row["value"],
                **{
                    name: row[name]
                    for name in ("low", "high", "p", "p_holm", "lost", "lost_low", "lost_high")
                },
            }
            for row in self.rows(vocabulary, "factor").to_dict("records")
        }
        cosines = {
            row["name"]: {**_renamed(row), **{f"full_minus_this{end}": row[f"lost{end}"] for end in _ENDS}}
            for row in self.rows(vocabulary, "cosine").to_dict("records")
        }
        return {"subsets": subsets, "shapley": shapley, "cosines": cosines}

    def sentences(self) -> Sequence[str]:
        said = []
        for vocabulary, name in NAMES.items():
            subsets, factors = self.rows(vocabulary, "subset"), self.rows(vocabulary, "factor")
            if len(factors):
                empty, full = subsets["value"].iloc[0], subsets["value"].iloc[-1]
                said.append(
                    f"Over {name}, all {len(factors)} factors of BM25 take nDCG@10 from {empty:.3f} (the sum of "
                    f"the counts of the query's terms) to {full:.3f}. Shapley values: {_values(factors)}."
                )
        return [*said, *map(_against_full, self.rows(LATENTS.name, "cosine").to_dict("records"))]


_ENDS = ("", "_low", "_high")


def scoring_of(study: Study, progress: Progress | None = None) -> Scoring:
    """The decomposition over latents and words, and the cosines; a study without judgements is a `UserError`."""
    judged, parameters = judged_queries(study), Bm25Parameters()
    of_latents = scoring_game(study.index, judged.counts, parameters, judged, within(progress, STAGE))
    tables = [game_table(of_latents).assign(vocabulary=LATENTS.name)]
    no_reconstruction = why_no_reconstruction(study) or ""
    rankings = _cosine_rankings(study, judged, parameters, not no_reconstruction)
    tables.append(_cosine_table(judged, rankings, of_latents.ndcg[-1]).assign(vocabulary=LATENTS.name))
    if study.keeps(STEMS) and STEMS.bm25:
        counts = study.stems.terms.count([study.queries.texts[row] for row in judged.rows])
        of_words = scoring_game(study.stems.index, counts, STEMS.bm25, judged)
        tables.append(game_table(of_words).assign(vocabulary=STEMS.name))
    return Scoring(pd.concat(tables, ignore_index=True), len(judged), no_reconstruction)


def game_table(game: ScoringGame) -> pd.DataFrame:
    """Rows of kind "subset" and "factor" of one game, in the columns of `Scoring.table` but vocabulary."""
    full = game.ndcg[-1]
    subsets = pd.DataFrame(
        {
            "kind": "subset",
            "name": [" + ".join(game.subset(row)) for row in range(len(game.ndcg))],
            **_means("value", "", game.ndcg),
            **_means("recall", "recall_", game.recall),
            **_means("lost", "lost_", full - game.ndcg),
        }
    )
    values = shapley_values(game.ndcg)
    without = game.ndcg[[len(game.ndcg) - 1 - (1 << place) for place in range(len(values))]]
    p = [paired_randomisation(value) for value in values]
    factors = pd.DataFrame(
        {
            "kind": "factor",
            "name": list(game.factors),
            **_means("value", "", values),
            **_means("lost", "lost_", full - without),
            "p": p,
            "p_holm": holm(p),
        }
    )
    return pd.concat([subsets, factors], ignore_index=True)


scoring_is_kept = KEPT.is_kept


def write_scoring(study: Study, progress: Progress | None = None) -> None:
    """Measure and keep the decomposition, unless it is kept."""
    KEPT.write(study, lambda: scoring_of(study, progress).table)


def scoring(study: Study) -> Scoring | None:
    """What `write_scoring` kept; None before that, and for a study without judgements."""
    table = KEPT.read(study)
    return None if table is None else Scoring(table, n_judged(study), why_no_reconstruction(study) or "")


SCORING = Aspect(
    "scoring",
    "Scoring",
    "Which part of BM25 does the work?",
    (KEPT.file,),
    scoring_is_kept,
    write_scoring,
    scoring,
)


def _cosine_rankings(
    study: Study, judged: Judged, parameters: Bm25Parameters, reconstruct: bool
) -> dict[str, NDArray[np.int32]]:
    rankings = {
        name: judged.run(sparse_cosine(study.index, parameters, with_idf), RECALL_DEPTH).documents
        for name, with_idf in ((SPARSE, False), (SPARSE_IDF, True))
    }
    vectors = study.query_vectors[judged.rows]
    dense = cosine_search(study.vectors, vectors, RECALL_DEPTH, judged.ids, study.corpus.ids)
    rankings[DENSE] = dense.documents
    if reconstruct:
        rankings[RECONSTRUCTED] = reconstructed_ranking(study, judged, RECALL_DEPTH)
    return rankings


def _cosine_table(
    judged: Judged, rankings: dict[str, NDArray[np.int32]], full: NDArray[np.float64]
) -> pd.DataFrame:
    ndcg = np.array([judged.ndcg(ranked, DEPTH) for ranked in rankings.values()])
    recall = np.array([judged.recall(ranked, RECALL_DEPTH) for ranked in rankings.values()])
    p = [paired_randomisation(full - one) for one in ndcg]
    return pd.DataFrame(
        {
            "kind": "cosine",
            "name": list(rankings),
            **_means("value", "", ndcg),
            **_means("recall", "recall_", recall),
            **_means("lost", "lost_", full - ndcg),
            "p": p,
            "p_holm": holm(p),
        }
    )


def _means(name: str, prefix: str, values: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Mean over queries of each row of values (n_rows, n_queries), and its interval."""
    interval = bootstrap_means(values)
    return {name: values.mean(axis=1), f"{prefix}low": interval[:, 0], f"{prefix}high": interval[:, 1]}


def _renamed(row: dict[Any, Any]) -> dict[str, float]:
    return {new: row[old] for old, new in SUBSET_COLUMNS.items()}


def _values(factors: pd.DataFrame) -> str:
    """Each factor's Shapley value with its interval, the largest first; those that no query set shows come last."""
    rows = factors.sort_values("value", ascending=False, kind="stable").to_dict("records")
    texts: dict[bool, list[str]] = {True: [], False: []}
    for row in rows:
        texts[_shown(row["p_holm"], row["low"], row["high"])].append(
            f"{row['name']} {row['value']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f})"
        )
    shown = ", ".join(texts[True]) or "none that these queries show"
    return f"{shown}; no effect that these queries show: {', '.join(texts[False])}" if texts[False] else shown


def _against_full(row: dict[Any, Any]) -> str:
    """A cosine beside BM25 with all factors."""
    gained = -row["lost"], -row["lost_high"], -row["lost_low"]
    place = against("BM25 over latents", *gained, row["p_holm"])
    return f"The {row['name']} has nDCG@10 {row['value']:.3f}, {place}."


def _shown(p: float, low: float, high: float) -> bool:
    """Whether the corrected test and the interval both bear a difference."""
    return p < LEVEL and not low <= 0 <= high

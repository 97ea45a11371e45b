"""The ladder: nDCG@10 and R@100 of BM25 over latents, for every kind of states and every kind of dictionary.

    cell(states, dictionary) = BM25 over pool(dictionary(states(h_t)))        same texts, same queries, same BM25

`states` takes context away (`ladder.states`), `dictionary` takes training away (`ladder.dictionaries`): a
difference between two cells of a row is the dictionary's, between two of a column the states'. Every cell is
measured on the same judged queries; differences are paired, with 95% bootstrap intervals over queries and Holm's
correction over the ladder. One pass over the token states feeds every cell. An interrupted ladder goes on where it
was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analyses.why.aspect import Aspect, path_of
from analyses.why.factors.game import FACTORS
from analyses.why.ladder._measures import SHAPLEY
from analyses.why.ladder.names import (
    AS_THEY_ARE,
    MEAN_OF_DOCUMENTS,
    RANDOM,
    TRAINED,
    WORDPIECE_MEAN,
    WORDPIECE_MEANS,
)
from analyses.why.wording import difference
from data.files import read_json
from data.progress import Progress
from retrieval.bm25 import Idf
from retrieval.stored_tables import is_kept, read_kept
from retrieval.study import Study

CELLS, QUERIES, FACTS = "ladder.parquet", "ladder_queries.parquet", "ladder.json"
WORK = ".ladder"
FORMAT = 1
_ENDS = {"nDCG@10": "", "low": "_low", "high": "_high"}  # of a Shapley value in JSON: the end of its column


@dataclass(frozen=True, eq=False)
class Ladder:
    """cells: a row per cell: states, dictionary, nDCG@10, low, high (95%, bootstrap over queries), the same three
    under Lucene's idf (with _lucene), R@100, n_seeds, seed_sd (of nDCG@10 over seeds), minus_sae, minus_cosine
    (differences of nDCG@10) with _low, _high, _p (Holm), k (latents per token at most), and the facts of
    `_measures.vocabulary_facts`, on states as they are of `_measures.factor_facts` (seed 0), wordpiece_share, and
    of the nulls of the match exact_, inflected_ and soft_share_top10 with _low, _high
    (`analyses.why.matches.nulls`); NaN where a cell has none.

    per_query: states, dictionary, query_id, nDCG@10 (mean over seeds), nDCG@10_lucene. facts: fitted_to, text (its
    fingerprint), explained, unseen (share of the documents' tokens whose wordpiece the fitting text lacks),
    n_queries, n_seeds, matched_postings (whether each dictionary's k is chosen for the trained SAE's postings).
    Ladders of older versions lack k, text, matched_postings, the factors and the intervals under Lucene's idf.
    """

    cells: pd.DataFrame
    per_query: pd.DataFrame
    facts: Mapping[str, Any]

    def cell(self, states: str, dictionary: str) -> Mapping[str, Any] | None:
        """One row of `cells`; None where the ladder lacks it."""
        rows = self.cells[(self.cells["states"] == states) & (self.cells["dictionary"] == dictionary)]
        return {str(name): value for name, value in rows.iloc[0].items()} if len(rows) else None

    def to_dict(self) -> list[dict[str, Any]]:
        """A record per cell, differences nested, null for NaN."""
        return [_as_json(row) for row in self.cells.to_dict("records")]

    def shown(self) -> pd.DataFrame:
        """The columns that a terminal has room for, the best cells of each row of states first."""
        shown = ["states", "dictionary", "nDCG@10", "low", "high", "nDCG@10_lucene", "R@100", "minus_sae"]
        rank = {name: place for place, name in enumerate(dict.fromkeys(self.cells["states"]))}
        order = self.cells.assign(row=self.cells["states"].map(rank), last=-self.cells["nDCG@10"])
        shown += ["minus_cosine", *(["k"] if self.matched else []), "postings_per_document"]
        return order.sort_values(["row", "last"], kind="stable")[shown]

    @property
    def matched(self) -> bool:
        """Whether each dictionary's k is chosen for the trained SAE's postings a document."""
        return bool(self.facts.get("matched_postings"))

    @property
    def factors(self) -> pd.DataFrame:
        """What each factor of BM25 adds to nDCG@10 by dictionary, on states as they are; no rows in older ladders.

        Columns dictionary, factor, value, low, high: Shapley values, 95% intervals over queries.
        """
        rows = self.cells[self.cells.get("no_factor", pd.Series(np.nan, self.cells.index)).notna()]
        named = [
            (row["dictionary"], factor, *(row[f"{SHAPLEY}{factor}{end}"] for end in _ENDS.values()))
            for row in rows.to_dict("records")
            for factor in FACTORS
        ]
        return pd.DataFrame(named, columns=["dictionary", "factor", "value", "low", "high"])

    @property
    def has_both_idfs(self) -> bool:
        """Whether it has intervals under Lucene's idf too, which ladders of older versions lack."""
        return "low_lucene" in self.cells

    def under(self, idf: Idf) -> pd.DataFrame:
        """`cells` with nDCG@10, low and high under this idf; of another than the paper's without differences."""
        if idf == "clipped":
            return self.cells
        names = {f"{name}_lucene": name for name in ("nDCG@10", "low", "high")}
        others = [str(name) for name in self.cells if str(name).startswith("minus_")]
        return self.cells.drop(columns=[*names.values(), *others]).rename(columns=names)

    def serves(self, n_seeds: int = 1, text: str = "", match_postings: bool | None = None) -> bool:
        """Whether it has so many seeds, its dictionaries come from this text (its fingerprint; "": from any), and
        its dictionaries' k are matched or not (None: either)."""
        return (
            self.facts["n_seeds"] >= n_seeds
            and text in ("", self.facts.get("text"))
            and match_postings in (None, self.matched)
        )

    def sentences(self) -> list[str]:
        """What the intervals bear, about training, context, and the encoder's own cosine."""
        told = [
            (AS_THEY_ARE, WORDPIECE_MEANS, "wordpiece means, untrained,"),
            (WORDPIECE_MEAN, TRAINED, "the trained SAE on states without context"),
            (
                MEAN_OF_DOCUMENTS,
                TRAINED,
                "the trained SAE on states without context (means of the documents)",
            ),
            (AS_THEY_ARE, RANDOM, "random directions"),
        ]
        sentences = []
        for states, dictionary, name in told:
            if row := self.cell(states, dictionary):
                sentences.append(difference(name, "the trained SAE", *_minus(row, "minus_sae")))
        if row := self.cell(AS_THEY_ARE, TRAINED):
            sentences.append(
                difference("the trained SAE", "the encoder's cosine", *_minus(row, "minus_cosine"))
            )
        return [*sentences, *self._about_postings()]

    def _about_postings(self) -> list[str]:
        """How many postings the dictionaries have, where their k was chosen for that."""
        own = self.cell(AS_THEY_ARE, TRAINED)
        if not self.matched or own is None:
            return []
        row = self.cells[(self.cells["states"] == AS_THEY_ARE) & self.cells["k"].notna()]
        others = row.loc[row["dictionary"] != TRAINED, "postings_per_document"]
        return [
            "Each dictionary's k is chosen so that its postings a document come nearest to the trained SAE's "
            f"{own['postings_per_document']:.0f}: from {others.min():.0f} to {others.max():.0f} on states "
            f"{AS_THEY_ARE}."
        ]


def ladder(study: Study) -> Ladder | None:
    """The kept ladder; None before `write_ladder`."""
    cells, queries = (read_kept(path_of(study, file), ladder_facts(study)) for file in (CELLS, QUERIES))
    if cells is None or queries is None:
        return None
    return Ladder(cells, queries, read_json(path_of(study, FACTS)))


def ladder_is_kept(study: Study) -> bool:
    """Whether `write_ladder` has nothing to do; a study without judgements has no ladder."""
    return not study.qrels or all(
        is_kept(path_of(study, file), ladder_facts(study)) for file in (CELLS, QUERIES)
    )


def _minus(row: Mapping[str, Any], name: str) -> tuple[float, float, float, float]:
    return float(row[name]), float(row[f"{name}_low"]), float(row[f"{name}_high"]), float(row[f"{name}_p"])


def _as_json(row: Mapping[Any, Any]) -> dict[str, Any]:
    flat = {str(name): None if value != value else value for name, value in row.items()}
    if "no_factor" in flat:
        of_factors = {
            factor: {name: flat.pop(f"{SHAPLEY}{factor}{end}") for name, end in _ENDS.items()}
            for factor in FACTORS
        }
        flat["shapley"] = None if flat["no_factor"] is None else of_factors
    for name in ("minus_sae", "minus_cosine"):
        ends = {end: flat.pop(f"{name}_{end}") for end in ("low", "high", "p")}
        flat[name] = {"difference": flat[name], **ends}
    return flat


def ladder_facts(study: Study) -> dict[str, Any]:
    return {"format": FORMAT, "study": study.manifest["fingerprint"], "n_latents": study.n_latents}


def _write(study: Study, progress: Progress | None = None, **options: Any) -> None:
    from analyses.why.ladder.making import write_ladder  # torch, for studies that keep no such ladder yet

    if options or not ladder_is_kept(study):
        write_ladder(study, progress, **options)


LADDER = Aspect(
    "ladder",
    "The ladder",
    "Is it the states, or the dictionary?",
    (CELLS, QUERIES, FACTS),
    ladder_is_kept,
    _write,
    ladder,
    ("find", "n_seeds", "text", "match_postings"),
)

"""What a cell of a ladder is measured by: its ranking, its sparsity, its law, and how lexical its latents are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analyses.comparison.judged_queries import Judged
from analyses.laws.laws import tail_of
from analyses.statistics.intervals import bootstrap_means
from analyses.statistics.shapley import shapley_values
from analyses.why.factors.game import scoring_game
from retrieval.bm25 import IDFS, Bm25Parameters
from retrieval.index import Index
from retrieval.run import Run
from retrieval.weighted_index import WeightedIndex

DEPTH = 100
SHAPLEY = "shapley_"  # before the name of a factor of BM25
PER_QUERY = ("nDCG@10", "nDCG@10_lucene", "R@100")


@dataclass(frozen=True, eq=False)
class Measured:
    """per_query: PER_QUERY -> float64 (n_queries,). facts: of the cell's vocabulary, see `vocabulary_facts`."""

    per_query: Mapping[str, NDArray[np.float64]]
    facts: Mapping[str, float]

    def with_facts(self, **facts: float) -> Measured:
        """The same with these facts added."""
        return Measured(self.per_query, {**self.facts, **facts})

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "per_query": {name: values.tolist() for name, values in self.per_query.items()},
            "facts": dict(self.facts),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Measured:
        """The inverse of `to_dict`."""
        per_query = {name: np.array(values, np.float64) for name, values in stored["per_query"].items()}
        return cls(per_query, stored["facts"])


def measured(
    documents: csr_array, queries: csr_array, judged: Judged, pieces: csr_array | None = None
) -> Measured:
    """Rank the judged queries by BM25 over these counts, under the paper's parameters and both idfs."""
    index = Index.from_counts(documents)
    runs = {idf: judged.run(WeightedIndex.of(index, Bm25Parameters(idf=idf)), DEPTH, queries) for idf in IDFS}
    return Measured(
        {
            "nDCG@10": judged.ndcg(runs["clipped"].documents),
            "nDCG@10_lucene": judged.ndcg(runs["lucene"].documents),
            "R@100": judged.recall(runs["clipped"].documents, DEPTH),
        },
        vocabulary_facts(index) | ({} if pieces is None else {"wordpiece_share": majority_share(pieces)}),
    )


def factor_facts(documents: csr_array, queries: csr_array, judged: Judged) -> dict[str, float]:
    """What each factor of BM25 adds to nDCG@10 over these counts, with 95% intervals: shapley_root, _low, _high ...

    no_factor: nDCG@10 of the sum of the counts of the query's terms, which the factors add to (`factors.game`).
    """
    game = scoring_game(Index.from_counts(documents), queries, Bm25Parameters(), judged)
    values = shapley_values(game.ndcg)
    facts = {"no_factor": float(game.ndcg[0].mean())}
    for factor, value, (low, high) in zip(game.factors, values, bootstrap_means(values), strict=True):
        ends = {"": value.mean(), "_low": low, "_high": high}
        facts |= {f"{SHAPLEY}{factor}{end}": float(number) for end, number in ends.items()}
    return facts


def of_run(run: Run, judged: Judged) -> Measured:
    """The same of a run that has no vocabulary."""
    ndcg = judged.ndcg(run.documents)
    return Measured(
        {"nDCG@10": ndcg, "nDCG@10_lucene": ndcg, "R@100": judged.recall(run.documents, DEPTH)}, {}
    )


def vocabulary_facts(index: Index) -> dict[str, float]:
    """postings_per_document; never_fires, in_half: share of the latents in no document, in half or more.

    exponent, law_distance: of the likeliest power law of document frequencies, and its Kolmogorov-Smirnov distance
    from them (`analyses.laws`); no goodness-of-fit test.
    """
    frequency = index.document_frequency
    exponent, distance = tail_of(frequency)
    return {
        "postings_per_document": index.n_postings / max(index.n_docs, 1),
        "never_fires": float((frequency == 0).mean()),
        "in_half": float((2 * frequency >= index.n_docs).mean()),
        "exponent": exponent,
        "law_distance": distance,
    }


def majority_share(pieces: csr_array) -> float:
    """The share of all activation on the wordpiece on which the latent has most: how lexical latents are.

    pieces: summed activations, csr (n_latents, n_pieces). 1: every latent fires on one wordpiece alone.
    """
    total = float(pieces.sum())
    return float(pieces.max(axis=1).sum()) / total if total > 0 else float("nan")

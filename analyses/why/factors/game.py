"""BM25 with each subset of its five factors switched on: exact rankings, each a reweighting of the same postings.

    score(q, d) = sum_j u_j(q) i_j v_j(d)        w = phi(count)        norm = 1 - b + b |d| / avg|d|
    v = w (k1 + 1) / (w + k1 norm)               i = idf               u = w(q)                 all five on

    root off            w = count in both texts, |d| = sum of counts, and k1 times (mean positive count / mean
                        positive phi(count)), so that a mean count is as far along the saturation curve as its root
    idf off             i = 1
    saturation off      v = w / norm, the limit of a large k1
    length off          norm = 1
    query weights off   u = 1 for each term of the query

All on is BM25 as the workbench ranks by it, to the bit; all off sums the counts of the query's terms. Where phi is
the count itself, as for words, there is no root to switch off, and four factors are left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analyses.comparison.judged_queries import DEPTH, Judged
from data.progress import StepProgress
from retrieval import bm25
from retrieval.bm25 import Bm25Parameters
from retrieval.index import Index
from retrieval.weighted_index import WeightedIndex

ROOT, IDF, SATURATION, LENGTH, QUERY = "root", "idf", "saturation", "length", "query weights"
FACTORS = (ROOT, IDF, SATURATION, LENGTH, QUERY)
RECALL_DEPTH = 100


@dataclass(frozen=True, eq=False)
class ScoringGame:
    """nDCG@10 and R@100 of each judged query under each subset of `factors`.

    ndcg, recall: float64 (2^n_factors, n_queries); bit i of a row's number says whether factors[i] is on.
    """

    factors: tuple[str, ...]
    ndcg: NDArray[np.float64]
    recall: NDArray[np.float64]

    def subset(self, row: int) -> tuple[str, ...]:
        """The factors that are on in a row."""
        return tuple(factor for place, factor in enumerate(self.factors) if row >> place & 1)


def factors_of(parameters: Bm25Parameters) -> tuple[str, ...]:
    """The factors that BM25 under these parameters has: no root where the term frequency is the count."""
    return tuple(factor for factor in FACTORS if factor != ROOT or parameters.phi != "none")


def scoring_game(
    index: Index,
    counts: csr_array,
    parameters: Bm25Parameters,
    judged: Judged,
    progress: StepProgress | None = None,
) -> ScoringGame:
    """Rank the judged queries by every subset of the factors.

    counts: of the judged queries over the index's terms, csr (n_queries, n_terms). progress: subsets done, of all.
    """
    factors = factors_of(parameters)
    counts = csr_array(counts)
    counts.eliminate_zeros()
    present = csr_array((np.ones_like(counts.data), counts.indices, counts.indptr), shape=counts.shape)
    n_subsets = 1 << len(factors)
    ndcg, recall = np.zeros((n_subsets, len(judged))), np.zeros((n_subsets, len(judged)))
    for done, (chosen, weighted) in enumerate(indexes(index, parameters, factors), start=1):
        for queries in (present, counts):
            on = chosen | {QUERY} if queries is counts else chosen
            row = sum(1 << place for place, factor in enumerate(factors) if factor in on)
            ranked = judged.run(weighted, RECALL_DEPTH, queries).documents
            ndcg[row], recall[row] = judged.ndcg(ranked, DEPTH), judged.recall(ranked, RECALL_DEPTH)
        if progress:
            progress(2 * done, n_subsets)
    return ScoringGame(factors, ndcg, recall)


def indexes(
    index: Index, parameters: Bm25Parameters, factors: tuple[str, ...]
) -> Iterator[tuple[frozenset[str], WeightedIndex]]:
    """Every subset of the factors on the documents' side, and the index under it."""
    for root in (True, False) if ROOT in factors else (True,):
        for length in (True, False):
            rooted = parameters if root else without_root(index, parameters)
            whole = WeightedIndex.of(index, rooted if length else replace(rooted, b=0.0))
            for saturated in (True, False):
                impact = whole.impact if saturated else _unsaturated(whole)
                for idf in (True, False):
                    on = {ROOT: root, LENGTH: length, SATURATION: saturated, IDF: idf}
                    chosen = frozenset(factor for factor in factors if on.get(factor))
                    yield chosen, _with(whole, impact, whole.idf if idf else np.ones(index.n_terms))


def without_root(index: Index, parameters: Bm25Parameters) -> Bm25Parameters:
    """The parameters with w = count, and k1 rescaled by the ratio of the mean positive term frequencies."""
    rooted = float(bm25.term_weight(index.counts, parameters.phi).mean()) if index.n_postings else 1.0
    counted = float(np.asarray(index.counts, np.float64).mean()) if index.n_postings else 1.0
    return replace(parameters, phi="none", k1=parameters.k1 * counted / rooted)


def _unsaturated(whole: WeightedIndex) -> NDArray[np.float32]:
    """v = w / norm of each posting."""
    norm = bm25.length_norm(whole.document_length, whole.average_length, whole.parameters.b)
    weight = bm25.term_weight(whole.index.counts, whole.parameters.phi)
    # A document without any term has no postings, so no norm that is used is 0.
    return (weight / norm[whole.index.documents]).astype(np.float32)


def _with(whole: WeightedIndex, impact: NDArray[np.float32], idf: NDArray[np.float64]) -> WeightedIndex:
    return WeightedIndex.with_impact(
        whole.index, whole.parameters, impact, idf, whole.document_length, whole.average_length
    )

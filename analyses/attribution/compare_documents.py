"""Why one document is ranked above another: the difference of their score breakdowns, and what reverses it.

    score(q, A) - score(q, B) = sum_j d_j        d_j = c_j(A) - c_j(B)

The difference is exact, and antisymmetric: B against A has every sign reversed. `_smallest_sets` finds the latents
that decide; each set is then removed from the query and the collection searched again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analyses.attribution._smallest_sets import least_to_fall, smallest_exit, smallest_swap
from analyses.attribution.score_breakdown import position_of, share_over_tokens, token_credit
from analyses.statistics.intervals import wilson
from data.errors import UserError
from data.notebook_html import panel
from retrieval.bm25 import Bm25Parameters, term_weight
from retrieval.columns import rank_of
from retrieval.queries import EncodedText
from retrieval.search import contribution_table, scores_of_all
from retrieval.study import Study

N_DRAWS = 1000
NEAREST, MOST = 256, 4096  # rival documents of `leave_top`: at first, and at most


@dataclass(frozen=True)
class SmallestSet:
    """Latents without which a ranking changes.

    latents: by falling difference (or contribution). at_least: lower bound on the size of such a set. ranks: of the
    documents when the collection is searched without these latents, None for a score of 0. turned: whether that
    search confirms the change; differences below float32's rounding may not.
    """

    latents: tuple[int, ...]
    at_least: int
    ranks: tuple[int | None, ...]
    turned: bool

    @property
    def proven(self) -> bool:
        """Whether this is known to be a smallest set."""
        return len(self.latents) == self.at_least

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "latents": list(self.latents), "ranks": list(self.ranks)}


@dataclass(frozen=True)
class RandomSets:
    """Control: how often as many random latents, of the n_latents that either document has, reverse the pair.

    turned of n_draws; low, high: Wilson's 95% interval of the share.
    """

    n_latents: int
    n_draws: int
    turned: int

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.turned, self.n_draws)


@dataclass(frozen=True)
class Pair:
    """Two documents under one query.

    scores (float32 of search) and ranks (None: not found) of first and second. breakdown, in float64, falling
    by size of difference, one row per latent that either has: latent, query_weight, idf, weight_first,
    weight_second, contribution_first, contribution_second, difference = first - second. residual: difference
    of the scores minus the sum of differences (rounding only). swap: the smallest set that reverses the
    order, None if no set does; control: random sets of that size.
    """

    query: str
    first: str
    second: str
    scores: tuple[float, float]
    ranks: tuple[int | None, int | None]
    residual: float
    breakdown: pd.DataFrame
    swap: SmallestSet | None
    control: RandomSets | None

    @cached_property
    def first_leads(self) -> bool:
        """Whether the first is ranked above the second."""
        first, second = (rank or np.inf for rank in self.ranks)
        return first <= second

    def to_dict(self) -> dict[str, Any]:
        """The pair as JSON can hold it."""
        return {
            "query": self.query,
            "documents": [
                {"doc_id": doc_id, "rank": rank, "score": score}
                for doc_id, rank, score in zip(
                    (self.first, self.second), self.ranks, self.scores, strict=True
                )
            ],
            "residual": self.residual,
            "latents": self.breakdown.to_dict("records"),
            "smallest_set": list(self.swap.latents) if self.swap else None,
            "without_it": self.swap.to_dict() if self.swap else None,
            "random_sets": None
            if self.control is None
            else {
                "n_latents": self.control.n_latents,
                "n_draws": self.control.n_draws,
                "turned": self.control.turned,
                "interval": list(self.control.interval),
            },
        }

    def _repr_html_(self) -> str:
        both = zip((self.first, self.second), self.ranks, self.scores, strict=True)
        scores = {
            f"{doc_id}, {f'rank {rank}' if rank else 'not found'}": score for doc_id, rank, score in both
        }
        note = "No set of latents changes their places."
        if self.swap is not None and self.control is not None:
            n, sets = len(self.swap.latents), self.control
            note = (
                f"Without {n} latents they change places; {sets.turned} of {sets.n_draws} random sets do too."
            )
        columns = ["latent", "contribution_first", "contribution_second", "difference"]
        return panel(self.query, scores, self.breakdown[columns], [note])


def compare(
    study: Study,
    query: str | EncodedText,
    first: str,
    second: str,
    parameters: Bm25Parameters | None = None,
    seed: int = 0,
) -> Pair:
    """Two documents of a study under one query; an unknown document, or the same twice, is a `UserError`."""
    documents = [position_of(study, doc_id) for doc_id in (first, second)]
    if documents[0] == documents[1]:
        raise UserError(f'"{first}" was given twice: compare two different documents')
    encoded = study.encode(query) if isinstance(query, str) else query
    index = study.weighted(parameters)
    table = contribution_table(index, encoded.counts, np.array(documents))
    scores = scores_of_all(index, encoded.counts)
    pair_scores = float(scores[documents[0]]), float(scores[documents[1]])
    breakdown = _breakdown(study, encoded.counts, documents, table, parameters or Bm25Parameters())
    swap, control = _swap(study, encoded.counts, documents, table, scores, parameters, seed)
    return Pair(
        encoded.text,
        first,
        second,
        pair_scores,
        (rank_of(scores, documents[0]), rank_of(scores, documents[1])),
        pair_scores[0] - pair_scores[1] - float(breakdown["difference"].sum()),
        breakdown,
        swap,
        control,
    )


def leave_top(
    study: Study,
    query: str | EncodedText,
    doc_id: str,
    k: int = 10,
    parameters: Bm25Parameters | None = None,
    seconds: float = 2.0,
) -> SmallestSet:
    """The smallest set of the query's latents without which a document is no longer among the first k.

    The size is exact where `proven`; otherwise it lies between at_least and len(latents). seconds: time limit
    of the integer programme. A document that is not among the first k is a `UserError`.
    """
    document = position_of(study, doc_id)
    encoded = study.encode(query) if isinstance(query, str) else query
    index = study.weighted(parameters)
    scores = scores_of_all(index, encoded.counts)
    rank = rank_of(scores, document)
    if rank is None or rank > k:
        raise UserError(f'document "{doc_id}" is at rank {rank}: choose one among the first {k}')
    order = np.lexsort((np.arange(len(scores)), -scores))
    order = order[(scores[order] > 0) & (order != document)]
    n_nearest = NEAREST
    while True:
        rivals = order[:n_nearest]
        beyond = float(scores[order[n_nearest]]) if len(order) > n_nearest else 0.0
        table = contribution_table(index, encoded.counts, np.append(document, rivals))
        arguments = table[:, 0], table[:, 1:], rivals < document, k
        exit_ = smallest_exit(*arguments, seconds=0, beyond=beyond)
        covered = len(order) <= n_nearest or least_to_fall(table[:, 0], beyond) >= len(exit_.rows)
        if exit_.proven or covered or n_nearest >= MOST:
            break
        n_nearest *= 4
    if not exit_.proven:
        exit_ = smallest_exit(*arguments, seconds=seconds, beyond=beyond)
    rows = exit_.rows[np.argsort(-table[exit_.rows, 0], kind="stable")]
    rank = rank_of(scores_of_all(index, without(encoded.counts, rows)), document)
    return SmallestSet(
        tuple(encoded.counts.indices[rows].tolist()), exit_.at_least, (rank,), rank is None or rank > k
    )


def difference_on_tokens(study: Study, pair: Pair) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The difference of scores shared over each document's tokens: position, token, start, end, credit.

    A latent's difference is shared over the tokens on which the latent fires, in proportion to activation, in each
    document that has the latent: credit above 0 favours the first document, in either text.
    """
    breakdown = pair.breakdown.rename(columns={"difference": "contribution"})
    tables = []
    for doc_id in (pair.first, pair.second):
        rows, table = study.tokens.document(position_of(study, doc_id)), study.tokens
        tokens = share_over_tokens(
            breakdown,
            study,
            table.token_ids[rows],
            table.spans[rows],
            table.indices[rows],
            table.activations[rows],
        )
        tables.append(token_credit(tokens))
    return tables[0], tables[1]


def without(query: csr_array, rows: NDArray[np.integer[Any]]) -> csr_array:
    """A query (1, n_terms) without some of its entries."""
    kept = np.delete(np.arange(query.nnz), rows)
    arrays = (query.data[kept], query.indices[kept], np.array([0, len(kept)]))
    return csr_array(arrays, shape=query.shape)


def _swap(
    study: Study,
    query: csr_array,
    documents: list[int],
    table: NDArray[np.float64],
    scores: NDArray[np.float32],
    parameters: Bm25Parameters | None,
    seed: int,
) -> tuple[SmallestSet | None, RandomSets | None]:
    """The smallest set that reverses the order of two documents, and random sets of as many latents."""
    leads = (scores[documents[0]], -documents[0]) > (scores[documents[1]], -documents[1])
    upper, lower = (0, 1) if leads else (1, 0)
    on_ties = documents[lower] < documents[upper]
    rows = smallest_swap(table[:, upper], table[:, lower], on_ties)
    if rows is None:
        return None, None
    difference = table[:, upper] - table[:, lower]
    rows = rows[np.argsort(-difference[rows], kind="stable")]
    after = scores_of_all(study.weighted(parameters), without(query, rows))
    ranks = tuple(rank_of(after, document) for document in documents)
    turned = (ranks[lower] or np.inf) < (ranks[upper] or np.inf)
    either = np.flatnonzero(table.any(axis=1))
    draws = np.random.default_rng(seed).random((N_DRAWS, len(either))).argsort(axis=1)[:, : len(rows)]
    left = difference.sum() - difference[either][draws].sum(axis=1)
    drawn = int(((left < 0) | ((left == 0) & on_ties)).sum())
    return (
        SmallestSet(tuple(query.indices[rows].tolist()), len(rows), ranks, turned),
        RandomSets(len(either), N_DRAWS, drawn),
    )


def _breakdown(
    study: Study,
    query: csr_array,
    documents: list[int],
    table: NDArray[np.float64],
    parameters: Bm25Parameters,
) -> pd.DataFrame:
    weights = [
        term_weight(study.index.counts_of(document, query.indices), parameters.phi) for document in documents
    ]
    breakdown = pd.DataFrame(
        {
            "latent": query.indices.astype(np.int64),
            "query_weight": term_weight(query.data, parameters.phi),
            "idf": study.weighted(parameters).idf[query.indices],
            "weight_first": weights[0],
            "weight_second": weights[1],
            "contribution_first": table[:, 0],
            "contribution_second": table[:, 1],
            "difference": table[:, 0] - table[:, 1],
        }
    )
    either = breakdown[(breakdown["weight_first"] > 0) | (breakdown["weight_second"] > 0)]
    order = np.argsort(-either["difference"].abs().to_numpy(), kind="stable")
    return either.iloc[order].reset_index(drop=True)

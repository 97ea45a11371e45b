"""Fusions of systems: hybrids with the latent terms, and hybrids to compare them with.

    rrf      sum_s w_s / (60 + rank_s(d))                       Cormack, Clarke and Büttcher, SIGIR 2009
    zscore   sum_s w_s (score_s(d) - mean_s) / sd_s
    minmax   sum_s w_s (score_s(d) - min_s) / (max_s - min_s)

Each system contributes its first POOL documents; mean, sd, min and max are over these. A document that a system
does not have among them gets the system's lowest score there, or no reciprocal rank. Weights w_s are 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from retrieval.bm25 import Bm25Parameters
from retrieval.queries import QuerySet
from retrieval.run import Run
from retrieval.study_folder import StudyFolder
from retrieval.systems.system import Reads, System, ranked
from retrieval.top_k import best_keys, decode_keys, no_keys, rank_keys

Method = Literal["rrf", "zscore", "minmax"]
TITLES: dict[Method, str] = {"rrf": "reciprocal ranks", "zscore": "z-scores", "minmax": "min-max scores"}
POOL, RRF_K = 1000, 60


def fuse(
    runs: Sequence[Run], method: Method, depth: int, n_docs: int, weights: Sequence[float] | None = None
) -> Run:
    """Fuse runs over the same queries and documents into one run to `depth`; ties in document order.

    weights: w_s, (n_runs,); None: 1. Sums are float64 in the order of the runs, stored as float32.
    """
    first, run_weights = runs[0], weights or [1.0] * len(runs)
    keys = no_keys(len(first), len(first), depth)
    for query in range(len(first)):
        score, ranked = np.zeros(n_docs), np.zeros(n_docs, bool)
        for run, weight in zip(runs, run_weights, strict=True):
            results = run.documents[query] >= 0
            documents = run.documents[query][results]
            values, absent = normalised(run.scores[query][results].astype(np.float64), method)
            score += weight * absent
            score[documents] += weight * (values - absent)
            ranked[documents] = True
        candidates = np.flatnonzero(ranked)
        best = best_keys(rank_keys(score[candidates].astype(np.float32), candidates), depth)
        keys[query, : len(best)] = best
    return Run(first.query_ids, first.document_ids, *decode_keys(keys))


def normalised(scores: NDArray[np.float64], method: Method) -> tuple[NDArray[np.float64], float]:
    """Descending scores (n,) of one query by one system, normalised, and the value of unranked documents."""
    if not len(scores):
        return scores, 0.0
    if method == "rrf":
        return 1.0 / (RRF_K + np.arange(1, len(scores) + 1)), 0.0
    low = scores.min()
    centre, spread = (scores.mean(), scores.std()) if method == "zscore" else (low, scores.max() - low)
    if not spread > 0:
        return np.zeros(len(scores)), 0.0
    return (scores - centre) / spread, float((low - centre) / spread)


def fusion(method: Method, parts: Sequence[System], colour: str) -> System:
    """The system that fuses `parts`; it can rank where all of its parts can."""

    def rank(
        study: StudyFolder, queries: QuerySet, depth: int, parameters: Bm25Parameters | None = None
    ) -> Run:
        pool = max(POOL, depth)
        runs = [ranked(part, study, queries, pool, parameters) for part in parts]
        return fuse(runs, method, depth, len(study.corpus))

    order: tuple[Reads, ...] = ("text", "encoder", "latents")
    return System(
        "_".join((method, *(part.name for part in parts))),
        f"{' + '.join(part.title_within_sentence if i else part.title for i, part in enumerate(parts))}, "
        f"{TITLES[method]}",
        colour,
        rank,
        reads=max((part.reads for part in parts), key=order.index),
        can_rank=lambda study: all(part.can_rank(study) for part in parts),
        parts=tuple(part.name for part in parts),
    )


def fusion_method(name: str) -> Method:
    """The method that a fusion's name begins with."""
    return next(method for method in TITLES if name.startswith(f"{method}_"))

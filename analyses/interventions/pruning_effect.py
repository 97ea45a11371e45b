"""How well does a vocabulary rank without its most, or its least, frequent latents?

    head, tail     the most, the least frequent share of the latents that occur at all, by documents
    index          they are not counted: no postings and no part of |d|, as in `retrieval.pruning`
    scoring        they stay in the documents and in |d|, and contribute to no score
    control        random other latents with as many postings, pruned in the same way

The difference to the whole vocabulary is query by query, with a 95% percentile bootstrap interval over queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.comparison.judged_queries import Judged, judged_queries
from analyses.statistics.intervals import bootstrap_mean
from data.progress import Progress
from retrieval.bm25 import PHIS, Bm25Parameters, Phi, term_weight
from retrieval.index import Index
from retrieval.pruning import as_many_postings, least_frequent, most_frequent
from retrieval.stored_tables import read_kept, write_kept
from retrieval.study import Study
from retrieval.weighted_index import WeightedIndex

Part = Literal["head", "tail"]
Where = Literal["index", "scoring"]
PARTS: tuple[Part, ...] = get_args(Part)
WHERES: tuple[Where, ...] = get_args(Where)
SHARES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5)
N_CURVE_QUERIES = 400  # sampled for the curve
N_CONTROLS = 2
FORMAT = 1


@dataclass(frozen=True)
class Pruning:
    """What is pruned: `part`, `share` of the latents that occur, where, and the parameters of scoring."""

    part: Part
    share: float
    where: Where
    parameters: Bm25Parameters = field(default_factory=Bm25Parameters)


@dataclass(frozen=True)
class PruningEffect:
    """The effect of a pruning on nDCG@10, over n_queries.

    before, after: means; change, low, high: mean of after - before, query by query, and its 95% interval. control:
    mean change without as many postings of other latents, the mean of some draws, with control_low and control_high
    (of the queries' mean over draws); NaN where the others have fewer postings. n_latents pruned; postings, length:
    their share of all postings and of sum_d |d|.
    """

    pruning: Pruning
    n_queries: int
    before: float
    after: float
    change: float
    low: float
    high: float
    control: float
    control_low: float
    control_high: float
    n_latents: int
    postings: float
    length: float


def pruned_latents(index: Index, part: Part, share: float) -> NDArray[np.int64]:
    """The pruned latents, most frequent first in the head and last in the tail; ties by number."""
    return (most_frequent if part == "head" else least_frequent)(index, share)


def weighted_without(
    index: Index, latents: NDArray[np.integer[Any]], parameters: Bm25Parameters
) -> WeightedIndex:
    """`WeightedIndex.of(without_terms(index, latents), parameters)`, without copying postings.

    The postings of `latents` stay, with idf 0, and |d| is reduced by their part: equal but for float64's rounding.
    """
    weighted = WeightedIndex.of(shortened(index, latents, parameters.phi), parameters)
    weighted.idf[latents] = 0.0
    return weighted


def shortened(index: Index, latents: NDArray[np.integer[Any]], phi: Phi) -> Index:
    """The index with all its postings, and |d| (under this phi alone) without the part of `latents`."""
    gone = np.zeros(index.n_docs)
    for latent in latents.tolist():
        documents, counts = index.postings(latent)
        gone[documents] += term_weight(counts, phi)
    lengths = index.document_lengths.copy()
    row = lengths[PHIS.index(phi)]
    row -= gone
    row[row < 1e-9 * (row + gone)] = 0.0  # what rounding leaves of a document that has nothing else
    return replace(index, document_lengths=lengths)


def pruning_effect(
    study: Study,
    pruning: Pruning,
    judged: Judged | None = None,
    control_seeds: Sequence[int] = (0,),
    before: NDArray[np.float64] | None = None,
) -> PruningEffect:
    """Rank `judged` (None: every judged query) with and without the pruned latents.

    before: nDCG@10 of each of these queries with all latents, if known.
    """
    judged = judged or judged_queries(study)
    latents = pruned_latents(study.index, pruning.part, pruning.share)
    before = ndcg_with_all(study, judged, pruning.parameters) if before is None else before
    change = _ndcg(study, judged, latents, pruning) - before
    random_sets = [as_many_postings(study.index, latents, seed) for seed in control_seeds]
    controls = [
        _ndcg(study, judged, other, pruning) - before
        for other in random_sets
        if len(latents) and _postings(study.index, other) >= _postings(study.index, latents)
    ]
    control = np.mean(controls, axis=0) if controls else np.full(len(judged), np.nan)
    return PruningEffect(
        pruning,
        len(judged),
        float(before.mean()),
        float((before + change).mean()),
        float(change.mean()),
        *bootstrap_mean(change),
        float(control.mean()),
        *(bootstrap_mean(control) if controls else (float("nan"), float("nan"))),
        len(latents),
        *_shares(study, latents),
    )


def ndcg_with_all(study: Study, judged: Judged, parameters: Bm25Parameters) -> NDArray[np.float64]:
    """nDCG@10 of each query with all latents, (n_queries,)."""
    return judged.ndcg(judged.run(study.weighted(parameters)).documents)


def ndcg_with(
    study: Study, judged: Judged, parameters: Bm25Parameters, kept: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """nDCG@10 of each query with the `kept` (n_latents,) of its latents alone, (n_queries,)."""
    counts = judged.counts.copy()
    counts.data = counts.data * kept[counts.indices]
    return judged.ndcg(judged.run(study.weighted(parameters), counts=counts).documents)


def pruning_curve(study: Study, idf: Literal["clipped", "lucene"] = "clipped") -> pd.DataFrame | None:
    """The curve that `write_pruning_curve` kept, one row per part, where and share; None before that.

    Columns part, where, share and the fields of `PruningEffect`; n_queries drawn from all, by seed 0.
    """
    return read_kept(study.path / f"pruning-{idf}.parquet", _facts(study))


def write_pruning_curve(
    study: Study,
    idf: Literal["clipped", "lucene"] = "clipped",
    n_queries: int = N_CURVE_QUERIES,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Measure the curve on a sample of the queries and keep it in the study, as pruning-IDF.parquet."""
    judged, rows = judged_queries(study).sample(n_queries), []
    before = ndcg_with_all(study, judged, Bm25Parameters(idf=idf))
    settings = [(part, where, share) for part in PARTS for where in WHERES for share in SHARES]
    for done, (part, where, share) in enumerate(settings, start=1):
        pruning = Pruning(part, share, where, Bm25Parameters(idf=idf))
        effect = pruning_effect(study, pruning, judged, range(N_CONTROLS), before)
        numbers = {name: value for name, value in vars(effect).items() if name != "pruning"}
        rows.append({"part": part, "where": where, "share": share, **numbers})
        if progress:
            progress("Rank without the head and the tail", done, len(settings))
    curve = pd.DataFrame(rows)
    write_kept(study.path / f"pruning-{idf}.parquet", curve, _facts(study))
    return curve


def _ndcg(study: Study, judged: Judged, latents: NDArray[np.int64], pruning: Pruning) -> NDArray[np.float64]:
    """nDCG@10 of each query without these latents, (n_queries,)."""
    if pruning.where == "scoring":
        kept = np.ones(study.n_latents, bool)
        kept[latents] = False
        return ndcg_with(study, judged, pruning.parameters, kept)
    return judged.ndcg(judged.run(weighted_without(study.index, latents, pruning.parameters)).documents)


def _shares(study: Study, latents: NDArray[np.int64]) -> tuple[float, float]:
    """These latents' share of all postings and of sum_d |d|."""
    index = study.index
    length = sum(float(term_weight(index.postings(j)[1], "sqrt").sum()) for j in latents.tolist())
    return (
        float(index.document_frequency[latents].sum() / max(index.n_postings, 1)),
        length / max(float(index.document_length("sqrt").sum()), 1e-12),
    )


def _postings(index: Index, latents: NDArray[np.int64]) -> int:
    return int(index.document_frequency[latents].sum())


def _facts(study: Study) -> dict[str, Any]:
    return {"format": FORMAT, "study": study.manifest["fingerprint"], "n_latents": study.n_latents}

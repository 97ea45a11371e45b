"""How much of a cosine ranking survives reconstruction, and how similar the decoder's directions are.

q and d are the vectors of a query and a document, q^ and d^ the same pooled from reconstructed states.

    cosine kept     for each query, over the DEPTH documents of highest cos(q, d): the rank correlation of cos(q, d)
                    with cos(q^, d^)
    overlap@10      share of the first ten documents by cos(q, d) that are among the first ten by cos(q^, d^), both
                    in the whole corpus
    similarity_j    max_{i != j} cos(W_dec_i, W_dec_j)
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from retrieval.cosine import unit_rows
from retrieval.run import Run

DEPTH = 100
ROWS = 512  # queries or latents whose products are held at once

Floats = NDArray[np.float32]


def ranking_kept(
    vectors: tuple[Floats, Floats],
    replaced: tuple[Floats, Floats],
    original: Run,
    reconstructed: Run,
) -> pd.DataFrame:
    """kendall_tau (tau-b), spearman_rho and overlap@10 of each query, index query_id, (n_queries, 3).

    vectors, replaced: documents (n_docs, d_model) and queries (n_queries, d_model), before and after
    reconstruction; original, reconstructed: the runs of their cosines, `DEPTH` deep. Correlated are the cosines of
    the documents of `original` alone: the best DEPTH, or all where the corpus has fewer. Where either is constant,
    no order is kept, and the correlation counts as 0.
    """
    before = _cosines(original.documents, *vectors)
    after = _cosines(original.documents, *replaced)
    rows = []
    for query, documents in enumerate(original.documents):
        known = documents >= 0
        original_cosine, reconstructed_cosine = before[query, known], after[query, known]
        first = set(documents[known][:10].tolist())
        shared = first & set(reconstructed.documents[query, :10].tolist())
        rows.append(
            (*rank_correlations(original_cosine, reconstructed_cosine), len(shared) / max(len(first), 1))
        )
    index = pd.Index(list(original.query_ids), name="query_id")
    return pd.DataFrame(rows, index=index, columns=["kendall_tau", "spearman_rho", "overlap@10"])


def rank_correlations(a: Floats, b: Floats) -> tuple[float, float]:
    """Kendall's tau-b and Spearman's rho of two scores of the same documents, (n_docs,); 0 if one is constant."""
    from scipy.stats import ConstantInputWarning, kendalltau, spearmanr  # half a second to import

    if len(a) < 2:
        return 0.0, 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConstantInputWarning)
        tau, rho = kendalltau(a, b).statistic, spearmanr(a, b).statistic
    return float(np.nan_to_num(tau)), float(np.nan_to_num(rho))


def _cosines(documents: NDArray[np.int32], of_documents: Floats, of_queries: Floats) -> Floats:
    """cos(query, document) of each query's own documents, (n_queries, depth); of document -1 it means nothing."""
    unit_documents, unit_queries = unit_rows(of_documents), unit_rows(of_queries)
    cosines = np.empty(documents.shape, np.float32)
    for start in range(0, len(documents), ROWS):
        rows = slice(start, start + ROWS)
        cosines[rows] = np.einsum("qd,qnd->qn", unit_queries[rows], unit_documents[documents[rows]])
    return cosines


def decoder_similarities(W_dec: torch.Tensor) -> Floats:
    """For each latent, its largest cosine with another latent's decoder direction, float32 (n_latents,).

    W_dec: (n_latents, d_model). Exact, ROWS latents against all at a time; 0 where there is no other latent.
    """
    unit = torch.nn.functional.normalize(W_dec.float(), dim=1)
    largest = [torch.zeros(0, device=unit.device)]
    for start in range(0, len(unit), ROWS):
        cosines = unit[start : start + ROWS] @ unit.T
        own = torch.arange(len(cosines), device=unit.device)
        cosines[own, start + own] = -torch.inf
        largest.append(cosines.amax(1))
    similarities: Floats = torch.cat(largest).clamp(-1, 1).cpu().numpy()
    return similarities if len(unit) > 1 else np.zeros(len(unit), np.float32)


def histogram(values: Sequence[float] | NDArray[np.floating], edges: NDArray[np.float64]) -> tuple[int, ...]:
    """How many values lie in each bin; what lies outside counts in the first or the last."""
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
    return tuple(counts.tolist())

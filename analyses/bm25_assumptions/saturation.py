"""Where on BM25's saturation curve do term frequencies lie, and does the evidence of relevance follow the curve?

    x = w_j(d) / norm(d)        norm(d) = 1 - b + b |d| / avg|d|        saturation = x (k1 + 1) / (x + k1)
    evidence(x)                 ln( relevant documents with j at x / as many drawn from all documents with j )

At x = k1 a weight is half saturated; far below k1 the curve is a straight line, and BM25 adds weights as they are.
The evidence is measured for each term of each query and each relevant document with the term, by comparing its x
there with the term's own x in the whole collection, so that document frequency cancels. Where the evidence still
rises, a flat curve would lose information; the fitted k1 is that of the nearest curve up to scale and offset, which
need not be the k1 that ranks best. Intervals are 95% percentile
bootstraps over queries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analyses.comparison.judged_queries import Judged
from retrieval.bm25 import Bm25Parameters, average_length, length_norm, saturation, term_weight
from retrieval.index import Index
from retrieval.kernels import kernel

N_BINS = 16
N_RESAMPLES = 300
K1_GRID = np.geomspace(0.05, 200, 120)


@dataclass(frozen=True)
class Saturation:
    """Weights and evidence of one vocabulary, under its own parameters.

    table: one row per bin of x, of about equally many postings, columns system, low, high, x (mean), postings,
    relevant (terms of queries in relevant documents), expected (as many draws from the same terms),
    evidence: ln of their ratio, evidence_low, evidence_high (NaN where none falls), saturation: the curve under
    the parameters. Of all postings: median_x and, at it, median_saturation as a share of its bound; straight:
    the share of postings below k1 / 4, where the curve is within a fifth of a straight line. k1_fit, k1_low,
    k1_high: see above; infinite where a straight line fits best.
    """

    system: str
    parameters: Bm25Parameters
    table: pd.DataFrame
    median_x: float
    median_saturation: float
    straight: float
    k1_fit: float
    k1_low: float
    k1_high: float
    n_queries: int

    def to_dict(self) -> dict[str, Any]:
        """The numbers as JSON can hold them: unknown values and an infinite k1 are None."""
        numbers = {name: value for name, value in vars(self).items() if name not in ("parameters", "table")}
        finite = {
            name: None if isinstance(value, float) and not np.isfinite(value) else value
            for name, value in numbers.items()
        }
        rows = self.table.astype(object).where(self.table.notna(), None)
        return {**finite, "k1": self.parameters.k1, "bins": rows.to_dict("records")}


def normed_weights(index: Index, parameters: Bm25Parameters) -> NDArray[np.float32]:
    """x of each posting, float32 (n_postings,)."""
    length = index.document_length(parameters.phi)
    norm = length_norm(length, average_length(length), parameters.b).astype(np.float32)
    weight = term_weight(index.counts, parameters.phi).astype(np.float32)
    x: NDArray[np.float32] = weight / norm[index.documents]
    return x


def saturation_evidence(
    system: str, index: Index, queries: csr_array, judged: Judged, parameters: Bm25Parameters, seed: int = 0
) -> Saturation:
    """Weights and evidence of a vocabulary, from its index and the counts of the judged queries, csr (n_queries,
    n_terms).
    """
    x = normed_weights(index, parameters)
    edges = _edges(x)
    bins = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, len(edges) - 2).astype(np.uint8)
    histogram = _histogram(index.indptr, bins, len(edges) - 1)
    relevant, expected = (np.zeros((len(judged), len(edges) - 1)) for _ in range(2))
    for query, document in zip(judged.query.tolist(), judged.document.tolist(), strict=True):
        if document < index.n_docs:
            terms = queries.indices[queries.indptr[query] : queries.indptr[query + 1]]
            position = index.positions(document, terms)
            held = position >= 0
            relevant[query] += np.bincount(bins[position[held]], minlength=len(edges) - 1)
            expected[query] += histogram[terms[held]].sum(axis=0)
    centre = _means(x, bins, len(edges) - 1)
    evidence = _evidence(relevant.sum(axis=0), expected.sum(axis=0))
    n = len(judged)
    draws = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), N_RESAMPLES)
    resampled = np.array([_evidence(draw @ relevant, draw @ expected) for draw in draws])
    with np.errstate(all="ignore"):
        low, high = np.nanquantile(resampled, [0.025, 0.975], axis=0)
    weights = np.where(np.isnan(evidence), 0.0, relevant.sum(axis=0))
    fits = [_fit_k1(centre, one, weights) for one in resampled]
    k1_low, k1_high = np.quantile(fits, [0.025, 0.975], method="nearest")
    median = float(np.median(x)) if len(x) else float("nan")
    table = pd.DataFrame(
        {
            "system": system,
            "low": edges[:-1],
            "high": edges[1:],
            "x": centre,
            "postings": np.bincount(bins, minlength=len(edges) - 1),
            "relevant": relevant.sum(axis=0).astype(np.int64),
            "expected": expected.sum(axis=0),
            "evidence": evidence,
            "evidence_low": low,
            "evidence_high": high,
            "saturation": saturation(centre, parameters.k1, 1.0),
        }
    )
    return Saturation(
        system,
        parameters,
        table,
        median_x=median,
        median_saturation=median / (median + parameters.k1),
        straight=float((x < parameters.k1 / 4).mean()) if len(x) else float("nan"),
        k1_fit=_fit_k1(centre, evidence, weights),
        k1_low=float(k1_low),
        k1_high=float(k1_high),
        n_queries=n,
    )


def _edges(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Edges of bins of about equally many values; equal values share a bin."""
    if not len(x):
        return np.array([0, 1], np.float32)
    edges = np.unique(np.quantile(x, np.linspace(0, 1, N_BINS + 1)).astype(np.float32))
    return edges if len(edges) > 1 else np.array([edges[0], edges[0] + 1], np.float32)


def _means(x: NDArray[np.float32], bins: NDArray[np.uint8], n_bins: int) -> NDArray[np.float64]:
    counted = np.bincount(bins, minlength=n_bins)
    return np.bincount(bins, x, n_bins) / np.maximum(counted, 1)


def _evidence(relevant: NDArray[np.float64], expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """ln(relevant / expected) of each bin; NaN where either is zero."""
    with np.errstate(all="ignore"):
        return np.where((relevant > 0) & (expected > 0), np.log(relevant / expected), np.nan)


def _fit_k1(x: NDArray[np.float64], evidence: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """The k1 of K1_GRID whose a x / (x + k1) + c, a > 0, leaves the least weighted error; infinite at its end."""
    known = ~np.isnan(evidence) & (weights > 0)
    if known.sum() < 3:
        return float("nan")
    x, y, w = x[known], evidence[known], weights[known] / weights[known].sum()
    errors = []
    for k1 in K1_GRID:
        f = x / (x + k1)
        f = f - (w * f).sum()
        z = y - (w * y).sum()
        slope = max((w * f * z).sum() / max((w * f * f).sum(), 1e-300), 0.0)
        errors.append((w * np.square(z - slope * f)).sum())
    best = int(np.argmin(errors))
    return float("inf") if best == len(K1_GRID) - 1 else float(K1_GRID[best])


@kernel
def _histogram(indptr: NDArray[np.int64], bins: NDArray[np.uint8], n_bins: int) -> NDArray[np.float64]:
    """Share of each term's postings in each bin, (n_terms, n_bins)."""
    shares = np.zeros((len(indptr) - 1, n_bins))
    for term in range(len(indptr) - 1):
        for p in range(indptr[term], indptr[term + 1]):
            shares[term, bins[p]] += 1.0 / (indptr[term + 1] - indptr[term])
    return shares

"""What does the document length |d| measure, and which documents does b favour?

    |d| = sum_j w_j(d)        norm(d) = 1 - b + b |d| / avg|d|        a norm of 2 doubles the w that a term needs

As in Singhal, Buckley and Mitra (SIGIR 1996), documents are put into bins of equal number by length; a fair ranking
retrieves from each bin in proportion to its relevant documents. A larger share favours the bin, a smaller one
penalises it. The interval of a share is a 95% percentile bootstrap over queries.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.comparison.judged_queries import DEPTH, Judged, judged_queries, ranks_in
from retrieval.bm25 import Bm25Parameters, average_length, length_norm
from retrieval.study import Study

N_BINS = 10
N_RESAMPLES = 500
RANKED = 1000  # depth within which relevant documents have a rank
MEASURES = {"tokens": "tokens", "words": "words of the text", "latents": "distinct latents"}


def document_lengths(study: Study, parameters: Bm25Parameters | None = None) -> pd.DataFrame:
    """The length of each document by four measures: one row per document, in the corpus's order.

    Columns doc_id; length: |d|; tokens (of the encoder, special ones included, cut at its maximum); words
    (lexical BM25's, of the whole text); latents: distinct ones; norm: BM25's, under `parameters`.
    """
    parameters = parameters or Bm25Parameters()
    length = study.index.document_length(parameters.phi)
    return pd.DataFrame(
        {
            "doc_id": list(study.corpus.ids),
            "length": length,
            "tokens": np.diff(study.tokens.offsets),
            "words": study.stems.weighted.document_length.astype(np.int64),
            "latents": np.bincount(study.index.documents, minlength=study.index.n_docs),
            "norm": length_norm(length, average_length(length), parameters.b),
        }
    )


def length_correlations(lengths: pd.DataFrame, n_resamples: int = N_RESAMPLES, seed: int = 0) -> pd.DataFrame:
    """How closely |d| follows each other length: Pearson's r and Spearman's rho, with 95% bootstrap intervals.

    Columns measure (of MEASURES), pearson, pearson_low, pearson_high, spearman, spearman_low, spearman_high, n. The
    documents are resampled; ranks are those of the whole corpus. NaN where a length is alike in all documents.
    """
    from scipy.stats import rankdata  # half a second to import

    n = len(lengths)
    columns = {name: lengths[name].to_numpy(np.float64) for name in ("length", *MEASURES)}
    ranks = {name: rankdata(values) for name, values in columns.items()}
    rows = []
    for measure in MEASURES:
        row: list[Any] = [measure]
        for values in (columns, ranks):
            x, y = values["length"], values[measure]
            generator = np.random.default_rng(seed)  # so that every measure is resampled alike
            draws = (generator.integers(0, n, n) for _ in range(n_resamples if n else 0))
            resampled = [_correlation(x[draw], y[draw]) for draw in draws]
            finite = [r for r in resampled if r == r]
            low, high = np.quantile(finite, [0.025, 0.975]) if finite else (float("nan"),) * 2
            row += [_correlation(x, y), float(low), float(high)]
        rows.append([*row, n])
    kinds = [f"{kind}{bound}" for kind in ("pearson", "spearman") for bound in ("", "_low", "_high")]
    return pd.DataFrame(rows, columns=["measure", *kinds, "n"])


def length_bins(length: NDArray[np.float64], n_bins: int = N_BINS) -> NDArray[np.int64]:
    """The bin of each document, 0 for the shortest; bins are equal in number, ties go by the corpus's order."""
    order = np.argsort(length, kind="stable")
    bins = np.empty(len(length), np.int64)
    bins[order] = np.arange(len(length)) * min(n_bins, max(len(length), 1)) // max(len(length), 1)
    return bins


def retrieval_by_length(
    study: Study,
    b: float = Bm25Parameters.b,
    idf: str = "clipped",
    depth: int = DEPTH,
    judged: Judged | None = None,
    n_bins: int = N_BINS,
    seed: int = 0,
    without: NDArray[np.int32] | None = None,
) -> pd.DataFrame:
    """Shares of relevant and of retrieved documents per bin of length, at b = 0 and at b.

    One row per bin of the documents by |d|, the shortest first. Columns bin, n_docs, shortest, longest,
    mean_length, norm (mean, under b); relevant: share of the relevant documents; without, with_b: share of
    the first `depth` results at b = 0 and at b; relevant_low, ..., with_b_high; n_relevant; raised, lowered:
    relevant documents that rank better, worse with b, of the first RANKED; rr_without, rr_with_b: mean of 1 /
    rank of the bin's relevant documents; n_queries. judged: the queries (None: all that are judged). without:
    `ranked` at b = 0, if known.
    """
    judged = judged or judged_queries(study)
    length = study.index.document_length(Bm25Parameters.phi)
    bins = length_bins(length, n_bins)
    n_bins = int(bins.max(initial=-1)) + 1
    runs = [ranked(study, judged, 0.0, idf) if without is None else without, ranked(study, judged, b, idf)]
    inside = judged.document < judged.n_docs
    query, document = judged.query[inside], judged.document[inside]
    counts = {
        "relevant": _by_query(query, bins[document], len(judged), n_bins),
        "without": _retrieved(runs[0][:, :depth], bins, n_bins),
        "with_b": _retrieved(runs[1][:, :depth], bins, n_bins),
    }
    table = pd.DataFrame(
        {
            "bin": np.arange(n_bins),
            "n_docs": np.bincount(bins, minlength=n_bins),
            "shortest": [float(length[bins == i].min()) for i in range(n_bins)],
            "longest": [float(length[bins == i].max()) for i in range(n_bins)],
            "mean_length": [float(length[bins == i].mean()) for i in range(n_bins)],
        }
    )
    table["norm"] = length_norm(table["mean_length"], average_length(length), b)
    for name, by_query in counts.items():
        share, low, high = _shares(by_query, seed)
        table[name], table[f"{name}_low"], table[f"{name}_high"] = share, low, high
    ranks = [ranks_in(run, query, document) for run in runs]
    in_bin, n = bins[document], np.maximum(np.bincount(bins[document], minlength=n_bins), 1)
    table["n_relevant"] = np.bincount(in_bin, minlength=n_bins)
    table["raised"] = np.bincount(in_bin, ranks[1] < ranks[0], n_bins).astype(np.int64)
    table["lowered"] = np.bincount(in_bin, ranks[1] > ranks[0], n_bins).astype(np.int64)
    table["rr_without"], table["rr_with_b"] = (np.bincount(in_bin, 1 / rank, n_bins) / n for rank in ranks)
    return table.assign(n_queries=len(judged))


def ranked(study: Study, judged: Judged, b: float, idf: str = "clipped") -> NDArray[np.int32]:
    """The first RANKED documents of each query under this b, (n_queries, depth), -1 after the last."""
    return judged.run(study.weighted(Bm25Parameters(b=b, idf=idf)), RANKED).documents  # type: ignore[arg-type]


def _by_query(
    query: NDArray[np.int64], bins: NDArray[np.int64], n_queries: int, n_bins: int
) -> NDArray[np.int64]:
    """How many of each query's documents lie in each bin, (n_queries, n_bins)."""
    return np.bincount(query * n_bins + bins, minlength=n_queries * n_bins).reshape(n_queries, n_bins)


def _retrieved(documents: NDArray[np.int32], bins: NDArray[np.int64], n_bins: int) -> NDArray[np.int64]:
    query, _ = places = np.nonzero(documents >= 0)
    return _by_query(query, bins[documents[places]], len(documents), n_bins)


def _shares(
    counts: NDArray[np.int64], seed: int, n_resamples: int = N_RESAMPLES
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Share of all in each bin, and its 95% interval over resampled queries; counts (n_queries, n_bins)."""
    n = len(counts)
    draws = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), n_resamples) @ counts
    resampled = draws / np.maximum(draws.sum(axis=1, keepdims=True), 1)
    low, high = np.quantile(resampled, [0.025, 0.975], axis=0)
    return counts.sum(axis=0) / max(int(counts.sum()), 1), low, high


def _correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    x, y = x - x.mean() if len(x) else x, y - y.mean() if len(y) else y
    scale = float(np.sqrt(np.square(x).sum() * np.square(y).sum()))
    return float((x * y).sum()) / scale if scale > 0 else float("nan")

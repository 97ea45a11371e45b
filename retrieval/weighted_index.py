"""An index under BM25 parameters: each count becomes an impact, the document's part of a term's contribution.

impact_jd = w_j(d) (k1 + 1) / (w_j(d) + k1 (1 - b + b |d| / avg|d|))          w = phi(count)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval import bm25
from retrieval.bm25 import PHIS, Bm25Parameters
from retrieval.index import Index
from retrieval.kernels import in_threads, kernel

DENSE = 1 / 4  # terms in more than this share of the documents also have a dense row


@dataclass(frozen=True, eq=False)
class WeightedIndex:
    """An index under fixed BM25 parameters.

        impact = w (k1 + 1) / (w + k1 (1 - b + b |d| / avg|d|))       score(q, d) = sum_j w_j(q) idf_j impact_jd

    impact: float32 (n_postings,), in the order of `index.documents`. idf: float64 (n_terms,), separate from the
    impacts: it multiplies the query's weights, so shards of a corpus share no statistics but the average |d|.
    document_length: float64 (n_docs,).
    dense: float32 (n_dense, n_docs), a copy of the impacts of terms in more than DENSE of the documents, since
    adding a whole row vectorises and is faster than scattering its postings. dense_row: int32 (n_terms,), a term's
    row in `dense`, or -1.
    """

    index: Index
    parameters: Bm25Parameters
    impact: NDArray[np.float32]
    idf: NDArray[np.float64]
    document_length: NDArray[np.float64]
    average_length: float
    dense: NDArray[np.float32]
    dense_row: NDArray[np.int32]

    @classmethod
    def of(cls, index: Index, parameters: Bm25Parameters) -> WeightedIndex:
        """The impacts of an index under these parameters, in one pass over its postings."""
        length = index.document_length(parameters.phi)
        average = bm25.average_length(length)
        k1_norm = (parameters.k1 * bm25.length_norm(length, average, parameters.b)).astype(np.float32)
        gain, phi = np.float32(parameters.k1 + 1), PHIS.index(parameters.phi)
        impact = np.empty(index.n_postings, np.float32)

        def weigh(start: int, stop: int) -> None:
            part = slice(start, stop)
            _weigh(index.documents[part], index.counts[part], phi, gain, k1_norm, impact[part])

        in_threads(weigh, index.n_postings)
        idf = bm25.inverse_document_frequency(index.document_frequency, index.n_docs, parameters.idf)
        return cls.with_impact(index, parameters, impact, idf, length, average)

    @classmethod
    def with_impact(
        cls,
        index: Index,
        parameters: Bm25Parameters,
        impact: NDArray[np.float32],
        idf: NDArray[np.float64],
        length: NDArray[np.float64],
        average: float,
    ) -> WeightedIndex:
        """An index under another function of its counts, by its impact (n_postings,) and idf (n_terms,).

        parameters: their phi weights the queries.
        """
        impact.flags.writeable = False
        dense, dense_row = _dense_rows(index, impact, idf)
        return cls(index, parameters, impact, idf, length, average, dense, dense_row)

    @property
    def n_docs(self) -> int:
        """Number of documents."""
        return self.index.n_docs

    @property
    def n_terms(self) -> int:
        """Size of the vocabulary."""
        return self.index.n_terms


def _dense_rows(
    index: Index, impact: NDArray[np.float32], idf: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    terms = np.flatnonzero((index.document_frequency > DENSE * index.n_docs) & (idf > 0))
    dense_row = np.full(index.n_terms, -1, np.int32)
    dense_row[terms] = np.arange(len(terms))
    dense = np.zeros((len(terms), index.n_docs), np.float32)
    for row, term in zip(dense, terms.tolist(), strict=True):
        column = slice(index.indptr[term], index.indptr[term + 1])
        row[index.documents[column]] = impact[column]
    return dense, dense_row


@kernel
def _weigh(
    documents: NDArray[np.int32],
    counts: NDArray[np.float32],
    phi: int,
    gain: np.float32,
    k1_norm: NDArray[np.float32],
    impact: NDArray[np.float32],
) -> None:
    for p in range(len(counts)):
        weight = counts[p]
        if phi == 0:
            weight = np.sqrt(weight)
        elif phi == 1:
            weight = np.log1p(weight)
        impact[p] = weight * gain / (weight + k1_norm[np.uint32(documents[p])])

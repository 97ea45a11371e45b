"""What leaves a study: BM25 as an inner product, score(q, d) = sum_j (w_j(q) idf_j) impact_jd.

The documents' impacts are BM25's saturated term frequencies under fixed k1, b and phi
(retrieval/weighted_index.py); the idf goes with the query. So whatever computes inner products of sparse vectors
ranks as the study does. Integers for engines that keep nothing else: impact -> round(impact (2^bits - 1) / max),
at least 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array
from scipy.stats import kendalltau

from analyses.comparison.judged_queries import judged_queries
from data.errors import UserError
from retrieval.bm25 import Bm25Parameters, length_norm, saturation, term_weight
from retrieval.run import Run
from retrieval.study import Study
from retrieval.weighted_index import WeightedIndex

DEPTH = 100  # of the rankings whose agreement says what integers cost
BITS = (0, 8, 16)  # 0: floats


@dataclass(frozen=True, eq=False)
class Impacts:
    """index: the weighted index, with integers as float32 where they were asked for.

    bits: of the integers, 0 for floats. scale: the integer of an impact of 1.
    """

    index: WeightedIndex
    bits: int
    scale: float

    @property
    def parameters(self) -> Bm25Parameters:
        """BM25's parameters."""
        return self.index.parameters

    def by_document(self) -> csr_array:
        """Impacts, csr (n_docs, n_latents)."""
        postings = self.index.index
        columns = csc_array(
            (self.index.impact, postings.documents, postings.indptr),
            shape=(postings.n_docs, postings.n_terms),
        )
        return columns.tocsr()

    def of_documents(self, counts: csr_array) -> csr_array:
        """The impacts of further documents, csr (n_texts, n_latents), by the study's own mean length; floats."""
        parameters, weights = self.parameters, counts.copy()
        weights.data = term_weight(counts.data, parameters.phi)
        norm = length_norm(weights.sum(axis=1), self.index.average_length, parameters.b)
        weights.data = saturation(weights.data, parameters.k1, np.repeat(norm, np.diff(counts.indptr)))
        return weights

    def of_texts(self, study: Study, texts: Sequence[str], role: Literal["query", "document"]) -> csr_array:
        """The weights of any texts as queries or as documents of the study, csr (n_texts, n_latents)."""
        from retrieval.variants import counts_of  # torch

        counts = counts_of(study.sae, study.encoder.encode(texts, role).states, study.pooling)
        return self.of_queries(counts) if role == "query" else self.of_documents(counts)

    def of_queries(self, counts: csr_array) -> csr_array:
        """w_j(q) idf_j, csr (n_queries, n_latents); latents without weight are left out."""
        weights = counts.copy()
        weights.data = term_weight(counts.data, self.parameters.phi) * self.index.idf[counts.indices]
        weights.eliminate_zeros()
        return weights


def impacts_of(study: Study, parameters: Bm25Parameters | None = None, bits: int = 0) -> Impacts:
    """The impacts of a study under these parameters, as floats or as integers of so many bits."""
    if bits not in BITS:
        raise UserError(f"--bits {bits} is unknown: choose 8 or 16 for integers, 0 for floats")
    index = study.weighted(parameters or Bm25Parameters())
    if not bits:
        return Impacts(index, 0, 1.0)
    scale = (2**bits - 1) / float(index.impact.max(initial=np.float32(1e-12)))
    whole = np.maximum(np.rint(index.impact.astype(np.float64) * scale), 1).astype(np.float32)
    parts = (index.index, index.parameters, whole, index.idf, index.document_length, index.average_length)
    return Impacts(WeightedIndex.with_impact(*parts), bits, scale)


def cost_of_integers(study: Study, impacts: Impacts) -> dict[str, float]:
    """nDCG@10 of the study's judged queries by floats and by these integers, and Kendall's tau of the first DEPTH.

    Empty for floats, and for a study without judgements.
    """
    if not impacts.bits or not study.qrels:
        return {}
    judged = judged_queries(study)
    exact = judged.run(study.weighted(impacts.parameters), DEPTH, judged.counts)
    whole = judged.run(impacts.index, DEPTH, judged.counts)
    return {
        "nDCG@10": float(judged.ndcg(exact.documents).mean()),
        "nDCG@10_integers": float(judged.ndcg(whole.documents).mean()),
        "kendall_tau": float(np.mean([_agreement(exact, whole, row) for row in range(len(judged))])),
    }


def _agreement(one: Run, other: Run, row: int) -> float:
    """Kendall's tau of two rankings of a query over the documents that both have; 1 for one document or none."""
    first, second = (_places(run.documents[row]) for run in (one, other))
    shared = sorted(set(first) & set(second))
    if len(shared) < 2:
        return 1.0
    return float(kendalltau([first[d] for d in shared], [second[d] for d in shared]).statistic)


def _places(documents: NDArray[np.integer]) -> dict[int, int]:
    return {int(document): place for place, document in enumerate(documents) if document >= 0}

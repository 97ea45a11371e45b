"""Cosines beside BM25 over the same counts: of term frequencies, and of what the latents reconstruct.

    sparse   cos(q, d) = sum_j w_j(q) w_j(d) / |w(q)| |w(d)|         w idf in place of w, with idf
    dense    cos(r(q), r(d))    r(x) = 1/T sum_t h^_t = (sum_j m_j(x) W_dec_j) / T + b_dec    m_j = sum_t z_tj

Sum pooling keeps m_j, so r is exact from an index's counts and the number T of a text's tokens. Where the encoder's
vector is the mean of the states that the SAE reads, this is the encoder's cosine with each token state replaced by
its reconstruction; `why_no_reconstruction` says where not. An SAE without special tokens leaves them out of r.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from analyses.attribution.cosine_breakdown import why_no_breakdown
from analyses.comparison.judged_queries import Judged
from retrieval import bm25
from retrieval.bm25 import Bm25Parameters
from retrieval.cosine import cosine_search
from retrieval.index import Index
from retrieval.study import Study
from retrieval.weighted_index import WeightedIndex


def sparse_cosine(index: Index, parameters: Bm25Parameters, with_idf: bool) -> WeightedIndex:
    """An index that ranks by the cosine of term frequencies, or of term frequency times idf."""
    idf = np.ones(index.n_terms)
    if with_idf:
        idf = bm25.inverse_document_frequency(index.document_frequency, index.n_docs, parameters.idf)
    weight = bm25.term_weight(index.counts, parameters.phi)
    squares = np.square(weight * np.repeat(idf, np.diff(index.indptr)))
    norm = np.sqrt(np.bincount(index.documents, squares, minlength=index.n_docs))
    norm[norm == 0] = 1.0
    impact = (weight / norm[index.documents]).astype(np.float32)
    return WeightedIndex.with_impact(index, parameters, impact, np.square(idf), norm, float(norm.mean()))


def why_no_reconstruction(study: Study) -> str | None:
    """A sentence on why the reconstruction has no cosine like the encoder's here; None where it has one."""
    if study.pooling != "sum":
        return (
            "This study pools by max: its counts hold the largest activation of each latent, and not the sum that "
            "the mean of the reconstructed states needs."
        )
    return why_no_breakdown(study)


def reconstructed_ranking(study: Study, judged: Judged, depth: int) -> NDArray[np.int32]:
    """Documents by the cosine of reconstructions for each judged query, (n_queries, depth); needs the encoder."""
    texts = [study.queries.texts[row] for row in judged.rows.tolist()]
    arrays = (np.asarray(study.index.counts), study.index.documents, study.index.indptr)
    counts = csc_array(arrays, shape=(study.index.n_docs, study.n_latents)).tocsr()
    documents = _sums(study, counts, np.diff(study.tokens.offsets))
    queries = _sums(study, judged.counts, study.encoder.count_tokens(texts, "query"))
    return cosine_search(documents, queries, depth, judged.ids, study.corpus.ids).documents


def _sums(study: Study, counts: csr_array, n_tokens: NDArray[np.int64]) -> NDArray[np.float32]:
    """T r(x) of each text, whose direction is that of r; float32 (n_texts, d_model)."""
    b_dec = study.sae.b_dec.cpu().numpy().astype(np.float32)
    sums: NDArray[np.float32] = counts @ study.decoder + n_tokens[:, None].astype(np.float32) * b_dec
    return sums

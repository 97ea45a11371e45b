"""Scores of texts that are not in the collection, as if they were: N, idf and avg|d| stay the collection's.

    BM25(q, x) = sum_j w_j(q) idf_j w_j(x) (k1 + 1) / (w_j(x) + k1 (1 - b + b |x| / avg|d|))     latents and words
    cosine(q, x) = v_q . v_x             MaxSim(q, x) = sum_{t in q} max_{u in x} h_t . h_u / (|h_t| |h_u|)

MaxSim is over the same token states that the SAE reads (a multi-vector encoder: over its own token vectors, so
that it is the encoder's own score). Every text is paired with a row of the study's queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from data.ragged import Ragged, offsets_of
from retrieval import bm25
from retrieval.bm25 import Bm25Parameters, term_weight
from retrieval.cosine import unit_rows
from retrieval.study import Study
from retrieval.systems import COSINE, LATENT, LATENT_LUCENE_IDF, LEXICAL, MAXSIM
from retrieval.weighted_index import WeightedIndex

if TYPE_CHECKING:
    from data.encoders import Encoder, TokenStates
    from data.multi_vector import Kind

SYSTEMS = (LATENT.name, LATENT_LUCENE_IDF.name, COSINE.name, MAXSIM.name, LEXICAL.name)
Floats = NDArray[np.float64]


def bm25_of_texts(index: WeightedIndex, queries: csr_array, texts: csr_array) -> Floats:
    """BM25 of each text for the query in the same row, float64 (n_texts,).

    queries, texts: counts, csr (n_texts, n_terms).
    """
    parameters = index.parameters
    weight = term_weight(texts.data, parameters.phi)
    lengths = np.bincount(_rows(texts), weight, minlength=texts.shape[0])
    norm = bm25.length_norm(lengths, index.average_length, parameters.b)
    impact = bm25.saturation(weight, parameters.k1, norm[_rows(texts)])
    gain = term_weight(queries.data, parameters.phi) * index.idf[queries.indices]
    of_texts = csr_array((impact, texts.indices, texts.indptr), shape=texts.shape)
    of_queries = csr_array((gain, queries.indices, queries.indptr), shape=queries.shape)
    return np.asarray(of_texts.multiply(of_queries).sum(axis=1), np.float64).ravel()


def maxsim_of_texts(queries: Ragged, texts: Ragged) -> Floats:
    """MaxSim of each text for the query in the same row, float64 (n_texts,); vectors of unit norm."""
    return np.array(
        [
            float((q @ d.T).max(axis=1).sum()) if len(q) and len(d) else 0.0
            for q, d in zip(queries, texts, strict=True)
        ]
    )


@dataclass(frozen=True, eq=False)
class TextScorer:
    """Scores texts for the queries of a study, by SYSTEMS."""

    study: Study

    def scores(self, rows: NDArray[np.int64], texts: Sequence[str]) -> dict[str, Floats]:
        """system -> score of each text for the query in `rows`, both (n_texts,)."""
        from sae.latents import pool, token_latents

        study = self.study
        encoder = study.encoder
        states = encoder.encode(list(texts), "document")
        counts = pool(token_latents(study.sae, states.states), study.n_latents, study.pooling)
        latents = csr_array(study.query_counts[rows])
        stems = study.stems
        multi = encoder.multi_vector is not None
        compares = encoder.for_maxsim() if multi else encoder
        vectors = _vectors(compares, compares.encode(list(texts)) if multi else states, "document")
        of_queries = np.asarray(study.query_vectors[rows], np.float64)
        return {
            LATENT.name: bm25_of_texts(study.weighted(Bm25Parameters()), latents, counts),
            LATENT_LUCENE_IDF.name: bm25_of_texts(
                study.weighted(Bm25Parameters(idf="lucene")), latents, counts
            ),
            COSINE.name: (of_queries * states.pooled.astype(np.float64)).sum(axis=1),
            MAXSIM.name: maxsim_of_texts(self._query_vectors(compares, rows), vectors),
            LEXICAL.name: bm25_of_texts(
                stems.weighted,
                stems.terms.count([study.queries.texts[row] for row in rows.tolist()]),
                stems.terms.count(texts),
            ),
        }

    def _query_vectors(self, encoder: Encoder, rows: NDArray[np.int64]) -> Ragged:
        """Unit token vectors of the query of each of `rows`."""
        different, place = np.unique(rows, return_inverse=True)
        texts = [self.study.queries.texts[row] for row in different.tolist()]
        vectors = _vectors(encoder, encoder.encode(texts, "query"), "query")
        chosen = [vectors[i] for i in place.tolist()]
        return Ragged(np.concatenate(chosen), offsets_of([len(one) for one in chosen]))


def _vectors(encoder: Encoder, states: TokenStates, kind: Kind) -> Ragged:
    """Unit token vectors that MaxSim compares."""
    if encoder.multi_vector:
        compared = encoder.token_vectors(states, kind)
        return Ragged(compared.values.astype(np.float32), compared.offsets)
    return Ragged(unit_rows(states.states.values), states.states.offsets)


def _rows(counts: csr_array) -> NDArray[np.int64]:
    return np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))

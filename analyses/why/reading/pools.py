"""What axioms read of some documents of a study for a query: counts, lengths, positions, similarity to the query.

    similarity(d) = mean over words u of d outside of the query, and words t of the query, of max(0, NPMI(t, u))

NPMI: analyses/latents/neighbours.py, of words in the documents of the collection, as Fang and Zhai 2006 use mutual
information. Words are those of lexical BM25.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from analyses.latents.neighbours import npmi
from analyses.why.reading.axiom_rules import Pool, mean_distance
from retrieval import bm25
from retrieval.lexical import stems_of
from retrieval.study import Study

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PoolMaker:
    """Makes `Pool`s of a study. counts: csr (n_docs, n_words), occurrences; held: the same with ones."""

    study: Study
    counts: csr_array
    held: csr_array

    @classmethod
    def of(cls, study: Study) -> PoolMaker:
        index = study.stems.index
        shape = (index.n_docs, index.n_terms)
        counts = csc_array((index.counts, index.documents, index.indptr), shape=shape).tocsr()
        ones = csr_array((np.ones(counts.nnz), counts.indices, counts.indptr), shape=shape)
        return cls(study, counts, ones)

    def pool(self, query: str, documents: NDArray[np.int64]) -> Pool:
        """The pool of these documents, positions in the corpus, for a query."""
        stems = self.study.stems
        columns = stems.terms.columns
        said = stems_of(query)
        words = [word for word in dict.fromkeys(said) if word in columns]
        terms = np.array([columns[word] for word in words], np.int64)
        in_query = np.array([said.count(word) for word in words], np.float64)
        counts = self.counts[documents][:, terms].toarray().astype(np.float64)
        weighted = stems.weighted
        lengths = weighted.document_length[documents]
        norm = bm25.length_norm(lengths, weighted.average_length, weighted.parameters.b)
        scores = (
            in_query * weighted.idf[terms] * bm25.saturation(counts, weighted.parameters.k1, norm[:, None])
        )
        texts = (self.study.corpus.texts[document] for document in documents.tolist())
        distances = [mean_distance(stems_of(text), words) for text in texts]
        return Pool(
            counts,
            lengths,
            weighted.idf[terms],
            scores,
            np.array(distances),
            self._similarities(documents, terms),
        )

    def _similarities(self, documents: NDArray[np.int64], terms: NDArray[np.int64]) -> Floats:
        """`Pool.similarities`; 0 for a document of query words alone."""
        if not len(terms):
            return np.zeros(len(documents))
        rows: Any = self.held[documents]
        others = np.setdiff1d(np.unique(rows.indices), terms)
        if not len(others):
            return np.zeros(len(documents))
        both = (self.held[:, terms].T @ self.held[:, others]).toarray()
        frequency = self.study.stems.index.document_frequency
        similar = np.zeros(len(others))
        for term, together in zip(terms.tolist(), both, strict=True):
            met = together > 0
            value = npmi(together[met], frequency[term], frequency[others[met]], self.held.shape[0])
            similar[met] += np.maximum(value, 0)
        of_documents = rows[:, others]
        n_words = np.maximum(np.asarray(of_documents.sum(axis=1)).ravel(), 1)
        mean: Floats = np.asarray(of_documents @ similar).ravel() / n_words / len(terms)
        return mean

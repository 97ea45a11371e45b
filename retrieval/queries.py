"""Queries to rank for: a study's own, or a new text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from retrieval.run import Run
from retrieval.study_folder import StudyFolder


@dataclass(frozen=True)
class EncodedText:
    """One encoded text: its tokens, their latents, and both pooled forms.

    token_ids: int32 (n_tokens,). spans: int32 (n_tokens, 2), start and end character. indices, activations:
    (n_tokens, k). counts: summed activation of each latent, csr (1, n_latents). vector: the encoder's own, float32
    (1, d_model), unit norm.
    """

    text: str
    token_ids: NDArray[np.int32]
    spans: NDArray[np.int32]
    indices: NDArray[Any]
    activations: NDArray[np.float32]
    counts: csr_array
    vector: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class QuerySet:
    """Queries for the systems of a study.

    ids, texts: (n_queries,). encode: returns counts over latents, csr (n_queries, n_latents), and pooled vectors,
    (n_queries, d_model); called once, and only if a system needs them. rows: positions among the study's own
    queries, (n_queries,); None for queries that are not the study's.
    """

    ids: Sequence[str]
    texts: Sequence[str]
    encode: Callable[[], tuple[csr_array, NDArray[np.float32]]]
    rows: NDArray[np.int64] | None = None
    _runs: dict[Any, Run] = field(default_factory=dict, init=False, repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def _encoded(self) -> tuple[csr_array, NDArray[np.float32]]:
        return self.encode()

    @property
    def counts(self) -> csr_array:
        """Summed activation of each latent in each query, csr (n_queries, n_latents)."""
        return self._encoded[0]

    @property
    def vectors(self) -> NDArray[np.float32]:
        """The encoder's own vector of each query, (n_queries, d_model), unit norm."""
        return self._encoded[1]

    def ranked(self, key: tuple[Any, ...], depth: int, rank: Callable[[int], Run]) -> Run:
        """`rank(depth)`, cached under `key`; a deeper cached run is cut to `depth`."""
        run = self._runs.get(key)
        if run is None or run.documents.shape[1] < depth:
            run = self._runs[key] = rank(depth)
        return run.cut(depth)


def study_queries(study: StudyFolder, rows: NDArray[np.int64] | None = None) -> QuerySet:
    """The study's own queries, or those at `rows`, with their stored counts and vectors; nothing is encoded."""
    ids, texts = study.queries.ids, study.queries.texts
    if not len(ids):  # the collection has no queries
        no_counts: csr_array = csr_array(np.zeros((0, study.n_latents), np.float32))
        return QuerySet(ids, texts, lambda: (no_counts, study.vectors[:0]), np.zeros(0, np.int64))
    if rows is None:
        return QuerySet(ids, texts, lambda: (study.query_counts, study.query_vectors), np.arange(len(ids)))

    def encoded() -> tuple[csr_array, NDArray[np.float32]]:
        return csr_array(study.query_counts[rows]), study.query_vectors[rows]

    selected = rows.tolist()
    return QuerySet([ids[row] for row in selected], [texts[row] for row in selected], encoded, rows)


def encoded_query(encoded: EncodedText, row: int | None = None, query_id: str = "query") -> QuerySet:
    """One encoded text as a query. row: its position among the study's own queries; None if it is not one."""
    rows = None if row is None else np.array([row])
    return QuerySet([query_id], [encoded.text], lambda: (encoded.counts, encoded.vector), rows)

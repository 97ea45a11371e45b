"""A learned-sparse retriever's own ranking, for a study that stores its vocabulary (`workbench learned-sparse`)."""

from __future__ import annotations

from scipy.sparse import csr_array

from data.errors import UserError
from retrieval.bm25 import Bm25Parameters
from retrieval.dot_product import dot_product_run
from retrieval.learned_sparse import learned_sparse_vocabulary
from retrieval.queries import QuerySet
from retrieval.run import Run
from retrieval.study_folder import StudyFolder
from retrieval.systems.system import System
from retrieval.vocabularies import LEARNED_SPARSE as VOCABULARY


def rank_learned_sparse(
    study: StudyFolder, queries: QuerySet, depth: int, parameters: Bm25Parameters | None = None
) -> Run:
    """Rank by the dot product of term weights; queries that are not the study's own raise a `UserError`."""
    stored = study.vocabulary(VOCABULARY)
    if queries.rows is None:
        raise UserError(
            "the learned-sparse model has encoded only the study's own queries, and cannot rank another: choose "
            "one of these, or another system"
        )
    weights = csr_array(stored.query_counts[queries.rows])
    return dot_product_run(stored.index, weights, depth, queries.ids, study.corpus.ids)


def _can_rank(study: StudyFolder) -> bool:
    stored = learned_sparse_vocabulary(study)
    return stored is not None and stored.has_queries


LEARNED_SPARSE = System(
    "learned_sparse",
    "Learned sparse",
    "#CC79A7",
    rank_learned_sparse,
    is_kept_run=True,
    can_rank=_can_rank,
    vocabulary=VOCABULARY.name,
)

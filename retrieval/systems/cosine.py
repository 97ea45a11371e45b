"""The cosine of the encoder's pooled vectors."""

from __future__ import annotations

from retrieval.bm25 import Bm25Parameters
from retrieval.cosine import cosine_search
from retrieval.queries import QuerySet
from retrieval.run import Run
from retrieval.study_folder import StudyFolder
from retrieval.systems.system import System


def rank_cosine(
    study: StudyFolder, queries: QuerySet, depth: int, parameters: Bm25Parameters | None = None
) -> Run:
    """Rank by the exact cosine over all documents; `parameters` are not used."""
    return cosine_search(study.vectors, queries.vectors, depth, queries.ids, study.corpus.ids)


COSINE = System("cosine", "Cosine", "#E69F00", rank_cosine, reads="encoder", is_encoders_own=True)

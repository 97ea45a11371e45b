"""BM25 over vocabularies of texts: lexical BM25, and one system for each other such vocabulary of the list."""

from __future__ import annotations

from retrieval.bm25 import Bm25Parameters
from retrieval.queries import QuerySet
from retrieval.run import Run
from retrieval.search import search
from retrieval.study_folder import StudyFolder
from retrieval.systems.system import System
from retrieval.vocabularies import STEMS, Vocabulary, text_vocabularies


def over_vocabulary(kind: Vocabulary, name: str = "", title: str = "") -> System:
    """The system that ranks by BM25 over a vocabulary of texts, under the vocabulary's own parameters."""

    def rank(
        study: StudyFolder, queries: QuerySet, depth: int, parameters: Bm25Parameters | None = None
    ) -> Run:
        stored = study.vocabulary(kind)
        counts = stored.terms.count(queries.texts)
        return search(stored.weighted, counts, depth, queries.ids, study.corpus.ids)

    return System(
        name or kind.name,
        title or f"BM25 over {kind.title.lower()}",
        kind.colour,
        rank,
        can_rank=lambda study: study.keeps(kind),
        vocabulary=kind.name,
    )


LEXICAL = over_vocabulary(STEMS, "bm25", "Lexical BM25")


def text_systems() -> list[System]:
    """A system for each vocabulary of texts except the stems, whose system is LEXICAL."""
    return [over_vocabulary(kind) for kind in text_vocabularies() if kind is not STEMS]

"""The one list of systems, which search, evaluation, pages, quality cards and papers iterate.

A new system is a file with its entry and a line here; runs that a user adds to a study follow the list.
"""

from __future__ import annotations

from collections.abc import Sequence

from data.errors import UserError
from retrieval.bm25 import Bm25Parameters
from retrieval.queries import QuerySet
from retrieval.run import Run
from retrieval.study_folder import StudyFolder
from retrieval.systems.cosine import COSINE
from retrieval.systems.fusion import POOL, fusion
from retrieval.systems.kept_runs import ADDED_COLOUR, MAXSIM, added_systems
from retrieval.systems.latent_terms import LATENT, LATENT_LUCENE_IDF
from retrieval.systems.learned_sparse import LEARNED_SPARSE
from retrieval.systems.over_vocabularies import LEXICAL, text_systems
from retrieval.systems.system import System, ranked

__all__ = [
    "COSINE",
    "LATENT",
    "LATENT_LUCENE_IDF",
    "LEARNED_SPARSE",
    "LEXICAL",
    "MAXSIM",
    "SYSTEMS",
    "System",
    "compared_systems",
    "own_system",
    "rank",
    "rank_all",
    "system",
    "system_colour",
    "system_title",
    "systems_of",
    "within_sentence",
]

SYSTEMS: dict[str, System] = {
    entry.name: entry
    for entry in (
        LATENT,
        LATENT_LUCENE_IDF,
        MAXSIM,
        COSINE,
        LEXICAL,
        *text_systems(),
        LEARNED_SPARSE,
        fusion("rrf", (LATENT, COSINE), "#00543D"),
        fusion("zscore", (LATENT, COSINE), "#4C9F70"),
        fusion("minmax", (LATENT, COSINE), "#A8DDB5"),
        fusion("zscore", (LATENT, LEXICAL), "#9B7FCB"),
        fusion("zscore", (COSINE, LEXICAL), "#8C510A"),
        fusion("zscore", (LATENT, COSINE, LEXICAL), "#8A3A6B"),
    )
}


def systems_of(study: StudyFolder) -> list[System]:
    """The systems that can rank in this study, in the order of the list, then the runs added to it."""
    listed = [entry for entry in SYSTEMS.values() if entry.can_rank(study)]
    return listed + added_systems(study, set(SYSTEMS))


def compared_systems(study: StudyFolder) -> list[System]:
    """The systems that can rank in this study, without the latent terms under Lucene's idf.

    The idf of the latent terms is then the one in the caller's parameters.
    """
    return [entry for entry in systems_of(study) if entry is not LATENT_LUCENE_IDF]


def system(study: StudyFolder, name: str) -> System:
    """The named system; one that is unknown or cannot rank in this study raises a `UserError`."""
    available = {entry.name: entry for entry in systems_of(study)}
    if name in available:
        return available[name]
    reason = f"cannot rank in study {study.name}" if name in SYSTEMS else "is unknown"
    raise UserError(f"system {name!r} {reason}: expected one of {', '.join(available)}")


def own_system(study: StudyFolder) -> System:
    """The encoder's own system: MaxSim for a multi-vector encoder, else cosine."""
    return MAXSIM if study.is_multi_vector else COSINE


def rank(
    study: StudyFolder, queries: QuerySet, name: str, depth: int, parameters: Bm25Parameters | None = None
) -> Run:
    """Rank the study's documents for each query by the named system; see `Ranker`."""
    return ranked(system(study, name), study, queries, depth, parameters)


def rank_all(
    study: StudyFolder,
    queries: QuerySet,
    depth: int,
    parameters: Bm25Parameters | None = None,
    systems: Sequence[System] | None = None,
) -> dict[str, Run]:
    """system -> its run, for `systems` (None: all that can rank in this study).

    Systems that are part of fusions are ranked once. Stored runs are left out for queries that are not the study's.
    """
    selected = systems_of(study) if systems is None else systems
    shared = {part for entry in selected for part in entry.parts}
    pool = max(depth, POOL)
    return {
        entry.name: ranked(entry, study, queries, pool if entry.name in shared else depth, parameters).cut(
            depth
        )
        for entry in selected
        if not (entry.is_kept_run and queries.rows is None)
    }


def system_title(name: str) -> str:
    """A system's title; for a run that is not in the list, its name with spaces."""
    return SYSTEMS[name].title if name in SYSTEMS else name.replace("_", " ")


def within_sentence(name: str) -> str:
    """A system's title within a sentence; for a run that is not in the list, its name with spaces."""
    return SYSTEMS[name].title_within_sentence if name in SYSTEMS else system_title(name)


def system_colour(name: str) -> str:
    """A system's colour; grey for a run that is not in the list."""
    return SYSTEMS[name].colour if name in SYSTEMS else ADDED_COLOUR

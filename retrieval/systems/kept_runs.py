"""Systems whose rankings are stored as TREC runs and not computed: MaxSim, and runs that a user adds."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from data.errors import UserError
from data.files import new_file
from data.readers.records import open_bytes
from retrieval.added_runs import OutsideRun, read_run, run_path, run_paths
from retrieval.bm25 import Bm25Parameters
from retrieval.queries import QuerySet
from retrieval.run import Run
from retrieval.study_folder import StudyFolder
from retrieval.systems.system import Ranker, System

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
ADDED_COLOUR = "#6B737D"


def rank_by_kept_run(name: str) -> Ranker:
    """The ranker of a stored run; queries that are not the study's own raise a `UserError`."""

    def rank(
        study: StudyFolder, queries: QuerySet, depth: int, parameters: Bm25Parameters | None = None
    ) -> Run:
        if queries.rows is None:
            raise UserError(
                f"{name} is kept as a run over the {len(study.queries.ids):,} queries of study {study.name}, and "
                "cannot rank another query: choose one of these, or another system"
            )
        stored = read_run(study, run_path(study.path, name), name).run
        documents, scores = stored.documents[queries.rows], stored.scores[queries.rows]
        return Run(queries.ids, study.corpus.ids, documents, scores).cut(depth)

    return rank


def _has_maxsim(study: StudyFolder) -> bool:
    return study.is_multi_vector and run_path(study.path, MAXSIM.name).is_file()


MAXSIM = System(
    "maxsim",
    "MaxSim",
    "#D45D00",
    rank_by_kept_run("maxsim"),
    reads="encoder",
    is_encoders_own=True,
    is_kept_run=True,
    can_rank=_has_maxsim,
)


def added_systems(study: StudyFolder, but: Collection[str]) -> list[System]:
    """The runs in the study's folder as systems, sorted by name. but: names to leave out."""
    return [
        System(name, name.replace("_", " "), ADDED_COLOUR, rank_by_kept_run(name), is_kept_run=True)
        for name in run_paths(study)
        if name not in but
    ]


def add_run(study: StudyFolder, path: Path, name: str, taken: Collection[str]) -> OutsideRun:
    """Check a TREC file and copy it to <study>/runs/NAME.trec, over an earlier run of that name.

    taken: names of the study's own systems. A name among these, an unusable name, or a run without a query or
    document of the study raises a `UserError`.
    """
    if not NAME.fullmatch(name):
        raise UserError(
            f"a run cannot be named {name!r}: expected up to 40 letters, digits, - and _, such as splade-v3"
        )
    if name in taken:
        raise UserError(f"{name} is the study's own system: give the run another name")
    outside_run = read_run(study, path, name)
    with new_file(run_path(study.path, name)) as temporary, open_bytes(path) as file:
        temporary.write_bytes(file.read())
    return outside_run

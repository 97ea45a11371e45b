"""Rankings of other systems for a study's queries: TREC runs in <study>/runs/, one file per system.

    <study>/runs/NAME.trec        query Q0 document rank score tag

Queries and documents of a run that the study does not have are counted, reported and left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.errors import UserError
from retrieval.run import Run, read_trec
from retrieval.study_folder import StudyFolder

FOLDER = "runs"


@dataclass(frozen=True, eq=False)
class OutsideRun:
    """Another system's run over a study's queries and documents.

    run: a row per query of the study, empty for a query without results in the file. n_queries, n_documents: in the
    file. unknown_queries, unknown_documents: those among them that are not in the study. repeated: results left out
    because the query already has that document.
    """

    name: str
    run: Run
    n_queries: int
    unknown_queries: int
    n_documents: int
    unknown_documents: int
    repeated: int

    @property
    def n_answered(self) -> int:
        """Number of the study's queries with at least one result."""
        return int((self.run.documents[:, 0] >= 0).sum()) if self.run.documents.shape[1] else 0


def run_path(study: Path, name: str) -> Path:
    """The file of the named run of the study at `study`."""
    return study / FOLDER / f"{name}.trec"


def run_paths(study: StudyFolder) -> dict[str, Path]:
    """Name -> file of each run in the study's folder, sorted by name."""
    return {path.stem: path for path in sorted((study.path / FOLDER).glob("*.trec"))}


def read_run(study: StudyFolder, path: Path, name: str | None = None) -> OutsideRun:
    """Read a TREC file as a run over this study. name: the system's (None: the file's).

    A file without results, or without a query or a document of the study, raises a `UserError`.
    """
    file_run = read_trec(path, set(study.queries.ids), study.position)
    if not len(file_run):
        raise UserError(f"{path} holds no results: expected lines 'query Q0 document rank score tag'")
    rows = {query: row for row, query in enumerate(file_run.query_ids)}
    position = np.array([study.position.get(document, -1) for document in file_run.document_ids], np.int64)
    own = [rows.get(query, -1) for query in study.queries.ids]
    known = sum(row >= 0 for row in own)
    if not known:
        raise UserError(
            f"none of the {len(file_run):,} query ids of {path} is known: study {study.name} has "
            f"{_examples(study.queries.ids)}, the run has {_examples(file_run.query_ids)}"
        )
    if not (position >= 0).any():
        raise UserError(
            f"none of the {len(position):,} document ids of {path} is known: study {study.name} has "
            f"{_examples(study.corpus.ids)}, the run has {_examples(file_run.document_ids)}"
        )
    documents = np.full((len(own), file_run.documents.shape[1]), -1, np.int32)
    scores = np.zeros(documents.shape, np.float32)
    repeated = 0
    for target, row in enumerate(own):
        if row < 0:
            continue
        columns = file_run.documents[row]
        results = np.flatnonzero(columns >= 0)
        results = results[position[columns[results]] >= 0]
        _, first = np.unique(position[columns[results]], return_index=True)
        repeated += len(results) - len(first)
        results = results[np.sort(first)]
        documents[target, : len(results)] = position[columns[results]]
        scores[target, : len(results)] = file_run.scores[row][results]
    return OutsideRun(
        name or path.stem,
        Run(study.queries.ids, study.corpus.ids, documents, scores),
        len(file_run),
        len(file_run) - known,
        len(position),
        int((position < 0).sum()),
        repeated,
    )


def _examples(ids: object) -> str:
    shown = [str(identifier) for identifier in list(ids)[:3]]  # type: ignore[call-overload]
    return "ids such as " + ", ".join(repr(identifier[:40]) for identifier in shown)

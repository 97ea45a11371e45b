"""Rankings that others made for a study's queries: TREC runs in <study>/runs/, a file a system, read by name.

    <study>/runs/NAME.trec        query Q0 document rank score tag

Such a run may know queries and documents that the study lacks: they are counted, said, and left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.errors import UserError
from data.files import new_file
from retrieval.run import Run, read_trec
from retrieval.study import Study

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
OWN = ("latent", "latent_lucene_idf", "cosine", "bm25")  # names of the study's own systems


@dataclass(frozen=True, eq=False)
class OutsideRun:
    """run: over the study's queries and documents, a row a query of the study, empty where the file has none.

    n_queries, n_documents: in the file; unknown_queries, unknown_documents: of these, not in the study.
    repeated: results whose document the query already had, left out.
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
        """Queries of the study with a result."""
        return int((self.run.documents[:, 0] >= 0).sum()) if self.run.documents.shape[1] else 0


def run_paths(study: Study) -> dict[str, Path]:
    """Name -> file of each run that the study keeps, by name."""
    return {path.stem: path for path in sorted((study.path / "runs").glob("*.trec"))}


def read_run(study: Study, path: Path, name: str | None = None) -> OutsideRun:
    """A TREC file as a run over this study; one that shares no query or no document with it is a `UserError`."""
    given = read_trec(path)
    if not len(given):
        raise UserError(f"{path} holds no results: expected lines 'query Q0 document rank score tag'")
    rows = {query: row for row, query in enumerate(given.query_ids)}
    position = np.array([study.position.get(document, -1) for document in given.document_ids], np.int64)
    own = [rows.get(query, -1) for query in study.queries.ids]
    known = sum(row >= 0 for row in own)
    if not known:
        raise UserError(
            f"none of the {len(given):,} query ids of {path} is known: study {study.name} has "
            f"{_some(study.queries.ids)}, the run has {_some(given.query_ids)}"
        )
    if not (position >= 0).any():
        raise UserError(
            f"none of the {len(position):,} document ids of {path} is known: study {study.name} has "
            f"{_some(study.corpus.ids)}, the run has {_some(given.document_ids)}"
        )
    documents = np.full((len(own), given.documents.shape[1]), -1, np.int32)
    scores = np.zeros(documents.shape, np.float32)
    repeated = 0
    for target, row in enumerate(own):
        if row < 0:
            continue
        columns = given.documents[row]
        found = np.flatnonzero(columns >= 0)
        found = found[position[columns[found]] >= 0]
        _, first = np.unique(position[columns[found]], return_index=True)
        repeated += len(found) - len(first)
        found = found[np.sort(first)]
        documents[target, : len(found)] = position[columns[found]]
        scores[target, : len(found)] = given.scores[row][found]
    return OutsideRun(
        name or path.stem, Run(study.queries.ids, study.corpus.ids, documents, scores), len(given),
        len(given) - known, len(position), int((position < 0).sum()), repeated,
    )  # fmt: skip


def add_run(study: Study, path: Path, name: str) -> OutsideRun:
    """Check a TREC file and copy it to <study>/runs/NAME.trec, in place of an earlier one of that name."""
    if not NAME.fullmatch(name):
        raise UserError(
            f"a run cannot be named {name!r}: expected up to 40 letters, digits, - and _, such as splade-v3"
        )
    if name in (*OWN, study.own_score):
        raise UserError(f"{name} is the study's own system: give the run another name")
    read = read_run(study, path, name)
    (study.path / "runs").mkdir(exist_ok=True)
    with new_file(study.path / "runs" / f"{name}.trec") as temporary:
        temporary.write_bytes(path.read_bytes())
    return read


def _some(ids: object) -> str:
    shown = [str(each) for each in list(ids)[:3]]  # type: ignore[call-overload]
    return "ids such as " + ", ".join(repr(each[:40]) for each in shown)

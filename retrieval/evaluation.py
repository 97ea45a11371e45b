"""Evaluate the systems of a study: their runs over its own queries, and the runs' measures by its qrels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from data.errors import UserError
from data.files import new_file, write_json
from data.progress import Progress
from retrieval.evaluate import evaluate, means
from retrieval.queries import study_queries
from retrieval.run import Run, write_trec
from retrieval.study_folder import StudyFolder
from retrieval.systems import SYSTEMS, rank_all, systems_of

DEPTH = 1000


@dataclass(frozen=True)
class Evaluation:
    """An evaluation of several systems on one study.

    runs: system -> Run. per_query: query_id, system and a column per measure. means: system -> measure -> mean.
    """

    runs: Mapping[str, Run]
    per_query: pd.DataFrame
    means: Mapping[str, Mapping[str, float]]

    def save(self, folder: Path) -> None:
        """Write evaluation.json (means) and per_query.parquet."""
        with new_file(folder / "per_query.parquet") as temporary:
            self.per_query.to_parquet(temporary, index=False)
        write_json(folder / "evaluation.json", self.means)


def evaluate_systems(study: StudyFolder, progress: Progress | None = None) -> Evaluation:
    """Run and evaluate every system of the list that can rank in this study, over the study's queries.

    A study without qrels raises a `UserError`.
    """
    if not study.qrels:
        raise UserError(f"study {study.name} has no relevance judgements: index a collection that has qrels")
    systems = [system for system in systems_of(study) if system.name in SYSTEMS]
    runs = rank_all(study, study_queries(study), DEPTH, systems=systems)
    tables = {}
    for done, (name, run) in enumerate(runs.items(), start=1):
        tables[name] = evaluate(run, study.qrels)
        if progress:
            progress("Evaluation", done, len(runs))
    per_query = pd.concat(
        [table.rename_axis("query_id").reset_index().assign(system=name) for name, table in tables.items()],
        ignore_index=True,
    )
    return Evaluation(runs, per_query, {name: means(table) for name, table in tables.items()})


def evaluation_is_kept(study: StudyFolder) -> bool:
    """Whether the study's stored evaluation has every system of the list that can rank in it."""
    if not study.qrels or not study.queries.ids:
        return True
    expected = {system.name for system in systems_of(study) if system.name in SYSTEMS}
    return expected <= set(study.evaluation)


def write_evaluation(study: StudyFolder, progress: Progress | None = None) -> None:
    """Evaluate the study and store the result, unless the stored evaluation already has every system."""
    if not evaluation_is_kept(study):
        evaluate_systems(study, progress).save(study.path)


def write_runs(runs: Mapping[str, Run], folder: Path) -> None:
    """Write <folder>/<system>.trec for each run."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, run in runs.items():
        write_trec(run, folder / f"{name}.trec", name)

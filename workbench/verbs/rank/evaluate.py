"""The verb evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.errors import UserError
from workbench.verbs.options import AsJson, StudyFolder
from workbench.verbs.printing import print_json, print_means
from workbench.verbs.tabular import give, records


def run(
    study: StudyFolder,
    runs: Annotated[
        Path | None, typer.Option(help="Write each system's ranking to DIR/<system>.trec.")
    ] = None,
    intervals: Annotated[
        bool,
        typer.Option(
            "--intervals",
            help="Instead: 95% intervals over queries, and queries won and lost against the encoder's own score, "
            "of the measures that the study keeps.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Evaluate latent terms (with the paper's idf and with Lucene's), cosine and lexical BM25 by the qrels."""
    from retrieval.evaluation import evaluate_systems, write_runs
    from retrieval.study import Study

    opened = Study.open(study)
    if intervals:
        from analyses.comparison.evaluation_table import evaluation_table

        if runs:
            raise UserError("--intervals reads what the study keeps and ranks nothing: leave --runs out")
        give(evaluation_table(opened), None, as_json, records)
        return
    evaluation = evaluate_systems(opened)
    if runs:
        write_runs(evaluation.runs, runs)
    if as_json:
        print_json(evaluation.means)
    else:
        print_means(evaluation.means)

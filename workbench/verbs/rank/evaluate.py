"""The verb evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.verbs.options import AsJson, StudyFolder
from workbench.verbs.printing import print_json, print_means


def run(
    study: StudyFolder,
    runs: Annotated[
        Path | None, typer.Option(help="Write each system's ranking to DIR/<system>.trec.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Evaluate latent terms (with the paper's idf and with Lucene's), cosine and lexical BM25 by the qrels."""
    from retrieval.evaluation import evaluate_systems, write_runs
    from retrieval.study import Study

    evaluation = evaluate_systems(Study.open(study))
    if runs:
        write_runs(evaluation.runs, runs)
    if as_json:
        print_json(evaluation.means)
    else:
        print_means(evaluation.means)

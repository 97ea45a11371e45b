"""The verb types."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.verbs.options import AsJson, Queue, StudyFolder, long_job
from workbench.verbs.printing import print_json, print_table


def run(
    study: StudyFolder,
    documents: Annotated[
        int, typer.Option(help="Documents of the sample that random directions read, at most.", min=1)
    ] = 2000,
    seed: Annotated[int, typer.Option(help="Seed of the sample and of the directions.")] = 0,
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Classify, by the rule of types, vocabularies that no SAE has learned, and keep the shares in the study.

    An SAE of random directions on a sample of the documents, beside the study's own latents on that sample, and the
    tokenizer's wordpieces as if they were latents. The Types page shows their shares.

    `workbench types studies/scifact`
    """
    import pandas as pd

    from analyses.latents.type_controls import control_shares, type_controls, write_type_controls
    from analyses.latents.types import TypeThresholds
    from retrieval.study import Study

    opened = Study.open(study)
    with long_job(f"Controls of the types of {opened.name}", {}, queue, writes=[opened.path]) as progress:
        write_type_controls(opened, documents, seed, progress)
    controls = type_controls(opened)
    assert controls is not None  # just written
    shares = [
        table.assign(control=control) for control, table in control_shares(controls, TypeThresholds()).items()
    ]
    table = pd.concat(shares)[["control", "type", "count", "share", "low", "high"]]
    if as_json:
        print_json(table.to_dict("records"))
    else:
        print_table(table)

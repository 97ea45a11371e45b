"""Verbs that make tables of a study: vocabulary-table, type-controls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.printing import print_json, print_table
from workbench.verbs.options import AsJson, Queue, StudyFolder, long_job


def vocabulary_table_verb(
    study: StudyFolder,
    out: Annotated[Path, typer.Option(help="The file to write: .parquet or .csv.", metavar="FILE")],
) -> None:
    """Write every latent of a study with its statistics and its type, a row a latent, the most frequent first.

    `workbench vocabulary-table studies/scifact --out scifact.parquet`
    """
    from analyses.lexicon import check_ending, lexicon, write_table
    from analyses.types import TypeThresholds, type_measures
    from analyses.vocabulary import vocabulary_table
    from retrieval.study import Study

    check_ending(out)
    opened = Study.open(study)
    vocabulary, measures = vocabulary_table(opened), type_measures(opened)
    table = lexicon(vocabulary, measures, TypeThresholds(), len(opened.corpus))
    write_table(table, out)
    print(f"{len(table):,} latents, {len(table.columns)} columns in {out}")


def type_controls_verb(
    study: StudyFolder,
    documents: Annotated[
        int, typer.Option(help="Documents of the sample that random directions read, at most.", min=1)
    ] = 2000,
    seed: Annotated[int, typer.Option(help="Seed of the sample and of the directions.")] = 0,
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Tell what the rule of types says of vocabularies that no SAE has learned, and keep it in the study.

    An SAE of random directions on a sample of the documents, beside the study's own latents on that sample, and the
    tokenizer's wordpieces as if they were latents. The Types page shows their shares.

    `workbench type-controls studies/scifact`
    """
    import pandas as pd

    from analyses.type_controls import control_shares, type_controls, write_type_controls
    from analyses.types import TypeThresholds
    from retrieval.study import Study

    opened = Study.open(study)
    with long_job(f"Controls of the types of {opened.name}", {}, queue) as progress:
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

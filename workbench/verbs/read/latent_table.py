"""The verb latent-table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.terminal import say
from workbench.verbs.options import StudyFolder


def run(
    study: StudyFolder,
    out: Annotated[Path, typer.Option(help="The file to write: .parquet or .csv.", metavar="FILE")],
) -> None:
    """Write every latent of a study with its statistics and its type, a row per latent, the most frequent first.

    In a .csv a text that a spreadsheet would run as a formula has an apostrophe before it; a .parquet has none.

    `workbench latent-table studies/scifact --out scifact.parquet`
    """
    from analyses.latents.latent_table import vocabulary_table
    from analyses.latents.lexicon import check_ending, lexicon, write_table
    from analyses.latents.types import TypeThresholds, type_measures
    from retrieval.study import Study

    check_ending(out)
    opened = Study.open(study)
    vocabulary, measures = vocabulary_table(opened), type_measures(opened)
    table = lexicon(vocabulary, measures, TypeThresholds(), len(opened.corpus))
    write_table(table, out)
    say(f"{len(table):,} latents, {len(table.columns)} columns in {out}")

"""The verb latent-table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import UserError
from data.terminal import say
from workbench.making.parsing import parse_latents
from workbench.verbs.options import StudyFolder

if TYPE_CHECKING:
    import pandas as pd

    from retrieval.study import Study


def run(
    study: StudyFolder,
    out: Annotated[Path, typer.Option(help="The file to write: .parquet or .csv.", metavar="FILE")],
    latents: Annotated[
        str, typer.Option(help="These alone, in this order, such as 12,88.", metavar="NUMBERS")
    ] = "",
    pairs: Annotated[
        bool,
        typer.Option(
            "--pairs",
            help="Instead, a row for each two of them: documents that both are in, cosine of directions.",
        ),
    ] = False,
) -> None:
    """Write every latent of a study with its statistics and its type, a row per latent, the most frequent first.

    In a .csv a text that a spreadsheet would run as a formula has an apostrophe before it; a .parquet has none.

    `workbench latent-table studies/scifact --out scifact.parquet`
    """
    from analyses.latents.lexicon import check_ending, write_table
    from retrieval.study import Study

    check_ending(out)
    opened = Study.open(study)
    chosen = _chosen(latents, opened.n_latents)
    if pairs and not chosen:
        raise UserError("--pairs is of some latents: name them with --latents, such as --latents 12,88")
    table = _pairs(opened, chosen) if pairs else _rows(opened, chosen)
    write_table(table, out)
    say(f"{len(table):,} {'pairs' if pairs else 'latents'}, {len(table.columns)} columns in {out}")


def _chosen(text: str, n_latents: int) -> list[int]:
    """The numbers that were named; none where the text is empty, which means all of them."""
    numbers = parse_latents(text) if text else []
    for outside in (number for number in numbers if number >= n_latents):
        raise UserError(f"latent {outside} is outside this SAE: choose 0 to {n_latents - 1}")
    return numbers


def _rows(study: Study, chosen: list[int]) -> pd.DataFrame:
    from analyses.latents.latent_table import vocabulary_table
    from analyses.latents.lexicon import lexicon
    from analyses.latents.types import TypeThresholds, type_measures

    table = lexicon(vocabulary_table(study), type_measures(study), TypeThresholds(), len(study.corpus))
    return table.set_index("latent", drop=False).loc[chosen] if chosen else table


def _pairs(study: Study, chosen: list[int]) -> pd.DataFrame:
    from analyses.dictionary.several_latents import together

    return together(study, chosen)

"""Verbs that set frequencies beside something: meaning, shift."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from data.errors import UserError
from workbench.printing import print_table
from workbench.verbs.options import AsJson, StudyFolder
from workbench.verbs.tabular import Csv, Seed, give, readable, records


def meaning_verb(study: StudyFolder, seed: Seed = 0, csv: Csv = None, as_json: AsJson = False) -> None:
    """Zipf's meaning-frequency law: do frequent latents mean more, as frequent words do?

    Forms that a latent falls on, and latents that a word wakes, against their frequency: slopes with intervals,
    beside as many tokens drawn at random; and what else goes with a latent's frequency. `--csv` writes a row a
    term.

    `workbench meaning studies/scifact`
    """
    from analyses.meaning import meaning_law, meanings, specificity_law, write_meanings
    from analyses.types import type_measures
    from retrieval.study import Study

    opened = Study.open(study)
    write_meanings(opened, seed)
    table = meanings(opened, seed)
    law, specificity = meaning_law(table, seed), specificity_law(opened, table, type_measures(opened))
    if as_json or csv:
        give(table, csv, as_json, lambda _: {"law": records(law), "specificity": records(specificity)})
        return
    print_table(readable(law))
    print_table(readable(specificity))
    print("p_value: Spearman's rank correlation, two-sided")


def shift_verb(
    study: StudyFolder,
    other: Annotated[Path, typer.Argument(help="The study to set beside it.", metavar="OTHER")],
    rate: Annotated[float, typer.Option(help="False discoveries allowed, as a share.", min=0, max=1)] = 0.05,
    limit: Annotated[int, typer.Option(help="Latents of each side to print.", min=1)] = 15,
    seed: Seed = 0,
    csv: Csv = None,
    as_json: AsJson = False,
) -> None:
    """Which latents does one collection use more often than another?

    Two studies of one SAE: a G-test for each latent on documents with and without it, by Benjamini and Hochberg's
    procedure, and the log ratio with its interval; the control deals the documents out anew. Two SAEs of one
    encoder: latents paired by decoder direction, without a test. Two encoders: only the shapes, as `workbench
    growth` tells them.

    `workbench shift studies/scifact studies/textbooks --csv shift.csv`
    """
    from analyses.shift import comparable, frequency_shift, matched_shares
    from retrieval.study import Study

    a, b = Study.open(study), Study.open(other)
    kind = comparable(a, b)
    if kind == "shapes":
        raise UserError(
            f"{a.name} and {b.name} are of two encoders, or of two layers, so that no latent of one is a latent of "
            "the other: compare their shapes on the page Shift"
        )
    if kind == "directions":
        pairs = matched_shares(a, b)
        give(pairs, csv, as_json, lambda table: {"paired_by": "decoder", "pairs": records(table)}, limit)
        return
    shift = frequency_shift(a, b, rate, seed)
    facts = {
        name: getattr(shift, name)
        for name in ("n_a", "n_b", "n_tested", "n_over_a", "n_over_b", "n_chance", "median")
    }
    if as_json or csv:
        told = {**facts, "false_discovery_rate": rate, "test": "G-test, chi-squared with 1 degree of freedom"}
        give(shift.table, csv, as_json, lambda table: {**told, "latents": records(table)})
        return
    shown = ["latent", "label", "share_a", "share_b", "log2_ratio", "low", "high", "q_value"]
    for side, by, rising in (("a", "low", False), ("b", "high", True)):
        print(f"more often in {(a if side == 'a' else b).name}")
        rows = shift.table[shift.table["over"] == side]
        print_table(readable(rows.sort_values(by, ascending=rising).head(limit)[shown]))
    print(", ".join(f"{name} {value:,.4g}" for name, value in facts.items()))

"""The verb compare-collections."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data.errors import UserError
from data.terminal import say
from workbench.verbs.options import AsJson, StudyFolder
from workbench.verbs.printing import print_table
from workbench.verbs.tabular import Csv, Seed, give, readable, records

if TYPE_CHECKING:
    from analyses.laws.compare_collections import Shift


def run(
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
    growth` prints them.

    `workbench compare-collections studies/scifact studies/textbooks --csv scifact-textbooks.csv`
    """
    from analyses.laws.compare_collections import comparable, compare_frequencies, matched_shares
    from retrieval.study import Study

    a, b = Study.open(study), Study.open(other)
    kind = comparable(a, b)
    if kind == "shapes":
        raise UserError(
            f"{a.name} and {b.name} are of two encoders, or of two layers, so that no latent of one is a latent of "
            "the other: compare their shapes on the page Compare collections"
        )
    if kind == "directions":
        pairs = matched_shares(a, b)
        give(pairs, csv, as_json, lambda table: {"paired_by": "decoder", "pairs": records(table)}, limit)
        return
    shift = compare_frequencies(a, b, rate, seed)
    facts = _facts(shift)
    if as_json or csv:
        tested = {
            **facts,
            "false_discovery_rate": rate,
            "test": "G-test, chi-squared with 1 degree of freedom",
        }
        give(shift.table, csv, as_json, lambda table: {**tested, "latents": records(table)})
    else:
        _show(shift, (a.name, b.name), facts, limit)


def _facts(shift: Shift) -> dict[str, Any]:
    names = ("n_a", "n_b", "n_tested", "n_over_a", "n_over_b", "n_chance", "median")
    return {name: getattr(shift, name) for name in names}


def _show(shift: Shift, names: tuple[str, str], facts: dict[str, Any], limit: int) -> None:
    shown = ["latent", "label", "share_a", "share_b", "log2_ratio", "low", "high", "q_value"]
    for name, side, by, rising in ((names[0], "a", "low", False), (names[1], "b", "high", True)):
        say(f"more often in {name}")
        rows = shift.table[shift.table["over"] == side]
        print_table(readable(rows.sort_values(by, ascending=rising).head(limit)[shown]))
    say(", ".join(f"{name} {value:,.4g}" for name, value in facts.items()))

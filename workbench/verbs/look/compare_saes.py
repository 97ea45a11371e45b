"""The verb compare-saes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.terminal import say
from workbench.verbs.options import AsJson, Queue, long_job
from workbench.verbs.printing import print_json, print_table

if TYPE_CHECKING:
    from analyses.saes.sae_comparison import SaeComparison


def run(
    saes: Annotated[
        list[str],
        typer.Argument(help="Two or more SAEs, families, or studies of one collection.", metavar="SAE..."),
    ],
    queue: Queue = False,
    as_json: AsJson = False,
) -> None:
    """Compare SAEs: which latents recur, by decoder direction and by activation, and do the rankings agree?

    SAEs alone are matched by their decoder directions. Studies of one collection are matched by activation over
    its documents too, split by document frequency and type, and their rankings are compared. Each share stands
    beside what chance gives. Example:

    `workbench compare-saes studies/a studies/b`
    """
    from workbench.making.laboratory import compare_paths

    with long_job(f"Compare {', '.join(Path(sae).name for sae in saes)}", {}, queue) as progress:
        comparison = compare_paths(saes, progress)
    if as_json:
        print_json(comparison.to_dict())
    else:
        _show(comparison)


def _show(comparison: SaeComparison) -> None:
    """Recurrence and agreement of each pair, then what varies over all."""
    recurrence, means = comparison.recurrence, comparison.ranking_means
    for (a, b), of_pair in recurrence.groupby(["a", "b"], sort=False):
        for by, table in of_pair.groupby("by", sort=False):
            say(f"{a} and {b}: latents that recur by {by}, beside the share that chance gives")
            print_table(table[["group", "value", "n_latents", "share", "low", "high", "chance", "mutual"]])
        if len(means):
            say(f"{a} and {b}: agreement of their rankings")
            print_table(means[(means["a"] == a) & (means["b"] == b)].drop(columns=["a", "b"]))
    if len(comparison.spread):
        say(f"mean and spread over {len(comparison.names)} SAEs")
        print_table(comparison.spread)

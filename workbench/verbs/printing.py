"""What the command line prints: tables for people, JSON for scripts, problems on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.terminal import printable, printable_json, say

if TYPE_CHECKING:
    import pandas as pd

    from data.corpus import Collection
    from retrieval.study import Study
    from workbench.making.cost import Cost

IN_FILES = 400  # columns of a table that no terminal shows, so that none of its words is broken


def print_problems(loaded: Collection, at_most: int) -> None:
    """Name the problems that a reader met, on standard error."""
    for problem in loaded.problems[:at_most]:
        say(f"{problem.where}: {problem.kind}: {problem.detail}", file=sys.stderr)
    if (more := len(loaded.problems) - at_most) > 0:
        say(f"... and {more:,} more (see `workbench collection SOURCE --json`)", file=sys.stderr)


def print_json(value: Any) -> None:
    """Print a value for a script to read."""
    say(printable_json(json.dumps(value, ensure_ascii=False, indent=2)))


def print_table(table: pd.DataFrame) -> None:
    """Print a table, numbers to four digits."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, header_style="bold")
    for column in table.columns:
        shown.add_column(
            Text(printable(column.replace("_", " "))),
            justify="right" if table[column].dtype.kind in "if" else "left",
            overflow="fold",
        )
    for row in table.itertuples(index=False):
        shown.add_row(*(Text(f"{cell:.4f}" if isinstance(cell, float) else printable(cell)) for cell in row))
    Console(width=None if sys.stdout.isatty() else IN_FILES).print(shown)


def print_means(means: Mapping[str, Mapping[str, float]]) -> None:
    """Print a row per system, a column per measure."""
    import pandas as pd

    print_table(pd.DataFrame(means).T.rename_axis("system").reset_index())


def print_evaluation(study: Path) -> None:
    """Print a study's size, and its means as evaluated when it was built."""
    from retrieval.study import Study

    opened = Study.open(study)
    say(f"study {study}: {len(opened.corpus):,} documents, {opened.n_latents:,} latents", file=sys.stderr)
    for sentence in opened.manifest.get("warnings", ()):
        say(f"warning: {sentence}", file=sys.stderr)
    if opened.evaluation:
        print_means(opened.evaluation)


def print_spread(studies: Sequence[Study]) -> None:
    """Print mean and standard deviation over a family's studies."""
    from analyses.saes.sae_comparison import headline_measures, spread

    say(f"mean and spread over {len(studies)} SAEs", file=sys.stderr)
    print_table(spread([headline_measures(study) for study in studies]))


def print_cost(cost: Cost, as_json: bool) -> None:
    """Print the cost of a training; every figure but the counts of tokens is an estimate."""
    from workbench.markup.formats import duration, size

    if as_json:
        reading = {name: value for name, value in asdict(cost.reading).items() if name != "rows"}
        print_json(
            {**asdict(cost), "reading": reading, "seconds": cost.seconds, "disk_bytes": cost.disk_bytes}
        )
        return
    exact = "" if cost.reading.exact else f" (estimate: {cost.reading.low:,} to {cost.reading.high:,})"
    say(f"reads    {cost.reading.documents:,} documents, {cost.reading.tokens:,} tokens{exact}")
    say(f"trains   on {cost.token_views:,} training tokens (repeats counted)")
    if cost.seconds_encode is not None and cost.seconds_train is not None:
        encode = "kept from before" if cost.stored else f"about {duration(cost.seconds_encode)}"
        say(f"encode   {encode}")
        say(f"train    about {duration(cost.seconds_train)}, at the speed measured just now")
    states = (
        "token states stream from the encoder, none are stored" if cost.streams else "token states included"
    )
    say(f"disk     about {size(cost.disk_bytes)} ({states}); {size(cost.free_bytes)} are free")
    say(f"memory   about {size(cost.memory_bytes)}")

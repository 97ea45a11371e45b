"""What the verbs on the vocabulary's laws share: a table as text, as CSV or as JSON."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from data.terminal import say
from workbench.verbs.printing import print_json, print_table

if TYPE_CHECKING:
    import pandas as pd

Csv = Annotated[Path | None, typer.Option("--csv", help="Write the main table to this file.", metavar="FILE")]
Seed = Annotated[int, typer.Option(help="Seed of what is drawn.")]


def give(
    table: pd.DataFrame,
    csv: Path | None,
    as_json: bool,
    record: Callable[[pd.DataFrame], Any],
    limit: int | None = None,
) -> None:
    """Write the table as CSV, print what `record` makes of it as JSON, or print the table."""
    from data.csv_text import csv_of
    from data.files import new_file

    if csv is not None:
        with new_file(csv) as temporary:
            temporary.write_text(csv_of(table), encoding="utf-8", newline="")
    if as_json:
        print_json(record(table))
    elif csv is not None:
        say(f"{len(table):,} rows, {len(table.columns)} columns in {csv}")
    else:
        print_table(table.head(limit) if limit else table)


def readable(table: pd.DataFrame) -> pd.DataFrame:
    """The table with p- and q-values as text of two digits, which four decimals would round to zero."""
    tests = [name for name in ("p_value", "q_value") if name in table]
    return table.assign(
        **{name: [f"{value:.2g}" if value > 0 else "< 1e-300" for value in table[name]] for name in tests}
    )


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as JSON can hold them: what is not a number, and what is missing, is None."""
    import pandas as pd

    return [
        {str(name): None if value is pd.NA or value != value else value for name, value in row.items()}
        for row in table.to_dict("records")
    ]

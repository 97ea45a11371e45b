"""The first rows of a table of documents, and which of its columns hold id, text and title by their usual names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from data.readers.names import DOCUMENTS, usual
from data.readers.tabular import Columns, open_table

N_READ = 100  # rows that the columns are taken from, as by whoever reads the whole table


@dataclass(frozen=True)
class FirstRows:
    """columns: names, in the order of the table. guessed: the usual names among them. rows: column -> value."""

    columns: tuple[str, ...]
    guessed: Columns
    rows: tuple[Mapping[str, Any], ...]


def first_rows(path: Path, n_shown: int = 5) -> FirstRows:
    """Columns and first rows of a file; one that is no table is a `UserError`, a broken line is passed over."""
    head = [row for _, row in islice(open_table(path, []), N_READ)]
    present = list(dict.fromkeys(str(key) for row in head for key in row))
    guessed = Columns(**{role: usual(names, present) for role, names in DOCUMENTS.items()})
    return FirstRows(tuple(present), guessed, tuple(head[:n_shown]))

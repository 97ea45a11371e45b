"""Tables as CSV that a spreadsheet shows and never runs: the one writer of every verb and download.

A text that begins with = + - @ or a control character is a formula to a spreadsheet, which may send other cells
away or start programs; an apostrophe before it makes it text again (OWASP, CSV Injection). Numbers stay numbers.
"""

from __future__ import annotations

import csv
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

FORMULA = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
)  # full-width ones, too


def csv_of(table: pd.DataFrame) -> str:
    """The table as CSV with a header and without its index; no cell and no column's name is a formula."""
    shown, returns = table.copy(deep=False), False
    for place, kind in enumerate(table.dtypes):
        if kind.kind not in "biufcmM":
            cells = [plain(cell) for cell in table.iloc[:, place]]
            shown.isetitem(place, np.array(cells, dtype=object))
            returns |= any(isinstance(cell, str) and "\r" in cell for cell in cells)
    shown.columns = [plain(name) for name in table.columns]
    returns |= any("\r" in str(name) for name in table.columns)
    # pandas leaves a carriage return unquoted, after which a reader begins a new row
    return shown.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL)


def plain(cell: object) -> object:
    """The cell; a text that a spreadsheet would take for a formula with an apostrophe before it."""
    if not isinstance(cell, str) or not cell.lstrip(" ").startswith(FORMULA):
        return cell
    if len(cell) > 1 and not _is_number(cell):  # a sign alone calculates nothing
        return f"'{cell}"
    return cell


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text)) and text == text.strip()
    except ValueError:
        return False

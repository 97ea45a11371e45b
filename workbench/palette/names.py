"""Rows found by a part of their name, the best first: equal, begins with it, a word begins with it, holds it.

All names stand in one folded text, a line each, so that a search is a scan by the machine's own string search:
a few milliseconds for 50,000 titles, whatever is typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_CANDIDATES = 2_000
LONGEST = 400  # characters of a name that are looked at


@dataclass(frozen=True)
class Names:
    """text: every folded name between line ends. starts: where each name's line begins, (n_names,)."""

    text: str
    starts: NDArray[np.int64]


@dataclass(frozen=True)
class Match:
    """A row, and how well its name matches: 0 equal, 1 begins so, 2 a word of it does, 3 inside, 4 all words."""

    row: int
    quality: int


def fold(text: str) -> str:
    """One line without case: what is compared."""
    return " ".join(text[:LONGEST].casefold().split())


def names_of(texts: Sequence[str]) -> Names:
    """The names prepared for `find`."""
    lines = [fold(text) for text in texts]
    lengths = np.array([len(line) + 1 for line in lines], dtype=np.int64)
    return Names(
        "\n" + "\n".join(lines) + "\n", np.concatenate([[0], np.cumsum(lengths)])[:-1].astype(np.int64)
    )


def find(names: Names, typed: str, most: int) -> list[Match]:
    """At most `most` rows, in order of quality, then of rows."""
    wanted = fold(typed)
    if not wanted or not len(names.starts):
        return []
    found: dict[int, int] = {}
    for quality, pattern in enumerate((f"\n{wanted}\n", f"\n{wanted}", f" {wanted}", wanted)):
        for row in _rows(names, pattern, most + len(found)):
            found.setdefault(row, quality)
        if len(found) >= most:
            break
    words = wanted.split()
    if len(found) < most and len(words) > 1:
        longest = max(words, key=len)
        for row in _rows(names, longest, MOST_CANDIDATES):
            line = _line(names, row)
            if row not in found and all(word in line for word in words):
                found[row] = 4
    return [Match(row, quality) for row, quality in list(found.items())[:most]]


def _rows(names: Names, pattern: str, most: int) -> list[int]:
    """The first rows whose line holds the pattern, each once; one with a line end before it begins so."""
    rows: list[int] = []
    at = names.text.find(pattern)
    while at >= 0 and len(rows) < most:
        row = int(np.searchsorted(names.starts, at, side="right")) - 1
        rows.append(row)
        if row + 1 >= len(names.starts):
            break
        at = names.text.find(pattern, int(names.starts[row + 1]))
    return rows


def _line(names: Names, row: int) -> str:
    begin = int(names.starts[row]) + 1
    return names.text[begin : names.text.index("\n", begin)]

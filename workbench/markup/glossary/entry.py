"""What an entry of the glossary is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """name: as tables and figures call it. meaning: one line. formula: as text, "" where none says more.

    also: other names by which a page shows the same statistic.
    """

    name: str
    meaning: str
    formula: str = ""
    also: tuple[str, ...] = ()

    @property
    def tooltip(self) -> str:
        """Meaning and formula in a line or two."""
        return f"{self.meaning}\n{self.formula}" if self.formula else self.meaning

"""The thresholds of the rule of types, as the URL keeps them for every page: `rule=0.5,0.5,0.3`."""

from __future__ import annotations

from analyses.types import TypeThresholds
from workbench import selection


def chosen() -> TypeThresholds:
    """The thresholds that the reader has set, or the usual ones."""
    return parse(selection.current().get("rule", ""))


def parse(text: str) -> TypeThresholds:
    """The thresholds that `written` wrote; the usual ones for any other text."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        return TypeThresholds()
    if len(numbers) != 3 or not all(0 <= number <= 1 for number in numbers):
        return TypeThresholds()
    lexical, narrow, closeness = numbers
    return TypeThresholds(lexical, narrow, closeness)


def written(thresholds: TypeThresholds) -> str | None:
    """lexical, narrow, closeness; None for the usual ones, which need not be said."""
    if thresholds == TypeThresholds():
        return None
    return ",".join(f"{number:g}" for number in (thresholds.lexical, thresholds.narrow, thresholds.closeness))

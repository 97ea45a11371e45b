"""The thresholds of the rule of types, as the URL keeps them for every page: `rule=0.5,0.5,0.3`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import streamlit as st

from analyses.latents.types import TypeThresholds
from workbench.page import selection, url_widgets
from workbench.page.url_widgets import Spelling


def chosen() -> TypeThresholds:
    """The thresholds of the URL, or the usual ones."""
    return parse(selection.current().get("rule", "")) or TypeThresholds()


def slider(threshold: str, label: str, place: url_widgets.Place = st, **look: Any) -> float:
    """A slider for one of the three thresholds, by its name in `TypeThresholds`."""

    def read(text: str) -> float | None:
        rule = parse(text)
        return None if rule is None else float(asdict(rule)[threshold])

    spelling = Spelling(read, lambda value: written(with_threshold(chosen(), threshold, value)))
    usual = float(asdict(TypeThresholds())[threshold])
    # the default is left out by `written`, which looks at all three
    return url_widgets.bound(
        "rule",
        usual,
        spelling,
        lambda key: float(place.slider(label, 0.0, 1.0, step=0.05, key=key, **look)),
        threshold,
        keep_default=True,
    )


def with_threshold(rule: TypeThresholds, threshold: str, value: float) -> TypeThresholds:
    """The rule with one of its three thresholds changed."""
    return TypeThresholds(**(asdict(rule) | {threshold: value}))


def parse(text: str) -> TypeThresholds | None:
    """The thresholds that `written` wrote; None for any other text."""
    numbers = [url_widgets.finite(part) for part in text.split(",")]
    lexical, narrow, closeness = numbers if len(numbers) == 3 else (None, None, None)
    if lexical is None or narrow is None or closeness is None:
        return None
    if not all(0 <= number <= 1 for number in (lexical, narrow, closeness)):
        return None
    return TypeThresholds(lexical, narrow, closeness)


def written(thresholds: TypeThresholds) -> str:
    """lexical, narrow, closeness; "" for the usual ones, which are left out of the URL."""
    if thresholds == TypeThresholds():
        return ""
    return ",".join(f"{number:g}" for number in (thresholds.lexical, thresholds.narrow, thresholds.closeness))

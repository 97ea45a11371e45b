"""The controls of the failures page: how deep a document may be found, and which misses are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import pandas as pd
import streamlit as st

from analyses.comparison.failures import BESIDE, POOL, REASONS, Failures
from analyses.comparison.misses import FOUND_BY, chosen_misses
from analyses.figures.latents.types import TYPE_NAMES
from analyses.figures.ranking.failures import REASON_NAMES
from retrieval.systems import within_sentence
from workbench.caches import cache
from workbench.caches import systems as cached_systems
from workbench.page import selection, url_widgets

T = TypeVar("T")
KS = (1, 5, 10, 20, 50, 100)
FOUND_NAMES = {one.name: f"found by {within_sentence(one.name)}" for one in BESIDE} | {
    "either": "found by one of them",
    "none": "found by neither",
}


def choose_k() -> int:
    """How many results a relevant document must be among: one of KS, or what the URL says."""
    in_url = selection.current().get("k", "")
    further = {int(in_url)} if in_url.isdecimal() and 1 <= int(in_url) <= POOL else set()
    options = {k: str(k) for k in sorted({*KS, *further})}
    return url_widgets.segmented("k", "Missed: not among the first", options, 10)


def choose_misses(key: cache.Key, failures: Failures) -> pd.DataFrame:
    """The misses that pass the filters: reason, type to blame, systems that find them, gain, words of the query."""
    misses, types = failures.misses, cached_systems.types(key)
    least, most = int(misses["n_words"].min()), int(misses["n_words"].max())
    gains = [f"{grade:g}" for grade in sorted(misses["grade"].unique())]
    kinds = sorted(set(types)) if len(types) else []
    columns = st.columns(5, gap="medium", vertical_alignment="bottom")
    reason = url_widgets.select_any("reason", "Reason", named(REASONS, REASON_NAMES), "any", columns[0])
    finds = url_widgets.select_any("found", "Other systems", named(FOUND_BY, FOUND_NAMES), "any", columns[1])
    kind = url_widgets.select_any(
        "blame", "Type of the latent most to blame", named(kinds, TYPE_NAMES), "any", columns[2]
    )
    gain, words = None, (least, most)
    if len(gains) > 1:
        gain = url_widgets.select_any("gain", "Gain", named(gains, {}), "any", columns[3])
    if least < most:
        words = url_widgets.range_slider("words", "Words of the query", least, most, columns[4])
    return chosen_misses(
        misses, failures.k, reason, words, kind, types, finds, None if gain is None else float(gain)
    )


def named(options: Iterable[T], names: Mapping[T, str]) -> dict[T, str]:
    """Each option with its name, or its own text where it has none."""
    return {option: names.get(option, str(option)) for option in options}

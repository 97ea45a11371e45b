"""Caches of the pages that ask whether the vocabulary is a language; see `workbench.cache` for what a key is.

What takes seconds is kept in the study's folder too, where that can be written, so that it is computed once.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from analyses import bands, lengths, meaning, pruning_effect, saturation, shift, study_growth
from analyses.growth import Heaps
from analyses.judged import Judged, judged_queries
from analyses.pruning_effect import Pruning, PruningEffect
from analyses.repetition import repetition_medians, write_repetition
from analyses.saturation import Saturation
from analyses.types import TypeThresholds, classify, type_measures, types_are_kept
from retrieval.bm25 import LEXICAL, Bm25Parameters
from workbench import cache
from workbench.cache import Idf, Key
from workbench.cached_map import modified

Progress = Callable[[str, int, int], None]
N_SATURATION = 500  # queries, of which the evidence is an estimate


@st.cache_resource(show_spinner=False, max_entries=8)
def judged(key: Key, at_most: int | None = None) -> Judged:
    """The judged queries, or a sample of them."""
    return judged_queries(cache.open_study(key)) if at_most is None else judged(key).sample(at_most)


@st.cache_resource(show_spinner=False, max_entries=4)
def band_table(key: Key) -> pd.DataFrame:
    study = cache.open_study(key)
    types = classify(type_measures(study), TypeThresholds()) if types_are_kept(study) else None
    return bands.band_table(study, types)


@st.cache_resource(show_spinner=False, max_entries=128)
def effect(key: Key, pruning: Pruning, at_most: int | None) -> PruningEffect:
    """On all queries, or on a sample without the control, which is there at once."""
    before = ndcg_with_all(key, pruning.parameters, at_most)
    seeds = () if at_most else (0,)
    return pruning_effect.pruning_effect(cache.open_study(key), pruning, judged(key, at_most), seeds, before)


@st.cache_resource(show_spinner=False, max_entries=8)
def ndcg_with_all(key: Key, parameters: Bm25Parameters, at_most: int | None) -> NDArray[np.float64]:
    return pruning_effect.ndcg_with_all(cache.open_study(key), judged(key, at_most), parameters)


@st.cache_resource(show_spinner=False, max_entries=8)
def pruning_curve(key: Key, idf: Idf, modified: int) -> pd.DataFrame | None:
    """The kept curve; `modified`, its file's time in nanoseconds, makes one made anew be read anew."""
    return pruning_effect.pruning_curve(cache.open_study(key), idf)


@st.cache_resource(show_spinner=False, max_entries=4)
def document_lengths(key: Key) -> pd.DataFrame:
    return lengths.document_lengths(cache.open_study(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def length_correlations(key: Key) -> pd.DataFrame:
    return lengths.length_correlations(document_lengths(key))


@st.cache_resource(show_spinner=False, max_entries=64)
def retrieval_by_length(key: Key, b: float, idf: Idf, at_most: int | None) -> pd.DataFrame:
    without = ranked_without(key, idf, at_most)
    return lengths.retrieval_by_length(
        cache.open_study(key), b, idf, judged=judged(key, at_most), without=without
    )


@st.cache_resource(show_spinner=False, max_entries=4)
def ranked_without(key: Key, idf: Idf, at_most: int | None) -> NDArray[np.int32]:
    """The documents ranked at b = 0."""
    return lengths.ranked(cache.open_study(key), judged(key, at_most), 0.0, idf)


@st.cache_resource(show_spinner="Comparing weights in relevant documents with all others", max_entries=4)
def saturations(key: Key) -> tuple[Saturation, ...]:
    """Latents and words, each under its own parameters."""
    study, asked = cache.open_study(key), judged(key, N_SATURATION)
    words = study.words.count([study.queries.texts[row] for row in asked.rows])
    return (
        saturation.saturation_evidence("latents", study.index, asked.counts, asked, Bm25Parameters()),
        saturation.saturation_evidence("words", study.lexical.index, words, asked, LEXICAL),
    )


@st.cache_resource(show_spinner="Counting repetitions; some seconds, once", max_entries=4)
def repetition(key: Key) -> pd.DataFrame:
    study = cache.open_study(key)
    with suppress(OSError):  # a folder that cannot be written keeps nothing
        write_repetition(study)
    return repetition_medians(study)


@st.cache_resource(
    show_spinner="Counting the meanings of latents and words; some seconds, once", max_entries=4
)
def meanings(key: Key) -> pd.DataFrame:
    study = cache.open_study(key)
    with suppress(OSError):  # a folder that cannot be written keeps nothing
        meaning.write_meanings(study)
    return meaning.meanings(study)


@st.cache_resource(show_spinner=False, max_entries=4)
def meaning_law(key: Key) -> pd.DataFrame:
    return meaning.meaning_law(meanings(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def meaning_medians(key: Key) -> pd.DataFrame:
    return meaning.meaning_medians(meanings(key))


def frequency_shift(key: Key, other: Key) -> shift.Shift:
    """With the reader's own labels, of this study or else of the other one."""
    found, own = _frequency_shift(key, other), {**cache.labels(other), **_told(cache.labels(key))}
    return replace(found, table=found.table.assign(label=found.table["latent"].map(own)))


@st.cache_resource(show_spinner=False, max_entries=8)
def _frequency_shift(key: Key, other: Key) -> shift.Shift:
    return shift.frequency_shift(cache.open_study(key), cache.open_study(other))


def matched_shares(key: Key, other: Key) -> pd.DataFrame:
    """With the reader's own labels."""
    table = _matched_shares(key, other)
    partners = table["partner"].map(cache.labels(other))
    return table.assign(label=table["latent"].map(cache.labels(key)), partner_label=partners)


@st.cache_resource(show_spinner="Matching latents by decoder direction; some seconds", max_entries=4)
def _matched_shares(key: Key, other: Key) -> pd.DataFrame:
    return shift.matched_shares(cache.open_study(key), cache.open_study(other))


def _told(labels: dict[int, str]) -> dict[int, str]:
    return {latent: label for latent, label in labels.items() if label}


@st.cache_resource(show_spinner=False, max_entries=8)
def shape(key: Key) -> pd.DataFrame:
    return shift.shape(cache.open_study(key))


def growth(key: Key) -> tuple[pd.DataFrame, tuple[Heaps, ...]]:
    """Heaps' curves and laws; kept in the study before, see `study_growth.write_growth`."""
    return _growth(key, modified(key, "heaps.parquet"))


@st.cache_resource(show_spinner=False, max_entries=4)
def _growth(key: Key, modified: int) -> tuple[pd.DataFrame, tuple[Heaps, ...]]:
    study = cache.open_study(key)
    return study_growth.growth(study), tuple(study_growth.heaps(study).values())


@st.cache_resource(show_spinner=False, max_entries=8)
def dictionary_growth(keys: tuple[Key, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table and the curves of studies of one collection."""
    studies = [cache.open_study(key) for key in keys]
    return study_growth.dictionary_growth(studies), study_growth.filling_curves(studies)

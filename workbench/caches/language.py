"""Caches of the pages on laws of language; see `cache` for what a key is.

What takes seconds is kept in the study's folder too, where that can be written, so that it is computed once.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from analyses.bm25_assumptions import lengths, saturation
from analyses.bm25_assumptions.repetition import repetition_medians, write_repetition
from analyses.bm25_assumptions.saturation import Saturation
from analyses.comparison.judged_queries import Judged, judged_queries
from analyses.interventions import pruning_effect
from analyses.interventions.pruning_effect import Pruning, PruningEffect
from analyses.latents import frequency_bands
from analyses.latents.types import TypeThresholds, classify, type_measures, types_are_kept
from analyses.laws import compare_collections, polysemy, study_growth
from analyses.laws import laws as study_laws
from analyses.laws.growth import Heaps
from analyses.laws.laws import Laws
from analyses.vocabularies.vocabularies import Measure, Over
from retrieval.bm25 import LEXICAL, Bm25Parameters
from retrieval.vocabularies import VOCABULARIES
from workbench.caches import cache
from workbench.caches.cache import Idf, Key

N_SATURATION = 500  # queries, of which the evidence is an estimate


@st.cache_resource(show_spinner=False, max_entries=8)
def judged(key: Key, at_most: int | None = None) -> Judged:
    """The judged queries, or a sample of them."""
    return judged_queries(cache.open_study(key)) if at_most is None else judged(key).sample(at_most)


@st.cache_resource(show_spinner=False, max_entries=4)
def band_table(key: Key) -> pd.DataFrame:
    study = cache.open_study(key)
    types = classify(type_measures(study), TypeThresholds()) if types_are_kept(study) else None
    return frequency_bands.band_table(study, types)


@st.cache_resource(show_spinner=False, max_entries=128)
def effect(key: Key, pruning: Pruning, at_most: int | None) -> PruningEffect:
    """The effect on all queries, or on a sample without the control, which is fast."""
    before = ndcg_with_all(key, pruning.parameters, at_most)
    seeds = () if at_most else (0,)
    return pruning_effect.pruning_effect(cache.open_study(key), pruning, judged(key, at_most), seeds, before)


@st.cache_resource(show_spinner=False, max_entries=8)
def ndcg_with_all(key: Key, parameters: Bm25Parameters, at_most: int | None) -> NDArray[np.float64]:
    return pruning_effect.ndcg_with_all(cache.open_study(key), judged(key, at_most), parameters)


@st.cache_resource(show_spinner=False, max_entries=8)
def pruning_curve(key: Key, idf: Idf, version: tuple[int, ...]) -> pd.DataFrame | None:
    """The kept curve; `version`: its file's time in nanoseconds, so that a new curve is read again."""
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


@st.cache_resource(
    show_spinner="Comparing term frequencies in relevant documents with those in all", max_entries=4
)
def saturations(key: Key) -> tuple[Saturation, ...]:
    """Latents and words, each under its own parameters."""
    study, sample = cache.open_study(key), judged(key, N_SATURATION)
    words = study.stems.terms.count([study.queries.texts[row] for row in sample.rows])
    return (
        saturation.saturation_evidence("latents", study.index, sample.counts, sample, Bm25Parameters()),
        saturation.saturation_evidence("words", study.stems.weighted.index, words, sample, LEXICAL),
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
def polysemy_measures(key: Key) -> pd.DataFrame:
    study = cache.open_study(key)
    with suppress(OSError):  # a folder that cannot be written keeps nothing
        polysemy.write_polysemy(study)
    return polysemy.polysemy_measures(study)


@st.cache_resource(show_spinner=False, max_entries=4)
def polysemy_law(key: Key) -> pd.DataFrame:
    return polysemy.polysemy_law(polysemy_measures(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def polysemy_medians(key: Key) -> pd.DataFrame:
    return polysemy.polysemy_medians(polysemy_measures(key))


def compare_frequencies(key: Key, other: Key) -> compare_collections.Shift:
    """With the reader's own labels, of this study or else of the other one."""
    shift, own = _frequency_shift(key, other), {**cache.labels(other), **_named(cache.labels(key))}
    return replace(shift, table=shift.table.assign(label=shift.table["latent"].map(own)))


@st.cache_resource(show_spinner=False, max_entries=8)
def _frequency_shift(key: Key, other: Key) -> compare_collections.Shift:
    return compare_collections.compare_frequencies(cache.open_study(key), cache.open_study(other))


def matched_shares(key: Key, other: Key) -> pd.DataFrame:
    """With the reader's own labels."""
    table = _matched_shares(key, other)
    partners = table["partner"].map(cache.labels(other))
    return table.assign(label=table["latent"].map(cache.labels(key)), partner_label=partners)


@st.cache_resource(show_spinner="Matching latents by decoder direction; some seconds", max_entries=4)
def _matched_shares(key: Key, other: Key) -> pd.DataFrame:
    return compare_collections.matched_shares(cache.open_study(key), cache.open_study(other))


def _named(labels: dict[int, str]) -> dict[int, str]:
    return {latent: label for latent, label in labels.items() if label}


@st.cache_resource(show_spinner=False, max_entries=8)
def shape(key: Key) -> pd.DataFrame:
    return compare_collections.shape(cache.open_study(key))


def growth(key: Key) -> tuple[pd.DataFrame, tuple[Heaps, ...]]:
    """Heaps' curves and laws; kept in the study before, see `study_growth.write_growth`."""
    return _growth(key, cache.version(key, "growth"))


@st.cache_resource(show_spinner=False, max_entries=4)
def _growth(key: Key, version: tuple[int, ...]) -> tuple[pd.DataFrame, tuple[Heaps, ...]]:
    study = cache.open_study(key)
    return study_growth.growth(study), tuple(study_growth.heaps(study).values())


@st.cache_resource(show_spinner=False, max_entries=8)
def dictionary_growth(keys: tuple[Key, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table and the curves of studies of one collection."""
    studies = [cache.open_study(key) for key in keys]
    return study_growth.dictionary_growth(studies), study_growth.filling_curves(studies)


@st.cache_resource(show_spinner=False, max_entries=12)
def _laws(key: Key, measure: Measure, over: Over, version: tuple[int, ...]) -> Laws | None:
    return study_laws.laws(cache.open_study(key), measure, over)


def laws(key: Key, measure: Measure, over: Over) -> Laws | None:
    """The kept laws, None until they are made; changed files are read again."""
    study = cache.open_study(key)
    files = [study.path / f"laws_{measure}_{over}_fits.parquet"]
    for kind in VOCABULARIES.values():
        files += [
            kind.folder(study.path) / name for name in ("model.json", "documents.parquet", "queries.parquet")
        ]
    version = tuple(file.stat().st_mtime_ns if file.is_file() else 0 for file in files)
    return _laws(key, measure, over, version)

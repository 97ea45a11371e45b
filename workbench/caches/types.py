"""Caches of the table of latents and of the types; see `workbench.caches.cache` for what a key is."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from analyses.latents import lexicon, types
from analyses.latents.type_evidence import type_controls
from analyses.latents.types import TypeThresholds
from workbench.caches import cache
from workbench.caches import map as cached_map


@st.cache_resource(show_spinner="Measuring types; some seconds, once", max_entries=4)
def measures(key: cache.Key) -> pd.DataFrame:
    study = cache.open_study(key)
    with nullcontext() if types.types_are_kept(study) else cache.encoder_lock():
        return types.type_measures(study)


def table(key: cache.Key, thresholds: TypeThresholds) -> pd.DataFrame:
    """The table of latents under the rule's thresholds, with the reader's notes."""
    return _table(key, thresholds, cache.notes_version(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def _table(key: cache.Key, thresholds: TypeThresholds, notes: str) -> pd.DataFrame:
    vocabulary, n_docs = cache.vocabulary_table(key), len(cache.open_study(key).corpus)
    rows = lexicon.lexicon(vocabulary, measures(key), thresholds, n_docs)
    rows.insert(3, "kind", kinds(key, types.classify(measures(key), thresholds))[rows["latent"]])
    return rows


def kinds(key: cache.Key, of_types: NDArray[np.str_]) -> NDArray[np.str_]:
    """The kinds of all latents, from their types."""
    frequency = cache.automatic_vocabulary(key)["document_frequency"].to_numpy()
    return types.kinds(of_types, cache.shown_labels(key).subwords, frequency)


@st.cache_resource(show_spinner=False, max_entries=64)
def on_word(key: cache.Key, wanted: str) -> dict[int, float]:
    """Latent -> the share of its activation that falls on words with this text."""
    return lexicon.on_word(cached_map.latent_words(key), wanted)


@st.cache_resource(show_spinner=False, max_entries=32)
def curves(key: cache.Key, thresholds: TypeThresholds) -> pd.DataFrame:
    return types.shares_by_threshold(measures(key), thresholds)


@st.cache_resource(show_spinner=False, max_entries=4)
def controls(key: cache.Key, version: tuple[int, ...]) -> pd.DataFrame | None:
    """The kept controls; `version`: their file's time in nanoseconds, so that new controls are read again."""
    return type_controls.type_controls(cache.open_study(key))

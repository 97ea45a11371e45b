"""Caches of the map page: a study's map and its quality, the words of latents and of regions."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.latents import map, regions
from analyses.latents.map import LatentMap
from analyses.latents.map_quality import map_quality
from analyses.latents.neighbours import decoder_directions
from analyses.latents.types import types_are_kept
from workbench.caches import cache
from workbench.caches import texts as cached_text


@st.cache_resource(show_spinner=False, max_entries=4)
def latent_map(key: cache.Key, version: tuple[int, ...]) -> LatentMap:
    return map.latent_map(cache.open_study(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def quality(key: cache.Key, version: tuple[int, ...]) -> pd.DataFrame:
    """The quality kept with the map; that of a PCA is measured now."""
    shown = latent_map(key, version)
    if shown.quality:
        return pd.DataFrame(shown.quality)
    return map_quality(decoder_directions(cache.open_study(key)), {shown.method: shown.xy})


def points(key: cache.Key, version: tuple[int, ...]) -> pd.DataFrame:
    """The vocabulary table with each latent's place: x, y."""
    return _points(key, version, cache.notes_version(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def _points(key: cache.Key, version: tuple[int, ...], notes: str) -> pd.DataFrame:
    xy = latent_map(key, version).xy
    return cache.vocabulary_table(key).assign(x=xy[:, 0], y=xy[:, 1])


@st.cache_resource(show_spinner=False, max_entries=4)
def latent_words(key: cache.Key) -> regions.LatentWords:
    return regions.latent_words(cache.open_study(key), cached_text.word_table(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def region_table(key: cache.Key, version: tuple[int, ...]) -> pd.DataFrame:
    xy = latent_map(key, version).xy
    return regions.region_table(xy, regions.regions(xy), latent_words(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def has_types(key: cache.Key, version: tuple[int, ...]) -> bool:
    """Whether the study keeps its types; measuring them takes too long for this page."""
    return types_are_kept(cache.open_study(key))

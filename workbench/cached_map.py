"""What the map page keeps: a study's map and how good it is, the words of latents and of regions."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses import maps, regions
from analyses.map_quality import map_quality
from analyses.maps import LatentMap
from analyses.neighbours import decoder_directions
from analyses.types import types_are_kept
from workbench import cache, cached_text


def modified(key: cache.Key, name: str) -> int:
    """When a file of a study was written, in nanoseconds; 0 where there is none: what is made anew is read anew."""
    path = cache.open_study(key).path / name
    return path.stat().st_mtime_ns if path.is_file() else 0


@st.cache_resource(show_spinner=False, max_entries=4)
def latent_map(key: cache.Key, modified: int) -> LatentMap:
    return maps.latent_map(cache.open_study(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def quality(key: cache.Key, modified: int) -> pd.DataFrame:
    """As kept with the map; that of a PCA is measured now."""
    shown = latent_map(key, modified)
    if shown.quality:
        return pd.DataFrame(shown.quality)
    return map_quality(decoder_directions(cache.open_study(key)), {shown.method: shown.xy})


def points(key: cache.Key, modified: int) -> pd.DataFrame:
    """The vocabulary table with each latent's place: x, y."""
    return _points(key, modified, cache.notes_version(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def _points(key: cache.Key, modified: int, notes: str) -> pd.DataFrame:
    xy = latent_map(key, modified).xy
    return cache.vocabulary_table(key).assign(x=xy[:, 0], y=xy[:, 1])


@st.cache_resource(show_spinner=False, max_entries=4)
def latent_words(key: cache.Key) -> regions.LatentWords:
    return regions.latent_words(cache.open_study(key), cached_text.word_table(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def region_table(key: cache.Key, modified: int) -> pd.DataFrame:
    xy = latent_map(key, modified).xy
    return regions.region_table(xy, regions.regions(xy), latent_words(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def has_types(key: cache.Key, modified: int) -> bool:
    """Whether the study keeps what types are told by; measuring it takes too long for this page."""
    return types_are_kept(cache.open_study(key))

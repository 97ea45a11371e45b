"""What the map page keeps: a study's map, the words of its regions, and who is near whom."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from analyses import maps, regions
from analyses.map_quality import map_quality, nearest_by_direction
from analyses.maps import LatentMap
from workbench import cache

TYPES = "types.parquet"


def modified(key: cache.Key, name: str) -> int:
    """When a file of a study was written, in nanoseconds; 0 where there is none: what is made anew is read anew."""
    path = cache.open_study(key).path / name
    return path.stat().st_mtime_ns if path.is_file() else 0


@st.cache_resource(show_spinner=False, max_entries=4)
def directions(key: cache.Key) -> NDArray[np.float32]:
    return maps.unit_directions(cache.open_study(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def latent_map(key: cache.Key, modified: int) -> LatentMap:
    study = cache.open_study(key)
    return maps.kept_map(study) or LatentMap(maps.pca_map(directions(key)), "pca")


@st.cache_resource(show_spinner=False, max_entries=4)
def quality(key: cache.Key, modified: int) -> pd.DataFrame:
    """As kept with the map; that of a PCA is measured now."""
    shown = latent_map(key, modified)
    if shown.quality:
        return pd.DataFrame(shown.quality)
    return map_quality(directions(key), {shown.method: shown.xy})


@st.cache_resource(show_spinner=False, max_entries=4)
def latent_words(key: cache.Key) -> regions.LatentWords:
    return regions.latent_words(cache.open_study(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def region_table(key: cache.Key, modified: int) -> pd.DataFrame:
    xy = latent_map(key, modified).xy
    return regions.region_table(xy, regions.regions(xy), latent_words(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def points(key: cache.Key, map_modified: int, types_modified: int) -> pd.DataFrame:
    """A row a latent: the vocabulary table with x, y, and its type where the study has the table of types."""
    xy = latent_map(key, map_modified).xy
    table = cache.vocabulary_table(key).assign(x=xy[:, 0], y=xy[:, 1])
    if types_modified:
        types = pd.read_parquet(cache.open_study(key).path / TYPES, columns=["latent", "type"])
        table = table.merge(types, on="latent", how="left", validate="one_to_one")
    return table


@st.cache_resource(show_spinner=False, max_entries=256)
def neighbours(key: cache.Key, latent: int, k: int) -> pd.DataFrame:
    """The k latents nearest to one by decoder direction: latent, cosine; nearest first."""
    rows = directions(key)
    nearest = nearest_by_direction(rows, np.array([latent]), min(k, len(rows) - 1))[0]
    return pd.DataFrame({"latent": nearest, "cosine": rows[nearest] @ rows[latent]})

"""Caches of the pages that set systems beside each other, and of what they miss."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses import failures as missing
from analyses import misses
from retrieval.bm25 import Bm25Parameters
from workbench import cache, cached_interventions, cached_language, cached_map
from workbench.cache import Idf, Key


@st.cache_resource(show_spinner=False, max_entries=8)
def failures(key: Key, idf: Idf, k: int) -> missing.Failures:
    return missing.failures(cache.open_study(key), Bm25Parameters(idf=idf), k, cached_language.judged(key))


@st.cache_resource(show_spinner=False, max_entries=64)
def outscored_by(key: Key, query: str, doc_id: str, idf: Idf, k: int) -> pd.DataFrame:
    mass = cache.encode(key, query).mass
    return misses.outscored_by(cache.open_study(key), mass, doc_id, Bm25Parameters(idf=idf), k)


def types(key: Key) -> pd.Series:
    """The type of each latent as the study keeps it; empty where it keeps none."""
    return cached_interventions.types(key, cached_map.modified(key, "types.parquet"))

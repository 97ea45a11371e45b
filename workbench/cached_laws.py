"""Caches of the page on laws; see `workbench.cache` for what a key is."""

from __future__ import annotations

import streamlit as st

from analyses import study_laws
from analyses.read_texts import CONTROLS
from analyses.study_laws import Laws
from analyses.vocabularies import Measure, Over
from workbench import cache
from workbench.cache import Key


@st.cache_resource(show_spinner=False, max_entries=12)
def _laws(key: Key, measure: Measure, over: Over, version: tuple[int, ...]) -> Laws | None:
    return study_laws.laws(cache.open_study(key), measure, over)


def laws(key: Key, measure: Measure, over: Over) -> Laws | None:
    """The kept laws, None until they are made; files made anew are read anew."""
    study = cache.open_study(key)
    names = [f"laws_{measure}_{over}_fits.parquet", "learned_sparse/model.json"]
    names += [f"counted_{over}{control}.parquet" for control in CONTROLS for over in ("", "queries_")]
    files = [study.path / name for name in names]
    version = tuple(file.stat().st_mtime_ns if file.is_file() else 0 for file in files)
    return _laws(key, measure, over, version)

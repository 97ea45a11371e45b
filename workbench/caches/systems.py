"""Caches of the pages that set systems beside each other, and of what they miss."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.attribution import limit
from analyses.comparison import failures as missing
from analyses.comparison import misses, query_rankings
from analyses.comparison import side_by_side as beside
from analyses.comparison import systems as side_by_side
from analyses.saes import two_dictionaries as dictionaries
from retrieval import added_runs
from retrieval.bm25 import Bm25Parameters
from workbench.caches import ablation as cached_interventions
from workbench.caches import cache
from workbench.caches import language as cached_language
from workbench.caches import texts as cached_texts
from workbench.caches.cache import Idf, Key


@st.cache_resource(show_spinner=False, max_entries=8)
def failures(key: Key, idf: Idf, k: int) -> missing.Failures:
    return missing.failures(cache.open_study(key), Bm25Parameters(idf=idf), k, cached_language.judged(key))


@st.cache_resource(show_spinner=False, max_entries=64)
def outscored_by(key: Key, query: str, doc_id: str, idf: Idf, k: int) -> pd.DataFrame:
    summed = cache.encode(key, query).counts
    return misses.outscored_by(cache.open_study(key), summed, doc_id, Bm25Parameters(idf=idf), k)


def types(key: Key) -> pd.Series:
    """The type of each latent as the study keeps it; empty where it keeps none."""
    return cached_interventions.types(key, cache.version(key, "types"))


def runs_version(key: Key) -> tuple[tuple[str, int], ...]:
    """Names of the runs that the study keeps, and when each was written: what is added is read at once."""
    paths = added_runs.run_paths(cache.open_study(key))
    return tuple((name, path.stat().st_mtime_ns) for name, path in paths.items())


@st.cache_resource(show_spinner=False, max_entries=6)
def systems(key: Key, idf: Idf, version: tuple[tuple[str, int], ...]) -> side_by_side.Systems:
    return side_by_side.systems(cache.open_study(key), Bm25Parameters(idf=idf))


@st.cache_resource(show_spinner=False, max_entries=6)
def means(key: Key, idf: Idf, version: tuple[tuple[str, int], ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The means of each system, and the latents against each other system."""
    found = systems(key, idf, version)
    return found.means(), found.against()


@st.cache_resource(show_spinner=False, max_entries=128)
def rankings(
    key: Key, query: str, idf: Idf, depth: int, version: tuple[tuple[str, int], ...]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The places that each system gives a query's documents, and the latents that explain them."""
    study, encoded, parameters = cache.open_study(key), cache.encode(key, query), Bm25Parameters(idf=idf)
    query_id = query_rankings.query_id_of(study, query)
    table = side_by_side.rankings_of(study, encoded, query_id, parameters, depth)
    return table, side_by_side.explained(study, encoded.counts, table["doc_id"].tolist(), parameters, depth)


@st.cache_resource(show_spinner=False, max_entries=64)
def attribute(key: Key, query: str, relevant: tuple[str, ...], idf: Idf) -> limit.Attribute:
    return limit.attribute_latents(
        cache.open_study(key), cache.encode(key, query), list(relevant), Bm25Parameters(idf=idf)
    )


@st.cache_resource(show_spinner=False, max_entries=64)
def pooled_away(key: Key, query: str, relevant: tuple[str, ...], idf: Idf) -> limit.Pooled:
    encoded, found = cache.encode(key, query), attribute(key, query, relevant, idf)
    with cache.encoder_lock():
        return limit.pooled_away(cache.open_study(key), encoded, found)


@st.cache_resource(show_spinner=False, max_entries=64)
def two_rankings(key: Key, query: str, other: Key, other_query: str, idf: Idf, depth: int) -> pd.DataFrame:
    sides = ((key, query), (other, other_query))
    (study, first), (beside_it, second) = (
        (cache.open_study(one), cache.encode(one, text)) for one, text in sides
    )
    return beside.two_rankings(study, first, beside_it, second, Bm25Parameters(idf=idf), depth)


@st.cache_resource(show_spinner=False, max_entries=64)
def two_queries(key: Key, query: str, other_query: str, idf: Idf) -> pd.DataFrame:
    first, second = cache.encode(key, query), cache.encode(key, other_query)
    return beside.two_queries(cache.open_study(key), first, second, Bm25Parameters(idf=idf))


def two_dictionaries(key: Key, word: str, other: Key, other_word: str) -> pd.DataFrame | None:
    """The latents of a word in two studies; None where one of them lacks the word."""
    first, second = cached_texts.word_entry(key, word), cached_texts.word_entry(other, other_word)
    if first is None or second is None:
        return None
    return dictionaries.beside(cache.open_study(key), first, cache.open_study(other), second)

"""Caches of the latent page: what latents share is read once per study, each part of a page once per latent."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from scipy.sparse import csc_array

from analyses.dictionary import entry, latent_documents, latent_words, near_misses
from analyses.latents import neighbours
from analyses.latents.types import kept_types
from analyses.text.contexts import Context, Highlight, document_highlights, strongest_contexts
from workbench.caches import cache
from workbench.caches import texts as cached_text
from workbench.caches import types as cached_types


def latent_entry(key: cache.Key, latent: int) -> entry.LatentEntry:
    """The entry of a latent; read again once the study's types or the reader's notes change."""
    return _entry(key, latent, cache.version(key, "types"), cache.notes_version(key))


@st.cache_resource(show_spinner=False, max_entries=256)
def _entry(key: cache.Key, latent: int, types_version: tuple[int, ...], notes: str) -> entry.LatentEntry:
    return entry.latent_entry(
        cache.open_study(key),
        latent,
        vocabulary=cache.vocabulary_table(key),
        reading=_token_reading(key),
        types=_types(key, types_version),
    )


@st.cache_resource(show_spinner=False, max_entries=1024)
def highlights(key: cache.Key, latent: int, doc_id: str) -> tuple[Highlight, ...]:
    return document_highlights(cache.open_study(key), latent, doc_id)


@st.cache_resource(show_spinner=False, max_entries=2048)
def few_contexts(key: cache.Key, latent: int) -> tuple[Context, ...]:
    """Those of a card on hover."""
    return strongest_contexts(cache.open_study(key), latent, 3)


@st.cache_resource(show_spinner=False, max_entries=256)
def words_of(
    key: cache.Key, latent: int, order: latent_words.Order
) -> tuple[latent_words.WordUse, latent_words.WordUse]:
    """Words and wordpieces of a latent."""
    study, reading = cache.open_study(key), _token_reading(key)
    return (
        latent_words.latent_words(study, latent, reading, order=order),
        latent_words.latent_wordpieces(study, latent, reading, order=order),
    )


@st.cache_resource(show_spinner=False, max_entries=256)
def nearest_by_direction(key: cache.Key, latent: int) -> pd.DataFrame:
    alive = cache.vocabulary_table(key)["document_frequency"].to_numpy() > 0
    return neighbours.nearest_by_direction(_directions(key), latent, alive)


@st.cache_resource(show_spinner=False, max_entries=4)
def chance_cosine(key: cache.Key) -> float:
    """The cosine that 95% of random pairs of active latents stay below."""
    alive = cache.automatic_vocabulary(key)["document_frequency"].to_numpy() > 0
    return neighbours.chance_cosine(_directions(key), alive)


@st.cache_resource(show_spinner=False, max_entries=256)
def nearest_by_cooccurrence(key: cache.Key, latent: int) -> neighbours.Cooccurrence:
    return neighbours.nearest_by_cooccurrence(cache.open_study(key), latent)


@st.cache_resource(show_spinner=False, max_entries=256)
def heaviest_documents(key: cache.Key, latent: int) -> pd.DataFrame:
    return latent_documents.heaviest_documents(cache.open_study(key), latent)


@st.cache_resource(show_spinner=False, max_entries=256)
def queries_using(key: cache.Key, latent: int, idf: cache.Idf) -> latent_documents.LatentQueries:
    return latent_documents.queries_using(
        cache.open_study(key), latent, _query_counts(key), idf, _per_query(key)
    )


@st.cache_resource(show_spinner=False, max_entries=256)
def near_misses_of(key: cache.Key, latent: int) -> near_misses.NearMisses:
    with cache.encoder_lock():
        return near_misses.near_misses(cache.open_study(key), latent)


@st.cache_resource(show_spinner=False, max_entries=2)
def _token_reading(key: cache.Key) -> latent_words.TokenReading:
    return latent_words.token_reading(cache.open_study(key), cached_text.word_table(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def _types(key: cache.Key, version: tuple[int, ...]) -> pd.Series:
    return kept_types(cache.open_study(key))


def kind_of(key: cache.Key, latent: int) -> str:
    """The latent's kind; "" where the study keeps no types."""
    types = _types(key, cache.version(key, "types"))
    return str(cached_types.kinds(key, types.to_numpy(np.str_))[latent]) if len(types) else ""


@st.cache_resource(show_spinner=False, max_entries=2)
def _directions(key: cache.Key) -> NDArray[np.float32]:
    return neighbours.decoder_directions(cache.open_study(key))


@st.cache_resource(show_spinner=False, max_entries=2)
def _query_counts(key: cache.Key) -> csc_array:
    return csc_array(cache.open_study(key).query_counts)


@st.cache_resource(show_spinner=False, max_entries=2)
def _per_query(key: cache.Key) -> pd.DataFrame:
    return cache.open_study(key).per_query

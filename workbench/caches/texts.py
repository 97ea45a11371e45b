"""Caches of the pages on words and on the reader's own texts."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analyses.dictionary import lookup, your_text
from analyses.text import word_table as words
from analyses.text.contexts import Context
from data.errors import UserError
from retrieval.bm25 import Bm25Parameters
from retrieval.queries import EncodedText
from workbench.caches import cache
from workbench.caches.cache import Idf, Key
from workbench.palette.study_index import StudyIndex, study_index


@st.cache_resource(show_spinner=False, max_entries=4)
def word_table(key: Key) -> words.WordTable:
    return words.word_table(cache.open_study(key))


def word_entry(key: Key, word: str) -> lookup.WordEntry | None:
    """The entry of a word, None where the study's documents lack it."""
    return _word_entry(key, word, cache.notes_version(key))


@st.cache_resource(show_spinner=False, max_entries=256)
def _word_entry(key: Key, word: str, notes: str) -> lookup.WordEntry | None:
    try:
        return lookup.word_entry(cache.open_study(key), word, word_table(key), cache.vocabulary_table(key))
    except UserError:
        return None


@st.cache_resource(show_spinner=False, max_entries=1024)
def word_contexts(key: Key, word: str, latent: int) -> tuple[Context, ...]:
    entry = word_entry(key, word)
    return lookup.word_contexts(cache.open_study(key), entry, latent) if entry else ()


def find_latents(key: Key, text: str) -> pd.DataFrame:
    return _find_latents(key, text, cache.notes_version(key))


@st.cache_resource(show_spinner=False, max_entries=256)
def _find_latents(key: Key, text: str, notes: str) -> pd.DataFrame:
    found = lookup.find_latents(
        cache.open_study(key), text, word_table(key), cache.plain_vocabulary(key), lambda t: encode(key, t)
    )
    return found.assign(label=found["latent"].map(cache.labels(key)))


@st.cache_resource(show_spinner=False, max_entries=512)
def encode(key: Key, text: str, kind: your_text.Kind = "document") -> EncodedText:
    with cache.encoder_lock():
        return cache.open_study(key).encode(text, kind)


def read_text(key: Key, text: str, kind: your_text.Kind, idf: Idf) -> your_text.ReadText:
    return _read_text(key, text, kind, idf, cache.notes_version(key))


@st.cache_resource(show_spinner=False, max_entries=256)
def _read_text(key: Key, text: str, kind: your_text.Kind, idf: Idf, notes: str) -> your_text.ReadText:
    return your_text.read_text(
        cache.open_study(key),
        encode(key, text, kind),
        kind,
        Bm25Parameters(idf=idf),
        cache.vocabulary_table(key),
    )


def compare_texts(key: Key, first: str, second: str, kind: your_text.Kind, idf: Idf) -> pd.DataFrame:
    return _compare_texts(key, first, second, kind, idf, cache.notes_version(key))


@st.cache_resource(show_spinner=False, max_entries=256)
def _compare_texts(
    key: Key, first: str, second: str, kind: your_text.Kind, idf: Idf, notes: str
) -> pd.DataFrame:
    return your_text.compare_texts(
        cache.open_study(key),
        read_text(key, first, kind, idf),
        read_text(key, second, "document", idf),
        Bm25Parameters(idf=idf),
    )


def palette_index(key: Key, with_words: bool) -> StudyIndex:
    """What can be looked for in a study by typing."""
    return _palette_index(key, with_words, cache.notes_version(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def _palette_index(key: Key, with_words: bool, notes: str) -> StudyIndex:
    words_of = word_table(key) if with_words else None
    return study_index(cache.open_study(key), cache.vocabulary_table(key), words_of)

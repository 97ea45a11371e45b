"""Caches of every page: a study is opened once, and an analysis is computed once for its arguments.

A study is named by its folder and the digest of its manifest, so that one built again at the same place is
opened again. Cached tables are shared by all readers: views never change them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import pandas as pd
import streamlit as st

from analyses.attribution import score_breakdown
from analyses.comparison import evaluation_table as overview
from analyses.comparison import query_rankings
from analyses.labels import latent_notes
from analyses.latents import latent_table
from analyses.latents.names import shown_labels as names
from analyses.latents.names.shown_labels import ShownLabels
from analyses.latents.regions import latent_words
from analyses.saes import layers
from analyses.saes.card_record import QualityCard
from analyses.saes.sae_comparison import SaeComparison
from analyses.text.word_table import word_table
from data.checksums import CHECKSUM, FILES
from data.errors import UserError
from data.files import fingerprint, read_json_object
from data.permissions import require
from retrieval.bm25 import Bm25Parameters
from retrieval.queries import EncodedText, encoded_query
from retrieval.study import Study
from retrieval.systems import rank_all, systems_of
from retrieval.validity import verify

if TYPE_CHECKING:  # these import torch, which the pages that only read do without
    from data.corpus import Collection
    from data.encoders import Encoder, EncoderConfig
    from sae.train import TrainConfig
    from workbench.making.cost import Cost, Reading, Speeds
    from workbench.making.recipe import Recipe

Idf = Literal["clipped", "lucene"]
SECONDS_BEFORE_WARMING = 1.5  # the first page comes first


class Key(NamedTuple):
    """Names one build of one study."""

    path: str
    digest: str


def key_of(path: Path) -> Key:
    """The key of the study at `path`; a folder without a manifest, or with a file that has been damaged since it
    was opened, is a `UserError`.

    A part that is added is no other build, and leaves the key as it is.
    """
    if not (path / "study.json").is_file():
        raise UserError(f"{path} is not a study: it has no study.json")
    manifest = read_json_object(path / "study.json")
    if FILES in manifest:
        verify(path, manifest)
    return Key(
        str(path),
        fingerprint({key: value for key, value in manifest.items() if key not in (FILES, CHECKSUM)}),
    )


@st.cache_resource(show_spinner=False)
def encoder_lock() -> threading.Lock:
    """The encoder serves one text at a time; others wait, also while it loads."""
    return threading.Lock()


@st.cache_resource(show_spinner=False, max_entries=4)
def open_study(key: Key) -> Study:
    return Study.open(key.path)


@st.cache_resource(show_spinner=False, max_entries=512)
def encode(key: Key, query: str) -> EncodedText:
    with encoder_lock():
        return open_study(key).encode(query)


@st.cache_resource(show_spinner=False, max_entries=4)
def start_encoder(key: Key, _also: Callable[[], None]) -> threading.Thread:
    """Load the encoder and the index in the background, before they are needed, and run `_also`."""

    def warm() -> None:
        time.sleep(SECONDS_BEFORE_WARMING)
        _also()
        study = open_study(key)
        with encoder_lock():
            encoded = study.encode("warm up")
        rank_all(
            study, encoded_query(encoded), 10, systems=[one for one in systems_of(study) if not one.parts]
        )

    thread = threading.Thread(target=warm, daemon=True)
    thread.start()
    return thread


def version(key: Key, part: str) -> tuple[int, ...]:
    """When a part of a study was made (see `workbench.making.parts`): what is made anew is read anew."""
    from workbench.making.parts import PARTS

    return PARTS[part].version(open_study(key))


def notes_version(key: Key) -> str:
    """A version that changes with every note on a latent, so that labels are read again."""
    return latent_notes.notes_version(open_study(key))


def vocabulary_table(key: Key) -> pd.DataFrame:
    """The table of latents with the labels that are shown."""
    return _vocabulary(key, notes_version(key))


def plain_vocabulary(key: Key) -> pd.DataFrame:
    """The table of latents with labels of nothing but the words on which they fire, or the reader's."""
    return latent_notes.with_notes(automatic_vocabulary(key), latent_notes.latent_notes(open_study(key)))


def labels(key: Key) -> dict[int, str]:
    """Latent -> its label as it is shown: the reader's own, else the automatic one told apart from its siblings';
    "" for an inactive latent.
    """
    return _labels(key, notes_version(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def automatic_vocabulary(key: Key) -> pd.DataFrame:
    return latent_table.automatic_vocabulary(open_study(key))


@st.cache_resource(show_spinner=False, max_entries=8)
def _vocabulary(key: Key, notes: str) -> pd.DataFrame:
    table, names = automatic_vocabulary(key), shown_labels(key).labels
    shown = table.assign(label=table["latent"].map(names))
    return latent_notes.with_notes(shown, latent_notes.latent_notes(open_study(key)))


@st.cache_resource(show_spinner=False, max_entries=8)
def _labels(key: Key, notes: str) -> dict[int, str]:
    table = _vocabulary(key, notes)
    return dict(zip(table["latent"].tolist(), table["label"].tolist(), strict=True))


@st.cache_resource(show_spinner=False, max_entries=4)
def shown_labels(key: Key) -> ShownLabels:
    """The labels of all latents as they are shown without the reader's, and their wordpieces."""
    study = open_study(key)
    table = word_table(study)
    return names.shown_labels(study, automatic_vocabulary(key), latent_words(study, table), table)


def rank_frequency(key: Key) -> pd.DataFrame:
    return _rank_frequency(key, notes_version(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def _rank_frequency(key: Key, notes: str) -> pd.DataFrame:
    table, names = _automatic_rank_frequency(key), _labels(key, notes)
    pairs = zip(table["latent"].tolist(), table["term"].tolist(), strict=True)
    return table.assign(term=[names[latent] if latent >= 0 else term for latent, term in pairs])


@st.cache_resource(show_spinner=False, max_entries=4)
def _automatic_rank_frequency(key: Key) -> pd.DataFrame:
    return latent_table.rank_frequency(open_study(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def evaluation_table(key: Key) -> pd.DataFrame:
    return overview.evaluation_table(open_study(key))


@st.cache_resource(show_spinner=False, max_entries=256)
def rankings(key: Key, query: str, idf: Idf, depth: int) -> pd.DataFrame:
    study = open_study(key)
    return query_rankings.compare_rankings(
        study, encode(key, query), depth, Bm25Parameters(idf=idf), query_rankings.query_id_of(study, query)
    )


@st.cache_resource(show_spinner=False, max_entries=256)
def query_latents(key: Key, query: str, idf: Idf) -> pd.DataFrame:
    return score_breakdown.query_latents(open_study(key), encode(key, query), Bm25Parameters(idf=idf))


@st.cache_resource(show_spinner=False, max_entries=512)
def explanation(key: Key, query: str, doc_id: str, idf: Idf) -> score_breakdown.Explanation:
    return score_breakdown.explain(open_study(key), encode(key, query), doc_id, Bm25Parameters(idf=idf))


@st.cache_resource(show_spinner=False, max_entries=32)
def quality_card(path: str, modified: int) -> QualityCard:
    """A kept card; `modified`: its file's time in nanoseconds, so that a new card is read again."""
    return QualityCard.open(Path(path))


@st.cache_resource(show_spinner=False, max_entries=8)
def sae_comparison(keys: Sequence[Key]) -> SaeComparison:
    from workbench.making.laboratory import comparison_of

    return comparison_of([open_study(key) for key in keys])


@st.cache_resource(show_spinner=False, max_entries=8)
def layer_table(keys: Sequence[Key]) -> pd.DataFrame:
    return layers.layer_table([open_study(key) for key in keys])


@st.cache_resource(show_spinner=False, max_entries=64, ttl=600)
def training_cost(recipe: Recipe, n_ended: int) -> Cost:
    """The cost of a recipe. n_ended: ended jobs, since each changes what is on disk already."""
    from workbench.making.cost import cost_of

    text, encoder, config = recipe.text, recipe.encoder_config, recipe.train_config
    reading = text_read(text, encoder, replace(config, n_latents=1, k=1), recipe.epochs)
    speeds = training_speeds(text, encoder, replace(config, n_tokens=config.batch_size, seed=0))
    return cost_of(
        source_collection(text), training_encoder(encoder), config, reading, speeds, recipe.n_seeds
    )


@st.cache_resource(show_spinner=False, max_entries=2, ttl=1800)
def source_collection(source: str) -> Collection:
    from data.collections import load_collection

    return load_collection(source)


@st.cache_resource(show_spinner=False, max_entries=2)
def training_encoder(config: EncoderConfig) -> Encoder:
    from data.encoders import Encoder

    require("open paths")
    with encoder_lock():  # two threads must not import the libraries at once
        return Encoder.load(config)


@st.cache_resource(show_spinner=False, max_entries=64)
def text_read(source: str, encoder: EncoderConfig, config: TrainConfig, epochs: int) -> Reading:
    """How many tokens a training will read, whatever its SAE."""
    from workbench.making.cost import measure_reading

    return measure_reading(source_collection(source), training_encoder(encoder), config, epochs)


@st.cache_resource(show_spinner=False, max_entries=64)
def training_speeds(source: str, encoder: EncoderConfig, config: TrainConfig) -> Speeds:
    """Tokens/s of encoder and trainer, whatever the number of tokens."""
    from workbench.making.cost import measure_speeds

    read, loaded = source_collection(source), training_encoder(encoder)
    with encoder_lock():
        return measure_speeds(read, loaded, config)

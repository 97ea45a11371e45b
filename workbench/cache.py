"""The only caches of the app: studies are opened once, and every analysis is computed once for its arguments.

A study is named by its folder and the digest of its manifest, so that one built anew at the same place is
opened anew. Cached tables are shared by all readers: views never change them.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Literal, NamedTuple

import pandas as pd
import streamlit as st

from analyses import attribution, comparison, latent_notes, layers, overview, vocabulary
from analyses.quality_record import QualityCard
from analyses.sae_comparison import SaeComparison
from data.errors import UserError
from retrieval.bm25 import Bm25Parameters
from retrieval.study import EncodedText, Study
from workbench import views

if TYPE_CHECKING:  # these import torch, which the pages that only read do without
    from data.corpus import Collection
    from data.encoders import Encoder, EncoderConfig
    from sae.train import TrainConfig
    from workbench.cost import Cost, Reading, Speeds
    from workbench.recipe import Recipe

Idf = Literal["clipped", "lucene"]
SECONDS_BEFORE_WARMING = 1.5  # the first page comes first


class Key(NamedTuple):
    """Names one build of one study."""

    path: str
    digest: str


def key_of(path: Path) -> Key:
    """The key of the study at `path`; a folder without a manifest is a `UserError`."""
    try:
        manifest = (path / "study.json").read_bytes()
    except OSError:
        raise UserError(f"{path} is not a study: it has no study.json") from None
    return Key(str(path), hashlib.sha256(manifest).hexdigest()[:16])


@st.cache_resource(show_spinner=False)
def encoder_lock() -> threading.Lock:
    """The encoder serves one text at a time; whoever comes while it loads waits for it."""
    return threading.Lock()


@st.cache_resource(show_spinner=False, max_entries=4)
def open_study(key: Key) -> Study:
    return Study.open(key.path)


@st.cache_resource(show_spinner=False, max_entries=512)
def encode(key: Key, query: str) -> EncodedText:
    with encoder_lock():
        return open_study(key).encode(query)


@st.cache_resource(show_spinner=False, max_entries=4)
def start_encoder(key: Key) -> threading.Thread:
    """Load the encoder, the index and the other pages in the background, so that what comes next is warm."""

    def warm() -> None:
        time.sleep(SECONDS_BEFORE_WARMING)
        for view in iter_modules(views.__path__, "workbench.views."):
            import_module(view.name)
        study = open_study(key)
        with encoder_lock():
            encoded = study.encode("warm up")
        for system in comparison.SYSTEMS:
            study.search(encoded, system=system)

    thread = threading.Thread(target=warm, daemon=True)
    thread.start()
    return thread


def notes_version(key: Key) -> str:
    """Changes with every note on a latent: whatever shows labels is made anew then."""
    return latent_notes.notes_version(open_study(key))


def vocabulary_table(key: Key) -> pd.DataFrame:
    return _vocabulary(key, notes_version(key))


def labels(key: Key) -> dict[int, str]:
    """Latent -> its label: the reader's own, else the automatic one, "" for one that never fires."""
    return _labels(key, notes_version(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def automatic_vocabulary(key: Key) -> pd.DataFrame:
    return vocabulary.automatic_vocabulary(open_study(key))


@st.cache_resource(show_spinner=False, max_entries=8)
def _vocabulary(key: Key, notes: str) -> pd.DataFrame:
    return latent_notes.with_notes(automatic_vocabulary(key), latent_notes.latent_notes(open_study(key)))


@st.cache_resource(show_spinner=False, max_entries=8)
def _labels(key: Key, notes: str) -> dict[int, str]:
    table = _vocabulary(key, notes)
    return dict(zip(table["latent"].tolist(), table["label"].tolist(), strict=True))


def rank_frequency(key: Key) -> pd.DataFrame:
    return _rank_frequency(key, notes_version(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def _rank_frequency(key: Key, notes: str) -> pd.DataFrame:
    table, names = _automatic_rank_frequency(key), _labels(key, notes)
    pairs = zip(table["latent"].tolist(), table["term"].tolist(), strict=True)
    return table.assign(term=[names[latent] if latent >= 0 else term for latent, term in pairs])


@st.cache_resource(show_spinner=False, max_entries=4)
def _automatic_rank_frequency(key: Key) -> pd.DataFrame:
    return vocabulary.rank_frequency(open_study(key))


@st.cache_resource(show_spinner=False, max_entries=4)
def evaluation_table(key: Key) -> pd.DataFrame:
    return overview.evaluation_table(open_study(key))


@st.cache_resource(show_spinner=False, max_entries=256)
def rankings(key: Key, query: str, idf: Idf, depth: int) -> pd.DataFrame:
    study = open_study(key)
    return comparison.compare_rankings(
        study, encode(key, query), depth, Bm25Parameters(idf=idf), comparison.query_id_of(study, query)
    )


@st.cache_resource(show_spinner=False, max_entries=256)
def query_latents(key: Key, query: str, idf: Idf) -> pd.DataFrame:
    return attribution.query_latents(open_study(key), encode(key, query), Bm25Parameters(idf=idf))


@st.cache_resource(show_spinner=False, max_entries=512)
def explanation(key: Key, query: str, doc_id: str, idf: Idf) -> attribution.Explanation:
    return attribution.explain(open_study(key), encode(key, query), doc_id, Bm25Parameters(idf=idf))


@st.cache_resource(show_spinner=False, max_entries=32)
def quality_card(path: str, modified: int) -> QualityCard:
    """A kept card; `modified`, its file's time in nanoseconds, makes a card made anew be read anew."""
    return QualityCard.open(Path(path))


@st.cache_resource(show_spinner=False, max_entries=8)
def sae_comparison(keys: Sequence[Key]) -> SaeComparison:
    from workbench.laboratory import comparison_of

    return comparison_of([open_study(key) for key in keys])


@st.cache_resource(show_spinner=False, max_entries=8)
def layer_table(keys: Sequence[Key]) -> pd.DataFrame:
    return layers.layer_table([open_study(key) for key in keys])


@st.cache_resource(show_spinner=False, max_entries=64, ttl=600)
def training_cost(recipe: Recipe, n_ended: int) -> Cost:
    """What a recipe will cost; n_ended jobs changes whenever one ends, and with it what is on disk already."""
    from workbench.cost import cost_of

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

    return Encoder.load(config)


@st.cache_resource(show_spinner=False, max_entries=64)
def text_read(source: str, encoder: EncoderConfig, config: TrainConfig, epochs: int) -> Reading:
    """How many tokens a training will read, whatever its SAE."""
    from workbench.cost import measure_reading

    return measure_reading(source_collection(source), training_encoder(encoder), config, epochs)


@st.cache_resource(show_spinner=False, max_entries=64)
def training_speeds(source: str, encoder: EncoderConfig, config: TrainConfig) -> Speeds:
    """Tokens/s of encoder and trainer, whatever the number of tokens."""
    from workbench.cost import measure_speeds

    with encoder_lock():
        return measure_speeds(source_collection(source), training_encoder(encoder), config)

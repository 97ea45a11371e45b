"""Caches of the page Bring your own: a collection is read once, this machine is measured once for an encoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from data.readers.tabular import Columns
from workbench.caches.cache import encoder_lock, training_encoder

if TYPE_CHECKING:  # these import torch
    from data.corpus import Collection
    from data.encoder_config import EncoderConfig
    from data.encoders import Encoder
    from sae.model import SparseAutoencoder
    from sae.train import TrainConfig
    from workbench.making.chain.chain_cost import ChainCost
    from workbench.making.chain.wanted import Preset, Wanted
    from workbench.making.cost import Reading, Speeds


def collection(source: str, split: str, columns: Columns) -> Collection:
    """What a source holds, read anew where its file has changed."""
    return _collection(source, split, columns, _written(source))


@st.cache_resource(show_spinner=False, max_entries=2, ttl=1800)
def _collection(source: str, split: str, columns: Columns, written: int) -> Collection:
    from data.collections import load_collection

    return load_collection(source, split, columns=columns)


def _written(source: str) -> int:
    """When a source was written, 0 of one that is no file."""
    path = Path(source)
    files = [path, *path.glob("*.jsonl*"), *path.glob("qrels/*")] if path.is_dir() else [path]
    return sum(file.stat().st_mtime_ns for file in files if file.is_file())


def sized(wanted: Wanted, preset: Preset) -> Wanted:
    """What is wanted, with the training tokens of the preset's time, or as many as its table says."""
    from workbench.making.chain.chain_cost import size_of, tokens_within

    wanted = replace(wanted, training=preset.table)
    if preset.seconds is None:
        return wanted
    speeds, table = training_speeds(wanted), wanted.training
    read = collection(wanted.source, wanted.split, wanted.columns)
    size = size_of(read, whole(wanted, wanted.encoder_config), table.n_latents, speeds.encode)
    return wanted.within(tokens_within(preset.seconds, table, size, speeds))


@st.cache_resource(show_spinner=False, max_entries=32, ttl=600)
def cost(wanted: Wanted, n_ended: int) -> ChainCost:
    """The cost of all of it. n_ended: ended jobs, since each changes what is on disk already."""
    from workbench.making.chain.chain_cost import chain_cost, estimate, size_of
    from workbench.making.cost import cost_of, measure_reading

    read = collection(wanted.source, wanted.split, wanted.columns)
    if wanted.sae:
        sae, encoder = given_sae(wanted.sae)
        with encoder_lock():
            return estimate(read, encoder, sae)
    encoder, config, speeds = (
        training_encoder(wanted.encoder_config),
        wanted.train_config,
        training_speeds(wanted),
    )
    reading = measure_reading(read, encoder, config, wanted.training.epochs)
    size = size_of(read, whole(wanted, wanted.encoder_config), config.n_latents, speeds.encode)
    return chain_cost(size, cost_of(read, encoder, config, reading, speeds))


def whole(wanted: Wanted, encoder: EncoderConfig) -> Reading:
    """How many tokens all of a collection has."""
    return _whole(wanted.source, wanted.split, wanted.columns, _written(wanted.source), encoder)


@st.cache_resource(show_spinner=False, max_entries=32)
def _whole(source: str, split: str, columns: Columns, written: int, encoder: EncoderConfig) -> Reading:
    from workbench.making.chain.chain_cost import WHOLE
    from workbench.making.cost import measure_reading

    return measure_reading(_collection(source, split, columns, written), training_encoder(encoder), WHOLE, 1)


def training_speeds(wanted: Wanted) -> Speeds:
    """Tokens/s of encoder and trainer, whatever the number of tokens."""
    config = replace(wanted.train_config, n_tokens=wanted.train_config.batch_size)
    return _speeds(wanted.source, wanted.split, wanted.columns, wanted.encoder_config, config)


@st.cache_resource(show_spinner=False, max_entries=32, ttl=1800)
def _speeds(source: str, split: str, columns: Columns, encoder: EncoderConfig, config: TrainConfig) -> Speeds:
    from workbench.making.cost import measure_speeds

    read, loaded = collection(source, split, columns), training_encoder(encoder)
    with encoder_lock():
        return measure_speeds(read, loaded, config)


@st.cache_resource(show_spinner=False, max_entries=2)
def given_sae(path: str) -> tuple[SparseAutoencoder, Encoder]:
    """An SAE that is there, and its encoder."""
    from workbench.making.stages import read_autoencoder

    with encoder_lock():  # two threads must not import the libraries at once
        return read_autoencoder(path)

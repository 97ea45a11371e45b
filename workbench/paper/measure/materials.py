"""What cells are made from: collections, encoders, token states and SAEs, each made once and kept by name.

SAEs are kept under artifacts()/paper/saes, token states where every training keeps them; all of them are named by
fingerprints of what decides them, contents of texts and weights of models included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from data.activations import ActivationStore, select_documents
from data.collections import load_collection
from data.corpus import Collection, corpus_fingerprint
from data.encoder_config import MAX_LENGTH, Layer
from data.encoders import Encoder, EncoderConfig, TokenStates
from data.files import fingerprint
from data.layers import write_stores
from data.learned_sparse import LearnedSparse
from retrieval.pipeline import evenly_spaced
from sae.control_dictionaries import drawn_directions
from sae.model import SparseAutoencoder
from workbench.jobs.artifacts import artifacts
from workbench.jobs.progress import StageProgress
from workbench.making.stages import activations, store_folder, text_source
from workbench.making.training import train_autoencoder
from workbench.paper.config import NamedCollection
from workbench.paper.measure.cells import Cell, Dictionary

DOCUMENTS_SEED = 0  # which documents of a text are read: the same for all seeds and sweeps
STATES_FOR_MEAN = 16_384  # tokens whose mean random directions stand about


class Materials:
    """Keeps what it has loaded; progress shows what it makes."""

    def __init__(self, progress: StageProgress, device: str = "auto") -> None:
        self.progress = progress
        self.folder = artifacts() / "paper"
        self._device = device
        self._encoders: dict[EncoderConfig, Encoder] = {}
        self._loaded = lru_cache(maxsize=8)(load_collection)
        self._named = lru_cache(maxsize=32)(self._load_named)
        self.rows = lru_cache(maxsize=16)(self._choose_rows)  # of a text, for so many tokens; None for all
        self._fingerprint = lru_cache(maxsize=64)(self._read_fingerprint)
        self._learned_sparse = lru_cache(maxsize=1)(LearnedSparse.load)
        self._query_states = lru_cache(maxsize=1)(self._encode_queries)

    def collection(self, named: NamedCollection) -> Collection:
        """A collection with the queries that the paper asks of it."""
        return self._named(named)

    def text(self, dictionary: Dictionary) -> Collection:
        """What an SAE is trained on."""
        return self._loaded(dictionary.text, "test")

    def corpus_name(self, source: str, split: str = "test") -> str:
        """Fingerprint of the texts of a source."""
        return self._fingerprint(source, split)

    def encoder(self, config: EncoderConfig) -> Encoder:
        """An encoder at its layer; a model is loaded once for all its layers."""
        config = replace(config, device=self._device)
        if config not in self._encoders:
            final = replace(config, layer=None)
            if final not in self._encoders:
                self._encoders[final] = Encoder.load(final)
            self._encoders[config] = self._encoders[final].at_layer(config.layer)
        return self._encoders[config]

    def learned_sparse(self, config: EncoderConfig) -> LearnedSparse:
        """A learned-sparse model by the same words as an encoder: model, max_length."""
        return self._learned_sparse(config.model, config.max_length or MAX_LENGTH, self._device)

    def store(self, named: NamedCollection, config: EncoderConfig) -> ActivationStore:
        """Token states of all documents of a collection."""
        return activations(self.encoder(config), self.collection(named), None, self.progress)

    def query_states(self, named: NamedCollection, config: EncoderConfig) -> TokenStates:
        """Token states and pooled vectors of a collection's queries; the last ones are kept."""
        return self._query_states(named, config)

    def dictionary_name(self, dictionary: Dictionary) -> str:
        """Names an SAE by all that decides its weights."""
        encoder = self.encoder(dictionary.encoder)
        return fingerprint([dictionary.record(), self.corpus_name(dictionary.text), encoder.fingerprint])

    def sae(self, dictionary: Dictionary) -> SparseAutoencoder:
        """The SAE of a dictionary: read where it is kept, else trained, or drawn."""
        encoder, text, train = self.encoder(dictionary.encoder), self.text(dictionary), dictionary.train
        if dictionary.random_directions:
            store = activations(encoder, text, self.text_rows(dictionary), self.progress)
            states = store.sample(STATES_FOR_MEAN, train.seed)
            return drawn_directions(train.n_latents, train.k, states, train.seed)
        return train_autoencoder(
            text,
            encoder,
            train,
            1,
            self.folder / "saes" / self.dictionary_name(dictionary),
            self.progress,
            resume=True,
            distinct_tokens=dictionary.distinct_tokens,
            documents_seed=DOCUMENTS_SEED,
        )

    def text_rows(self, dictionary: Dictionary) -> NDArray[np.int64] | None:
        """Which documents of its text an SAE reads; None for all."""
        return self.rows(dictionary.encoder, dictionary.text, dictionary.distinct_tokens)

    def write_layers(self, cells: Sequence[Cell]) -> None:
        """Token states that cells want at several layers of one encoder: written in one pass, a store a layer."""
        wanted: dict[tuple[EncoderConfig, NamedCollection], list[Layer]] = {}
        for cell in cells:
            if cell.encoder and cell.dictionary:
                layers = wanted.setdefault((replace(cell.encoder, layer=None), cell.collection), [])
                if cell.encoder.layer not in layers:
                    layers.append(cell.encoder.layer)
        for (config, named), layers in wanted.items():
            final, collection = self.encoder(config), self.collection(named)
            source = text_source(collection)
            folders = {layer: store_folder(final.at_layer(layer), source) for layer in layers}
            missing = {at: path for at, path in folders.items() if not (path / "manifest.json").is_file()}
            if len(missing) > 1:
                write_stores(missing, final, collection.corpus.texts, source, self._encoded)

    def _choose_rows(self, config: EncoderConfig, text: str, tokens: int) -> NDArray[np.int64] | None:
        texts = self._loaded(text, "test").corpus.texts
        rows = select_documents(self.encoder(config), texts, tokens, DOCUMENTS_SEED)
        return None if len(rows) == len(texts) else rows

    def _encoded(self, done: int, total: int) -> None:
        self.progress("Encode the text, all layers", done, total, "tokens")

    def _load_named(self, named: NamedCollection) -> Collection:
        loaded = self._loaded(named.source, named.split)
        return replace(
            loaded, name=named.name or loaded.name, queries=evenly_spaced(loaded.queries, named.queries)
        )

    def _read_fingerprint(self, source: str, split: str) -> str:
        return corpus_fingerprint(self._loaded(source, split).corpus)

    def _encode_queries(self, named: NamedCollection, config: EncoderConfig) -> TokenStates:
        def report(done: int, total: int) -> None:
            self.progress(f"Queries of {named.name}", done, total, "tokens")

        return self.encoder(config).encode(self.collection(named).queries.texts, "query", report)

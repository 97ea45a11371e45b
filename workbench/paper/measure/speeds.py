"""How fast this machine encodes, trains and compares, measured for a moment on a paper's own texts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from data.encoders import EncoderConfig
from retrieval.maxsim import maxsim_scores
from workbench.making.cost import measure_training
from workbench.paper.config import NamedCollection
from workbench.paper.measure.cells import Dictionary
from workbench.paper.measure.materials import Materials

N_TEXTS = 48  # encoded to measure a speed


class Speeds:
    """Of encoders and trainers, in tokens per second, each measured once; others are measured at each call."""

    def __init__(self, materials: Materials) -> None:
        self._materials = materials
        self._encode: dict[EncoderConfig, float] = {}
        self._states: dict[EncoderConfig, NDArray[np.float16]] = {}
        self._train: dict[tuple[EncoderConfig, int, int], float] = {}

    def encode(self, config: EncoderConfig, named: NamedCollection) -> float:
        key = replace(config, layer=None)
        if key not in self._encode:
            encoder = self._materials.encoder(key)
            sample = _evenly(self._materials.collection(named).corpus.texts)
            encoder.encode(sample[:2])  # the first pass also sets things up
            began = time.perf_counter()
            self._states[key] = encoder.encode(sample).states.values
            self._encode[key] = len(self._states[key]) / (time.perf_counter() - began)
        return self._encode[key]

    def weigh(self, config: EncoderConfig, named: NamedCollection) -> float:
        """Texts a second of a learned-sparse model."""
        texts = _evenly(self._materials.collection(named).corpus.texts)
        began = time.perf_counter()
        list(self._materials.learned_sparse(config).weigh(texts))
        return len(texts) / (time.perf_counter() - began)

    def compare(self, config: EncoderConfig, named: NamedCollection) -> float:
        """Seconds of MaxSim of a query with a document token, on average over some of both."""
        reader, collection = self._materials.encoder(config).for_maxsim(), self._materials.collection(named)
        documents = reader.token_vectors(reader.encode(_evenly(collection.corpus.texts)))
        queries = reader.token_vectors(reader.encode(_evenly(collection.queries.texts), "query"), "query")
        maxsim_scores(documents, queries)  # the first call also compiles
        began = time.perf_counter()
        maxsim_scores(documents, queries)
        return (time.perf_counter() - began) / len(queries) / max(1, len(documents.values))

    def train(self, dictionary: Dictionary) -> float:
        key, train = replace(dictionary.encoder, layer=None), dictionary.train
        size = (key, train.n_latents, train.k)
        if size not in self._train:
            self.encode(key, text_of(dictionary))
            device = str(self._materials.encoder(key).device)
            self._train[size] = measure_training(train, self._states[key], device, 0.5)
        return self._train[size]


def text_of(dictionary: Dictionary) -> NamedCollection:
    return NamedCollection("", dictionary.text, queries=0)


def _evenly(texts: Sequence[str]) -> list[str]:
    return [texts[int(row)] for row in np.linspace(0, len(texts) - 1, N_TEXTS)]

"""The cost of a training, before it starts: time, disk and memory, from a second or two of the real work.

    seconds = tokens to encode / (tokens/s of the encoder) + training tokens / (tokens/s of the trainer)

Training tokens count repeats. Both speeds are measured here and now, on some of these very texts and with the real
trainer; bytes follow from the shapes. All of it is an estimate, and time is as good as the machine is steady.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from data.activations import BUFFER_BYTES, DOCUMENTS_PER_SHARD, select_documents
from data.corpus import Collection, corpus_fingerprint
from data.encoders import Encoder
from data.errors import UserError
from data.files import read_json
from data.streaming import store_bytes
from sae.in_memory import ArraySource
from sae.model import SparseAutoencoder
from sae.top_k import BLOCK
from sae.train import SAMPLE_FOR_B_DEC, TrainConfig, TrainStep, train
from workbench.jobs.artifacts import artifacts
from workbench.making.stages import store_folder, text_source
from workbench.making.training import default_disk_budget

CHARACTERS_COUNTED = 8_000_000  # of a longer text, a random part of this length stands for all
TEXTS_ENCODED = 32  # at a time, to measure the encoder
RUNTIME_BYTES = 700 << 20  # Python with torch, transformers and numba loaded, and nothing done yet


@dataclass(frozen=True)
class Reading:
    """What is read of a text. tokens: distinct, an estimate where low < high, its 95% interval.

    rows: the documents' positions; None where all are read, or where the text is too long to have chosen them yet.
    """

    documents: int
    tokens: int
    low: int
    high: int
    rows: NDArray[np.int64] | None = None

    @property
    def exact(self) -> bool:
        return self.low == self.high


@dataclass(frozen=True)
class Speeds:
    """Tokens a second, as measured just now."""

    encode: float
    train: float


@dataclass(frozen=True)
class Cost:
    """An estimate. Seconds are None where nothing was measured; bytes are those of all seeds together.

    token_views: training tokens (repeats counted), of all seeds. stored: the token states are on disk from before.
    streams: they would not fit and are encoded anew in every epoch. checkpoint_bytes: of one; while one is written,
    the one before it is still there.
    """

    reading: Reading
    token_views: int
    seconds_encode: float | None
    seconds_train: float | None
    store_bytes: int
    checkpoint_bytes: int
    sae_bytes: int
    memory_bytes: int
    free_bytes: int
    stored: bool
    streams: bool

    @property
    def seconds(self) -> float | None:
        if self.seconds_encode is None or self.seconds_train is None:
            return None
        return self.seconds_encode + self.seconds_train

    @property
    def disk_bytes(self) -> int:
        """At the most, beyond what is there already."""
        states = 0 if self.stored or self.streams else self.store_bytes
        return states + 2 * self.checkpoint_bytes + self.sae_bytes

    @property
    def fits(self) -> bool:
        return self.disk_bytes <= self.free_bytes


def estimate(
    collection: Collection,
    encoder: Encoder,
    config: TrainConfig,
    epochs: int,
    *,
    n_seeds: int = 1,
    measured: bool = True,
    disk_budget: int | None = None,
) -> Cost:
    """The cost of training on a collection. disk_budget: bytes for token states, half of what is free if None."""
    reading = measure_reading(collection, encoder, config, epochs)
    speeds = measure_speeds(collection, encoder, config) if measured else None
    return cost_of(collection, encoder, config, reading, speeds, n_seeds, disk_budget)


def cost_of(
    collection: Collection,
    encoder: Encoder,
    config: TrainConfig,
    reading: Reading,
    speeds: Speeds | None,
    n_seeds: int = 1,
    disk_budget: int | None = None,
) -> Cost:
    """`estimate`, of what was measured."""
    free = free_bytes()
    states = store_bytes(reading.tokens, encoder.d_model)
    stored = _is_stored(collection, encoder, config, reading)
    streams = not stored and states > (default_disk_budget() if disk_budget is None else disk_budget)
    views = config.n_steps * config.batch_size * n_seeds
    encoded = 0 if stored else views if streams else reading.tokens
    weights = sae_bytes(config.n_latents, encoder.d_model)
    return Cost(
        reading=reading,
        token_views=views,
        seconds_encode=encoded / speeds.encode if speeds else None,
        seconds_train=views / speeds.train if speeds else None,
        store_bytes=states,
        checkpoint_bytes=3 * weights,
        sae_bytes=weights * n_seeds,
        memory_bytes=peak_memory(collection, encoder, config, reading),
        free_bytes=free,
        stored=stored,
        streams=streams,
    )


def measure_reading(collection: Collection, encoder: Encoder, config: TrainConfig, epochs: int) -> Reading:
    """How many tokens training will read: counted, in the order in which `select_documents` takes the documents."""
    texts, wanted = collection.corpus.texts, -(-config.n_tokens // epochs)
    if not len(texts):
        raise UserError(f"{collection.name} holds no documents: expected at least one")
    order = np.random.default_rng([config.seed, 2]).permutation(len(texts))
    counts: list[int] = []
    total = characters = 0
    while len(counts) < len(texts) and characters < CHARACTERS_COUNTED:
        chunk = [texts[row] for row in order[len(counts) : len(counts) + 256]]
        counts.extend(encoder.count_tokens(chunk).tolist())
        characters += sum(map(len, chunk))
        total = sum(counts)
        if total >= wanted:
            n_docs = int(np.searchsorted(np.cumsum(counts), wanted)) + 1
            tokens = sum(counts[:n_docs])
            return Reading(n_docs, tokens, tokens, tokens, order[:n_docs] if n_docs < len(texts) else None)
    if len(counts) == len(texts):
        return Reading(len(texts), total, total, total)
    mean, n = total / len(counts), len(counts)
    error = 1.96 * float(np.std(counts, ddof=1)) * ((1 - n / len(texts)) / n) ** 0.5
    low, middle, high = (min(wanted, round(len(texts) * (mean + e))) for e in (-error, 0, error))
    return Reading(min(len(texts), round(middle / mean)), middle, max(low, total), high)


def measure_speeds(
    collection: Collection, encoder: Encoder, config: TrainConfig, seconds: float = 0.8
) -> Speeds:
    """Encode a few dozen of these texts, and take some steps of the real trainer on their states."""
    states, encode = measure_encoding(collection, encoder, config.seed, seconds)
    return Speeds(encode, measure_training(config, states, str(encoder.device), seconds))


def measure_encoding(
    collection: Collection, encoder: Encoder, seed: int = 0, seconds: float = 0.8
) -> tuple[NDArray[np.float16], float]:
    """States (n_tokens, d_model) of a few dozen of these texts, and the tokens/s in which they were made."""
    texts = collection.corpus.texts
    order = np.random.default_rng([seed, 2]).permutation(len(texts))
    encoder.encode([texts[row] for row in order[:2]])  # the first pass also sets things up
    parts: list[NDArray[np.float16]] = []
    began = time.perf_counter()
    while not parts or time.perf_counter() - began < seconds:
        first = len(parts) * TEXTS_ENCODED % len(texts)
        parts.append(
            encoder.encode([texts[row] for row in order[first : first + TEXTS_ENCODED]]).states.values
        )
    states = np.concatenate(parts)
    return states, len(states) / (time.perf_counter() - began)


def measure_training(config: TrainConfig, states: NDArray[Any], device: str, seconds: float = 0.8) -> float:
    """Tokens/s of the trainer of this configuration on states (n_tokens, d_model), its first steps left out."""
    trainer: Callable[..., SparseAutoencoder] = train
    if config.architecture != "topk":
        from sae.train_sae_lens import train_sae_lens  # seconds to import

        trainer = train_sae_lens
    times: list[float] = []

    def on_step(_: TrainStep) -> None:
        times.append(time.perf_counter())
        if len(times) > 1 and times[-1] - times[0] > seconds:
            raise _Enough

    every = 2  # steps between lines: as rare a line as a slow trainer allows
    short = replace(config, n_tokens=10_000 * config.batch_size, log_every=every, checkpoint_every=100_000)
    with TemporaryDirectory() as folder, suppress(_Enough):
        trainer(short, ArraySource(states), Path(folder) / "run", on_step=on_step, device=device)
    return every * config.batch_size * (len(times) - 1) / (times[-1] - times[0])


def sae_bytes(n_latents: int, d_model: int) -> int:
    """Of float32 W_enc, W_dec, b_enc and b_dec."""
    return 4 * (2 * n_latents * d_model + n_latents + d_model)


def peak_memory(collection: Collection, encoder: Encoder, config: TrainConfig, reading: Reading) -> int:
    """Bytes, the larger of encoding and training, with the libraries, the encoder and the text in memory."""
    d_model, batch, n_latents = encoder.d_model, config.batch_size, config.n_latents
    weights = sae_bytes(n_latents, d_model)
    shard = reading.tokens * min(DOCUMENTS_PER_SHARD, reading.documents) // max(1, reading.documents)
    buffer = min(BUFFER_BYTES, store_bytes(reading.tokens, d_model)) + 16 * reading.tokens
    sample = 2 * d_model * min(SAMPLE_FOR_B_DEC, reading.tokens)
    if config.architecture == "topk":
        # weights and two moments, twice while a checkpoint is written; a batch's states and its chosen latents
        held = 6 * weights + 4 * batch * (4 * d_model + 4 * config.k)
        held += 4 * BLOCK * n_latents * torch.get_num_threads()
    else:
        # SAELens's: a gradient as well, and dense activations with theirs
        held = 7 * weights + 4 * batch * (4 * d_model + 4 * n_latents)
    common = RUNTIME_BYTES + encoder.weight_bytes + sum(map(len, collection.corpus.texts))
    return common + max(store_bytes(2 * shard, d_model), buffer + sample + held)


def free_bytes() -> int:
    """Free disk under `artifacts()`."""
    folder = artifacts().resolve()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _is_stored(collection: Collection, encoder: Encoder, config: TrainConfig, reading: Reading) -> bool:
    """Whether the token states are on disk; the documents of a long text are only chosen if there is a chance."""
    rows, texts = reading.rows, collection.corpus.texts
    if rows is None and reading.documents < len(texts):
        plans = (read_json(path) for path in (artifacts() / "activations").glob("*/plan.json"))
        name = corpus_fingerprint(collection.corpus)
        if not any(plan.get("source", {}).get("fingerprint") == name for plan in plans):
            return False
        rows = select_documents(encoder, texts, reading.high, config.seed)
    return (store_folder(encoder, text_source(collection, rows)) / "manifest.json").is_file()


class _Enough(Exception):  # noqa: N818  # no error: it ends a measurement
    pass

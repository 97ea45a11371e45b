"""ActivationStore: the token states of a corpus on disk, written shard by shard and read in shuffled batches.

    plan.json          what is being encoded, by whom: a store is only resumed for the same plan
    shard-00000/       states float16 (n_tokens, d_model), token_ids, spans, offsets, pooled: one .npy each
    manifest.json      shards with their sizes; written last, so that a store with a manifest is whole

Memory stays bounded whatever the corpus: one shard while writing, one buffer of shards while reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.encoders import Encoder, TokenStates
from data.errors import UserError
from data.files import new_folder, read_json, write_json
from data.ragged import Ragged

DOCUMENTS_PER_SHARD = 1024
BUFFER_BYTES = 2 << 30
ARRAYS = ("states", "offsets", "token_ids", "spans", "pooled")

# (tokens done, tokens in all, an estimate until the last shard)
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ActivationStore:
    """A whole store; make one with `write_store`, open one with `ActivationStore.open`."""

    folder: Path
    plan: Mapping[str, Any]
    shard_tokens: tuple[int, ...]
    d_model: int
    _buffer: dict[tuple[int, ...], NDArray[np.float16]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @classmethod
    def open(cls, folder: Path) -> ActivationStore:
        """Open a finished store; an unfinished or damaged one is a `UserError`."""
        if not (folder / "manifest.json").is_file():
            raise UserError(
                f"{folder} holds no finished activation store: encode the text (again) to resume it"
            )
        manifest = read_json(folder / "manifest.json")
        store = cls(
            folder, read_json(folder / "plan.json"), tuple(manifest["shard_tokens"]), manifest["d_model"]
        )
        for shard, n_tokens in enumerate(store.shard_tokens):
            _array(store._path(shard), "states", (n_tokens, store.d_model))
        return store

    @property
    def n_tokens(self) -> int:
        return sum(self.shard_tokens)

    def blocks(self) -> Iterator[TokenStates]:
        """The token states of consecutive documents, a shard at a time, memory-mapped."""
        for shard in range(len(self.shard_tokens)):
            states, offsets, token_ids, spans, pooled = (_array(self._path(shard), name) for name in ARRAYS)
            yield TokenStates(Ragged(states, offsets), token_ids, spans, pooled)

    def batches(self, batch_size: int, seed: int, start: int = 0) -> Iterator[NDArray[np.float16]]:
        """Full batches (batch_size, d_model) without end, beginning with batch number `start`.

        Each epoch is its own shuffle, a function of (seed, epoch) alone: shards in random order, read into a
        buffer of at most BUFFER_BYTES, and tokens in random order within the buffer. Batches run on across
        the ends of epochs, so that no token is dropped.
        """
        parts: list[NDArray[np.float16]] = []
        missing = batch_size
        for states, order in self._buffers(seed, start * batch_size):
            position = 0
            while len(order) - position >= missing:
                parts.append(states[order[position : position + missing]])
                position += missing
                yield parts[0] if len(parts) == 1 else np.concatenate(parts)
                parts, missing = [], batch_size
            if position < len(order):
                parts.append(states[order[position:]])
                missing -= len(order) - position

    def sample(self, n: int, seed: int) -> NDArray[np.float16]:
        """n tokens (or all, if there are fewer) without replacement, (n, d_model)."""
        chosen = np.random.default_rng([seed, 1]).permutation(self.n_tokens)[:n]
        ends = np.cumsum(self.shard_tokens)
        rows = [
            chosen[(chosen >= end - size) & (chosen < end)] - (end - size)
            for end, size in zip(ends, self.shard_tokens, strict=True)
        ]
        return np.concatenate([self._states(shard)[np.sort(row)] for shard, row in enumerate(rows)])

    def _buffers(self, seed: int, skip: int) -> Iterator[tuple[NDArray[np.float16], NDArray[np.int64]]]:
        """Buffers of states with the order in which to take their rows, without end, `skip` rows passed over."""
        epoch, skip = divmod(skip, self.n_tokens)
        while True:
            shuffle = np.random.default_rng([seed, epoch])
            for shards in self._groups(shuffle.permutation(len(self.shard_tokens))):
                order = shuffle.permutation(sum(self.shard_tokens[shard] for shard in shards))
                if skip >= len(order):
                    skip -= len(order)
                    continue
                yield self._load(shards), order[skip:]
                skip = 0
            epoch += 1

    def _groups(self, shards: NDArray[np.int64]) -> list[tuple[int, ...]]:
        groups: list[list[int]] = []
        room = 0
        for shard in shards.tolist():
            size = self.shard_tokens[shard] * self.d_model * 2
            if not groups or size > room:
                groups.append([])
                room = BUFFER_BYTES
            groups[-1].append(shard)
            room -= size
        return [tuple(sorted(group)) for group in groups]

    def _load(self, shards: tuple[int, ...]) -> NDArray[np.float16]:
        if shards not in self._buffer:
            self._buffer.clear()
            self._buffer[shards] = np.concatenate([self._states(shard) for shard in shards])
        return self._buffer[shards]

    def _states(self, shard: int) -> NDArray[np.float16]:
        return _array(self._path(shard), "states")

    def _path(self, shard: int) -> Path:
        return self.folder / f"shard-{shard:05d}"


def write_store(
    folder: Path,
    encoder: Encoder,
    texts: Sequence[str],
    source: Mapping[str, Any],
    progress: Progress | None = None,
) -> ActivationStore:
    """Encode texts into a store at `folder`, or finish one that was interrupted, shard by shard.

    source: what the texts are (name, fingerprint), JSON-able; part of the plan. progress counts tokens, of a
    total that is an estimate (from characters) until the end.
    """
    begin_store(folder, encoder, source)
    sizes: list[int] = []
    characters = np.array([len(text) for text in texts], dtype=np.int64)
    for shard, first in enumerate(range(0, len(texts), DOCUMENTS_PER_SHARD)):
        rows = slice(first, first + DOCUMENTS_PER_SHARD)
        path = folder / f"shard-{shard:05d}"
        if not path.is_dir():
            report = estimate_of_all(progress, sum(sizes), characters[first:], characters[rows])
            write_shard(path, encoder.encode(texts[rows], "document", report))
        sizes.append(len(_array(path, "states")))
    write_json(folder / "manifest.json", {"shard_tokens": sizes, "d_model": encoder.d_model})
    return ActivationStore.open(folder)


def begin_store(folder: Path, encoder: Encoder, source: Mapping[str, Any]) -> None:
    """Write the plan of a store, or find it there; a folder that holds another's is a `UserError`."""
    plan = {"encoder": encoder.describe(), "source": dict(source), "documents_per_shard": DOCUMENTS_PER_SHARD}
    if not (folder / "plan.json").is_file():
        write_json(folder / "plan.json", plan)
    elif _unnamed(read_json(folder / "plan.json")) != _unnamed(plan):
        raise UserError(
            f"{folder} holds the states of another text or encoder: choose another folder or remove it"
        )


def select_documents(encoder: Encoder, texts: Sequence[str], max_tokens: int, seed: int) -> NDArray[np.int64]:
    """Positions of documents whose tokens add up to max_tokens or just above: a random choice from the seed.

    All documents, in their own order, where the whole corpus has no more tokens than that.
    """
    order = np.random.default_rng([seed, 2]).permutation(len(texts))
    counted = 0
    for first in range(0, len(order), DOCUMENTS_PER_SHARD):
        rows = order[first : first + DOCUMENTS_PER_SHARD]
        totals = counted + np.cumsum(encoder.count_tokens([texts[row] for row in rows]))
        if totals[-1] >= max_tokens:
            return order[: first + int(np.searchsorted(totals, max_tokens)) + 1]
        counted = int(totals[-1])
    return np.arange(len(texts))


def _unnamed(plan: Mapping[str, Any]) -> dict[str, Any]:
    """What a store holds, whatever its text was called."""
    source = {key: value for key, value in plan["source"].items() if key != "name"}
    return {**plan, "source": source}


def estimate_of_all(
    progress: Progress | None,
    before: int,
    characters_left: NDArray[np.int64],
    characters_here: NDArray[np.int64],
) -> Progress | None:
    """Turn a shard's own progress into that of the whole store."""
    if progress is None:
        return None
    share = int(characters_left.sum()) / max(1, int(characters_here.sum()))
    return lambda done, total: progress(before + done, before + round(total * share))


def write_shard(path: Path, states: TokenStates) -> None:
    """Write the states of one shard's documents, whole or not at all."""
    arrays: tuple[NDArray[Any], ...] = (
        states.states.values,
        states.states.offsets,
        states.token_ids,
        states.spans,
        states.pooled,
    )
    with new_folder(path) as temporary:
        for name, array in zip(ARRAYS, arrays, strict=True):
            np.save(temporary / f"{name}.npy", array, allow_pickle=False)


def _array(shard: Path, name: str, shape: tuple[int, ...] | None = None) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(shard / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        reason = " ".join(str(error).split())
        raise UserError(
            f"{shard} is damaged ({reason}): remove that folder and encode again to resume"
        ) from None
    if shape is not None and array.shape != shape:
        raise UserError(
            f"{shard} is damaged: expected states {shape}, got {array.shape}; remove it and encode again"
        )
    return array

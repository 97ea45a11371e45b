"""ActivationStore: the token states of a corpus on disk, written shard by shard and read in shuffled batches.

    plan.json          encoder, text and documents per shard; a store resumes only under an equal plan
    shard-00000/       states float16 (n_tokens, d_model), token_ids, spans, offsets, pooled: one .npy each
    manifest.json      n_tokens of each shard; written last, so a store with a manifest is complete

Memory does not grow with the corpus: writing holds one shard, reading one buffer of shards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data.arrays import map_array
from data.encoders import Encoder, TokenStates
from data.errors import UserError
from data.files import new_folder, read_json, write_json
from data.progress import StepProgress
from data.ragged import Ragged

DOCUMENTS_PER_SHARD = 1024
BUFFER_BYTES = 2 << 30
FORMS: dict[str, tuple[str, tuple[int | None, ...]]] = {
    "states": ("<f2", (None, None)),
    "offsets": ("<i8", (None,)),
    "token_ids": ("<i4", (None,)),
    "spans": ("<i4", (None, 2)),
    "pooled": ("<f4", (None, None)),
}


@dataclass(frozen=True)
class ActivationStore:
    """A complete store on disk; `write_store` makes one, `ActivationStore.open` opens one.

    plan: encoder description, source of the text, documents per shard. shard_tokens: n_tokens of each shard.
    """

    folder: Path
    plan: Mapping[str, Any]
    shard_tokens: tuple[int, ...]
    d_model: int
    _buffer: dict[tuple[int, ...], NDArray[np.float16]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @classmethod
    def open(cls, folder: Path) -> ActivationStore:
        """Open a complete store; an unfinished or damaged one raises a `UserError`."""
        if not (folder / "manifest.json").is_file():
            raise UserError(
                f"{folder} holds no finished activation store (it has no manifest.json): encode the text again "
                "to resume it"
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
        """Tokens of all shards together."""
        return sum(self.shard_tokens)

    def blocks(self) -> Iterator[TokenStates]:
        """The token states of consecutive documents, one memory-mapped shard at a time."""
        for shard in range(len(self.shard_tokens)):
            states, offsets, token_ids, spans, pooled = (_array(self._path(shard), name) for name in FORMS)
            yield TokenStates(Ragged(states, offsets), token_ids, spans, pooled)

    def batches(self, batch_size: int, seed: int, start: int = 0) -> Iterator[NDArray[np.float16]]:
        """Endless full batches of states, float16 (batch_size, d_model), from batch number `start` on.

        Each epoch has its own shuffle, which depends on (seed, epoch) alone: shards come in random order into a
        buffer of at most BUFFER_BYTES, and tokens in random order within the buffer. A batch may span the end of
        an epoch, so no token is dropped.
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
        """The states of n tokens drawn without replacement (all tokens if there are fewer), (n, d_model)."""
        chosen = np.random.default_rng([seed, 1]).permutation(self.n_tokens)[:n]
        ends = np.cumsum(self.shard_tokens)
        rows = [
            chosen[(chosen >= end - size) & (chosen < end)] - (end - size)
            for end, size in zip(ends, self.shard_tokens, strict=True)
        ]
        return np.concatenate([self._states(shard)[np.sort(row)] for shard, row in enumerate(rows)])

    def _buffers(self, seed: int, skip: int) -> Iterator[tuple[NDArray[np.float16], NDArray[np.int64]]]:
        """Endless buffers of states, each with the order in which its rows are read, from row `skip` on."""
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
    progress: StepProgress | None = None,
) -> ActivationStore:
    """Encode texts into a store at `folder`, shard by shard; an interrupted store is continued.

    source: name and fingerprint of the texts, JSON-able, part of the plan. progress: counts tokens; the total is
    estimated from characters until the last shard. A folder with another plan raises a `UserError`.
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
    """Write a store's plan, or check the plan that is there; a folder with another plan raises a `UserError`."""
    plan = {"encoder": encoder.describe(), "source": dict(source), "documents_per_shard": DOCUMENTS_PER_SHARD}
    if not (folder / "plan.json").is_file():
        write_json(folder / "plan.json", plan)
    elif _without_name(read_json(folder / "plan.json")) != _without_name(plan):
        raise UserError(
            f"{folder} holds the states of another text or encoder: choose another folder, or remove this one"
        )


def select_documents(encoder: Encoder, texts: Sequence[str], max_tokens: int, seed: int) -> NDArray[np.int64]:
    """Rows of randomly drawn documents whose tokens just reach max_tokens, int64 (n_selected,).

    A corpus with fewer tokens gives all its rows, in order.
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


def _without_name(plan: Mapping[str, Any]) -> dict[str, Any]:
    """The plan without the text's name: a store resumes under another name of the same text."""
    source = {key: value for key, value in plan["source"].items() if key != "name"}
    return {**plan, "source": source}


def estimate_of_all(
    progress: StepProgress | None,
    before: int,
    characters_left: NDArray[np.int64],
    characters_here: NDArray[np.int64],
) -> StepProgress | None:
    """Scale the progress of one shard to the whole store.

    before: tokens of earlier shards. characters_left: of each document from this shard on. characters_here: of each
    document of this shard. The total assumes that tokens are proportional to characters.
    """
    if progress is None:
        return None
    share = int(characters_left.sum()) / max(1, int(characters_here.sum()))
    return lambda done, total: progress(before + done, before + round(total * share))


def write_shard(path: Path, states: TokenStates) -> None:
    """Write the token states of one shard's documents to the folder `path`, completely or not at all."""
    arrays: tuple[NDArray[Any], ...] = (
        states.states.values,
        states.states.offsets,
        states.token_ids,
        states.spans,
        states.pooled,
    )
    with new_folder(path) as temporary:
        for name, array in zip(FORMS, arrays, strict=True):
            np.save(temporary / f"{name}.npy", array, allow_pickle=False)


def _array(shard: Path, name: str, shape: tuple[int, ...] | None = None) -> NDArray[Any]:
    dtype, any_shape = FORMS[name]
    remedy = f"remove {shard} and encode again to resume"
    return map_array(shard / f"{name}.npy", dtype, shape or any_shape, remedy)

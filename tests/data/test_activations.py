"""Laws of the activation store: complete, resumable, and shuffled by the seed alone."""

from __future__ import annotations

import shutil
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from data import activations
from data.activations import ActivationStore, select_documents, write_store
from data.encoders import Encoder, EncoderConfig
from data.errors import UserError
from workbench.making.stages import store_folder

TEXTS = [f"document number {number} speaks of {'many ' * (number % 7)}things" for number in range(23)]
SOURCE = {"name": "numbers", "fingerprint": "0123456789abcdef"}


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.load(EncoderConfig(max_length=32))


@pytest.fixture
def store(tmp_path: Path, encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> ActivationStore:
    monkeypatch.setattr(activations, "DOCUMENTS_PER_SHARD", 5)
    return write_store(tmp_path / "store", encoder, TEXTS, SOURCE)


def rows(states: np.ndarray) -> Counter[bytes]:
    return Counter(row.tobytes() for row in np.ascontiguousarray(states))


def test_blocks_are_the_encoders_states_in_order(store: ActivationStore, encoder: Encoder) -> None:
    states = np.concatenate([block.states.values for block in store.blocks()])
    ids = np.concatenate([block.token_ids for block in store.blocks()])
    whole = encoder.encode(TEXTS)
    np.testing.assert_array_equal(ids, whole.token_ids)
    np.testing.assert_allclose(states, whole.states.values, atol=2e-3, rtol=2e-3)
    assert store.n_tokens == whole.n_tokens


@pytest.mark.parametrize("buffer_bytes", [1 << 30, 60_000])
def test_an_epoch_reads_every_token_once(
    store: ActivationStore, monkeypatch: pytest.MonkeyPatch, buffer_bytes: int
) -> None:
    monkeypatch.setattr(activations, "BUFFER_BYTES", buffer_bytes)
    everything = rows(np.concatenate([block.states.values for block in store.blocks()]))
    stream = np.concatenate(list(islice(store.batches(16, seed=3), 2 * store.n_tokens // 16 + 1)))
    first, second = stream[: store.n_tokens], stream[store.n_tokens : 2 * store.n_tokens]
    assert rows(first) == everything
    assert rows(second) == everything
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("buffer_bytes", [1 << 30, 60_000])
@pytest.mark.parametrize("start", [1, 7, 40])
def test_starting_later_continues_the_same_sequence(
    store: ActivationStore, monkeypatch: pytest.MonkeyPatch, start: int, buffer_bytes: int
) -> None:
    monkeypatch.setattr(activations, "BUFFER_BYTES", buffer_bytes)
    through = list(islice(store.batches(16, seed=3), start + 4))
    later = list(islice(ActivationStore.open(store.folder).batches(16, seed=3, start=start), 4))
    np.testing.assert_array_equal(through[start:], later)


def test_another_seed_is_another_order(store: ActivationStore) -> None:
    one, other = next(store.batches(64, seed=1)), next(store.batches(64, seed=2))
    assert not np.array_equal(one, other)


def test_sample_is_without_replacement(store: ActivationStore) -> None:
    everything = rows(np.concatenate([block.states.values for block in store.blocks()]))
    assert rows(store.sample(10**6, seed=0)) == everything
    part = store.sample(50, seed=0)
    assert part.shape == (50, store.d_model)
    assert not rows(part) - everything


def test_an_interrupted_store_resumes_without_encoding_again(
    store: ActivationStore, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [block.states.values.copy() for block in store.blocks()]
    (store.folder / "manifest.json").unlink()
    shutil.rmtree(store.folder / "shard-00002")
    with pytest.raises(UserError, match="no finished activation store"):
        ActivationStore.open(store.folder)
    calls: list[int] = []
    encode = encoder.encode
    monkeypatch.setattr(
        encoder, "encode", lambda texts, *rest: calls.append(len(texts)) or encode(texts, *rest)
    )
    again = write_store(store.folder, encoder, TEXTS, SOURCE)
    assert calls == [5]
    for old, new in zip(before, again.blocks(), strict=True):
        np.testing.assert_array_equal(old, new.states.values)


def test_a_text_is_the_same_by_another_name(store: ActivationStore, encoder: Encoder) -> None:
    again = write_store(store.folder, encoder, TEXTS, {**SOURCE, "name": "another name"})
    assert again.plan == store.plan
    named = [store_folder(encoder, {**SOURCE, "name": name}) for name in ("one", "another")]
    assert named[0] == named[1] != store_folder(encoder, {**SOURCE, "fingerprint": "other"})


def test_another_text_is_refused(store: ActivationStore, encoder: Encoder) -> None:
    with pytest.raises(UserError, match="another text or encoder"):
        write_store(store.folder, encoder, TEXTS, {"name": "others"})


def test_a_truncated_shard_is_told(store: ActivationStore) -> None:
    path = store.folder / "shard-00001" / "states.npy"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"shard-00001/states\.npy is damaged"):
        ActivationStore.open(store.folder)


def test_selected_documents_hold_the_tokens_asked_for(encoder: Encoder) -> None:
    counts = encoder.count_tokens(TEXTS)
    chosen = select_documents(encoder, TEXTS, 100, seed=0)
    assert counts[chosen].sum() >= 100 > counts[chosen[:-1]].sum()
    np.testing.assert_array_equal(chosen, select_documents(encoder, TEXTS, 100, seed=0))
    np.testing.assert_array_equal(select_documents(encoder, TEXTS, 10**9, seed=0), np.arange(len(TEXTS)))

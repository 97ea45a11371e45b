"""Laws of the stream: every token once per epoch, shuffled by the seed alone; skipped batches are not encoded."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from data import streaming
from data.activations import write_store
from data.encoders import Encoder, EncoderConfig
from data.errors import UserError
from data.streaming import StreamedStates, store_bytes

TEXTS = [f"document number {number} speaks of {'many ' * (number % 7)}things" for number in range(23)]
SMALL = 60 * 2 * 384  # bytes of sixty tokens


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.load(EncoderConfig(max_length=32, device="cpu"))


@pytest.fixture
def encoded(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Records every text that is encoded."""
    texts: list[str] = []
    encode = encoder.encode
    monkeypatch.setattr(encoder, "encode", lambda some: texts.extend(some) or encode(some))
    return texts


def rows(states: NDArray[Any]) -> Counter[bytes]:
    return Counter(row.tobytes() for row in np.ascontiguousarray(states))


def same_tokens_but_for_rounding(one: NDArray[Any], other: NDArray[Any]) -> None:
    """Sorted columns ignore order; the tolerance is for rounding, which depends on the other texts of a batch."""
    np.testing.assert_allclose(np.sort(one, axis=0), np.sort(other, axis=0), atol=5e-3)


class Counting(Encoder):
    """States that identify their token by (document, position), for laws over many shapes."""

    def __init__(self, lengths: list[int]) -> None:
        self.lengths = lengths
        self.d_model = 2

    def count_tokens(self, texts: Any) -> NDArray[np.int64]:
        return np.array([self.lengths[int(text)] for text in texts], dtype=np.int64)

    def encode(self, texts: Any, *_: Any) -> Any:
        from data.encoders import TokenStates
        from data.ragged import Ragged, offsets_of

        parts = [[(int(text), token) for token in range(self.lengths[int(text)])] for text in texts]
        values = np.array([pair for part in parts for pair in part], np.float16).reshape(-1, 2)
        empty = np.empty(0, np.int32)
        return TokenStates(Ragged(values, offsets_of([len(part) for part in parts])), empty, empty, values)


@settings(max_examples=60)
@given(
    lengths=st.lists(st.integers(0, 9), min_size=1, max_size=20),
    batch_size=st.integers(1, 12),
    room=st.integers(1, 40),
    start=st.integers(0, 30),
    seed=st.integers(0, 5),
)
def test_every_shape_reads_each_token_once_an_epoch_and_continues_from_any_start(
    lengths: list[int], batch_size: int, room: int, start: int, seed: int
) -> None:
    stream = StreamedStates(Counting(lengths), [str(n) for n in range(len(lengths))], buffer_bytes=4 * room)
    n = sum(lengths)
    if n == 0:
        with pytest.raises(UserError, match="no token"):
            next(stream.batches(batch_size, seed))
        return
    everything = sorted((d, t) for d, length in enumerate(lengths) for t in range(length))
    batches = list(islice(stream.batches(batch_size, seed), max(start + 2, 2 * n // batch_size + 1)))
    assert {batch.shape for batch in batches} == {(batch_size, 2)}
    read = [tuple(row) for row in np.concatenate(batches).astype(int).tolist()]
    assert sorted(read[:n]) == everything
    assert sorted(read[n : 2 * n]) == everything[: len(read) - n] or len(read) < 2 * n
    for expected, batch in zip(batches[start:], stream.batches(batch_size, seed, start), strict=False):
        np.testing.assert_array_equal(expected, batch)


@pytest.mark.parametrize("buffer_bytes", [1 << 30, SMALL])
def test_an_epoch_reads_the_encoders_states_once(encoder: Encoder, buffer_bytes: int) -> None:
    stream = StreamedStates(encoder, TEXTS, buffer_bytes=buffer_bytes)
    whole = encoder.encode(TEXTS)
    assert stream.n_tokens == whole.n_tokens
    assert stream.d_model == 384
    tokens = np.concatenate(list(islice(stream.batches(16, seed=3), 2 * stream.n_tokens // 16 + 1)))
    first, second = tokens[: stream.n_tokens], tokens[stream.n_tokens : 2 * stream.n_tokens]
    assert tokens.dtype == np.float16
    same_tokens_but_for_rounding(first, whole.states.values)
    same_tokens_but_for_rounding(second, whole.states.values)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("start", [1, 7, 40])
def test_a_later_start_gives_the_same_bits_and_encodes_only_what_it_reads(
    encoder: Encoder, encoded: list[str], start: int
) -> None:
    stream = StreamedStates(encoder, TEXTS, buffer_bytes=SMALL)
    through = list(islice(stream.batches(16, seed=3), start + 2))
    encoded.clear()
    later = list(islice(StreamedStates(encoder, TEXTS, buffer_bytes=SMALL).batches(16, 3, start), 2))
    np.testing.assert_array_equal(through[start:], later)
    assert encoder.count_tokens(encoded).sum() <= 3 * 60


def test_a_buffer_holds_as_many_documents_as_fit(encoder: Encoder, encoded: list[str]) -> None:
    stream = StreamedStates(encoder, TEXTS, buffer_bytes=SMALL)
    next(stream.batches(1, seed=0))
    assert 60 - 32 < encoder.count_tokens(encoded).sum() <= 60


def test_passes_of_few_documents_change_rounding_only(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = next(StreamedStates(encoder, TEXTS).batches(100, seed=0))
    monkeypatch.setattr(streaming, "DOCUMENTS_PER_PASS", 4)
    np.testing.assert_allclose(next(StreamedStates(encoder, TEXTS).batches(100, 0)), whole, atol=5e-3)


@pytest.mark.parametrize("size", [2, 3])
def test_parts_are_disjoint_and_together_the_whole(size: int) -> None:
    lengths = [3, 5, 2, 7, 1, 4, 6]
    texts = [str(n) for n in range(7)]
    read: Counter[bytes] = Counter()
    for rank in range(size):
        stream = StreamedStates(Counting(lengths), texts, part=(rank, size))
        assert stream.n_tokens == sum(lengths)
        np.testing.assert_array_equal(
            stream.sample(9, 0), StreamedStates(Counting(lengths), texts).sample(9, 0)
        )
        n = sum(lengths[rank::size])
        read += rows(next(stream.batches(n, seed=1)))
    assert read == rows(Counting(lengths).encode(texts).states.values)


def test_the_seed_decides_order_and_sample() -> None:
    stream = StreamedStates(Counting([4] * 50), [str(n) for n in range(50)])
    one, again, other = (next(stream.batches(64, seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    sample = stream.sample(50, seed=1)
    assert sample.shape == (50, 2)
    assert len(rows(sample)) == 50
    assert not np.array_equal(sample, stream.sample(50, seed=2))
    assert len(stream.sample(10**6, seed=0)) == stream.n_tokens == 200


def test_a_store_takes_the_bytes_that_are_told(encoder: Encoder, tmp_path: Path) -> None:
    store = write_store(tmp_path / "store", encoder, TEXTS, {"name": "numbers"})
    files = {path.name: path.stat().st_size for path in (tmp_path / "store").rglob("*.npy")}
    per_token = sum(
        size - 128 for name, size in files.items() if name in ("states.npy", "token_ids.npy", "spans.npy")
    )
    assert store_bytes(store.n_tokens, 384) == per_token


@pytest.mark.parametrize("part", [(2, 2), (-1, 2), (0, 0)])
def test_a_part_that_is_none_is_refused(part: tuple[int, int]) -> None:
    with pytest.raises(UserError, match="0 <= rank < size, got"):
        StreamedStates(Counting([1]), ["0"], part=part)

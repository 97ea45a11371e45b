"""Laws of states with and without their context, on token states made up for the purpose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses.why.ladder.states import (
    STATES,
    context_alone,
    each_once,
    others,
    shuffled_context,
    wordpiece_mean,
)
from data.encoders import TokenStates
from data.errors import UserError
from data.ragged import Ragged
from data.wordpiece_means import WordpieceMeans, wordpiece_means

N_PIECES, D_MODEL = 5, 4


def block(seed: int, n_tokens: int = 40) -> TokenStates:
    """One text of random states; wordpiece N_PIECES - 1 never occurs."""
    generator = np.random.default_rng(seed)
    ids = generator.integers(0, N_PIECES - 1, n_tokens).astype(np.int32)
    states = generator.standard_normal((n_tokens, D_MODEL)).astype(np.float16)
    spans = np.zeros((n_tokens, 2), np.int32)
    return TokenStates(
        Ragged(states, np.array([0, n_tokens])), ids, spans, np.zeros((1, D_MODEL), np.float32)
    )


@pytest.fixture(scope="module")
def means() -> WordpieceMeans:
    return wordpiece_means([block(0), block(1)], N_PIECES)


def test_means_are_those_of_each_wordpiece_over_all_blocks(means: WordpieceMeans) -> None:
    ids = np.concatenate([block(seed).token_ids for seed in (0, 1)])
    states = np.concatenate([block(seed).states.values for seed in (0, 1)]).astype(np.float64)
    for piece in range(N_PIECES - 1):
        np.testing.assert_allclose(means.mean[piece], states[ids == piece].mean(axis=0), rtol=1e-5)
        assert means.n_tokens[piece] == (ids == piece).sum()
    np.testing.assert_allclose(means.overall, states.mean(axis=0), rtol=1e-5)
    np.testing.assert_array_equal(means.mean[-1], means.overall)  # unseen
    within = sum(
        np.square(states[ids == p] - states[ids == p].mean(axis=0)).sum() for p in range(N_PIECES - 1)
    )
    assert means.explained == pytest.approx(1 - within / np.square(states - states.mean(axis=0)).sum())


def test_the_commonest_come_first_and_the_unseen_never(means: WordpieceMeans) -> None:
    commonest = means.commonest(N_PIECES)
    assert len(commonest) == N_PIECES - 1
    assert np.all(np.diff(means.n_tokens[commonest]) <= 0)


def test_a_text_without_tokens_is_refused() -> None:
    with pytest.raises(UserError, match="no token"):
        wordpiece_means([block(0, 0)], N_PIECES)


def test_mean_and_context_add_up_to_the_state(means: WordpieceMeans) -> None:
    texts, generator = block(0), np.random.default_rng(0)
    states = texts.states.values.astype(np.float32)
    both = (
        change(states, texts.token_ids, means, generator).states for change in (wordpiece_mean, context_alone)
    )
    np.testing.assert_allclose(sum(both) - means.overall, states, atol=1e-5)


def test_shuffling_keeps_the_states_of_each_wordpiece_and_moves_every_one(means: WordpieceMeans) -> None:
    texts = block(0)
    states = texts.states.values.astype(np.float32)
    shuffled = shuffled_context(states, texts.token_ids, means, np.random.default_rng(0)).states
    for piece in range(N_PIECES - 1):
        rows = texts.token_ids == piece
        order = np.lexsort(states[rows].T), np.lexsort(shuffled[rows].T)
        np.testing.assert_array_equal(states[rows][order[0]], shuffled[rows][order[1]])
        assert not (states[rows] == shuffled[rows]).all(axis=1).any()


@given(st.lists(st.integers(0, 3), max_size=30), st.integers(0, 9))
def test_the_other_token_is_of_the_same_group_and_another_where_there_is_one(
    groups: list[int], seed: int
) -> None:
    of = np.array(groups, np.int32)
    other = others(of, np.random.default_rng(seed))
    assert sorted(other) == list(range(len(of)))
    np.testing.assert_array_equal(of[other], of)
    alone = np.array([groups.count(group) == 1 for group in groups], bool)
    np.testing.assert_array_equal(other == np.arange(len(of)), alone)


def test_each_distinct_state_stands_once() -> None:
    few = np.random.default_rng(0).standard_normal((7, D_MODEL)).astype(np.float32)
    states = few[np.random.default_rng(1).integers(0, 7, 50)]
    once = each_once(states)
    assert len(once.rows) == 7
    np.testing.assert_array_equal(once.states, states)


@pytest.mark.parametrize("name", sorted(STATES))
def test_states_keep_their_shape_and_equal_seeds_give_equal_states(name: str, means: WordpieceMeans) -> None:
    texts = block(0)
    states = texts.states.values.astype(np.float32)
    first, again = (
        STATES[name].change(states, texts.token_ids, means, np.random.default_rng(3)).states for _ in range(2)
    )
    assert first.shape == states.shape
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, again)

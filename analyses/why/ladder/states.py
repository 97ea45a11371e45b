"""Token states with and without their context: what the states of a ladder's row are made of.

    as they are                    h_t
    wordpiece mean                 m_p                         p: the wordpiece of t; m_p: mean of its states
    context alone                  h_t - m_p + m               m: mean of all states, so that it stays centred
    shuffled context               m_p + (h_u - m_p) = h_u     u: another token of the same wordpiece
    shuffled context, any token    m_p + h_u - m_p(u)          u: any other token

A wordpiece's mean has no context: it is the same vector wherever the wordpiece stands. Means are of the text on
which the SAE was trained, where that is at hand; a wordpiece that this text lacks has the mean of all states. Where
it is another text than the documents, a further row, "wordpiece mean, of the documents", has means of these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analyses.why.ladder.names import (
    AS_THEY_ARE,
    CONTEXT_ALONE,
    SHUFFLED,
    SHUFFLED_ANY,
    WORDPIECE_MEAN,
)
from data.wordpiece_means import Floats, WordpieceMeans


@dataclass(frozen=True, eq=False)
class Changed:
    """States of tokens: token t has rows[place[t]]. rows: float32 (n_rows, d_model). place: int64 (n_tokens,);
    None: t."""

    rows: Floats
    place: NDArray[np.int64] | None = None

    @property
    def states(self) -> Floats:
        """The state of each token, float32 (n_tokens, d_model)."""
        return self.rows if self.place is None else self.rows[self.place]


@dataclass(frozen=True)
class States:
    """A row of the ladder. change(states (n_tokens, d_model), token_ids (n_tokens,), means, generator): its
    states."""

    name: str
    change: Callable[[Floats, NDArray[np.int32], WordpieceMeans, np.random.Generator], Changed]


def as_they_are(
    states: Floats, token_ids: NDArray[np.int32], means: WordpieceMeans, generator: np.random.Generator
) -> Changed:
    """h_t"""
    return Changed(states)


def wordpiece_mean(
    states: Floats, token_ids: NDArray[np.int32], means: WordpieceMeans, generator: np.random.Generator
) -> Changed:
    """m_p, each wordpiece once."""
    pieces, place = np.unique(token_ids, return_inverse=True)
    return Changed(means.of(pieces), place)


def context_alone(
    states: Floats, token_ids: NDArray[np.int32], means: WordpieceMeans, generator: np.random.Generator
) -> Changed:
    """h_t - m_p + m"""
    return Changed(means.context(states, token_ids))


def shuffled_context(
    states: Floats, token_ids: NDArray[np.int32], means: WordpieceMeans, generator: np.random.Generator
) -> Changed:
    """h_u, u another token of the same wordpiece; a wordpiece's only token keeps its own context."""
    return Changed(states, others(token_ids, generator))


def shuffled_context_of_any(
    states: Floats, token_ids: NDArray[np.int32], means: WordpieceMeans, generator: np.random.Generator
) -> Changed:
    """m_p + h_u - m_p(u), u any other token."""
    other = others(np.zeros_like(token_ids), generator)
    return Changed(means.mean[token_ids] + states[other] - means.mean[token_ids[other]])


def each_once(states: Floats) -> Changed:
    """h_t, each distinct state once: an input embedding depends on wordpiece and position alone."""
    rows = np.ascontiguousarray(states)
    keys = rows.view(np.dtype((np.void, rows.shape[1] * rows.itemsize)))[:, 0]
    _, first, place = np.unique(keys, return_index=True, return_inverse=True)
    return Changed(rows[first], place)


def others(groups: NDArray[np.int32], generator: np.random.Generator) -> NDArray[np.int64]:
    """For each token another one of its group, int64 (n_tokens,): one random cycle through every group.

    A permutation without fixed points, except that a group's only token is its own other.
    """
    order = np.lexsort((generator.random(len(groups)), groups))
    is_last = np.append(np.diff(groups[order]) != 0, [True])[: len(order)]
    starts = np.flatnonzero(np.append([True], is_last[:-1])[: len(order)])
    following = np.arange(1, len(order) + 1)
    following[is_last] = starts
    other = np.empty(len(order), np.int64)
    other[order] = order[following]
    return other


STATES: dict[str, States] = {
    states.name: states
    for states in (
        States(AS_THEY_ARE, as_they_are),
        States(WORDPIECE_MEAN, wordpiece_mean),
        States(CONTEXT_ALONE, context_alone),
        States(SHUFFLED, shuffled_context),
        States(SHUFFLED_ANY, shuffled_context_of_any),
    )
}

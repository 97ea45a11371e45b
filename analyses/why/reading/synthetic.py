"""Token states made from a known dictionary, whose firing follows a known law and whose synonyms are known.

    p_r = (r + shift)^-exponent / sum         share of firings of direction r, 1 <= r <= n_directions
    theta_d ~ Dirichlet(concentration p)      directions of document d: bursts, while the mean stays p
    h_t = a D_m + c D_m' + o U_w + noise      m, m' ~ theta_d: the token's meaning and one of its context

D (n_directions, d_model), U (n_words, d_model): random unit directions. Words of one meaning m are synonyms: they
share D_m and differ in U_w. a, c: strengths that vary about `strength` and `context`. A query draws tokens of one
document, its relevant one, and says each with another word of the same meaning where there is one.
Zipf-Mandelbrot: Mandelbrot 1953. Bursts by a Dirichlet mixture: Madsen, Kauchak and Elkan 2005. Superposed sparse
directions: Elhage et al. 2022, arXiv 2209.10652; Sharkey, Braun and Millidge 2022.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data.ragged import Ragged, offsets_of

Floats = NDArray[np.float32]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Setting:
    """How the states are made; see the module. set_sizes: shares of meanings with one word, two, three ..."""

    n_directions: int = 512
    d_model: int = 128
    n_documents: int = 1200
    n_tokens: int = 60
    n_queries: int = 300
    n_query_tokens: int = 5
    exponent: float = 1.2
    shift: float = 2.7
    concentration: float = 60.0
    set_sizes: tuple[float, ...] = (0.5, 0.3, 0.2)
    strength: float = 1.0
    context: float = 0.5
    own: float = 0.3
    noise: float = 0.02
    seed: int = 0


@dataclass(frozen=True)
class Texts:
    """Synthetic texts, one row per token.

    states: Ragged of float32 (n_tokens, d_model). word, meaning, context: int64 (n_tokens,), the token's word, its
    direction, and the direction that its context adds.
    """

    states: Ragged
    word: Whole
    meaning: Whole
    context: Whole


@dataclass(frozen=True)
class Truth:
    """What was put in, and what came out.

    directions: float32 (n_directions, d_model), of unit norm, by falling share. share: float64 (n_directions,), p.
    meaning_of: int64 (n_words,). relevant: int64 (n_queries,), the document of each query.
    """

    setting: Setting
    directions: Floats
    share: NDArray[np.float64]
    meaning_of: Whole
    documents: Texts
    queries: Texts
    relevant: Whole


def zipf_mandelbrot(n: int, exponent: float, shift: float) -> NDArray[np.float64]:
    """p_r of ranks 1 to n, (n,)."""
    weights = (np.arange(1, n + 1) + shift) ** -exponent
    share: NDArray[np.float64] = weights / weights.sum()
    return share


def synthesise(setting: Setting) -> Truth:
    """The dictionary, the documents and the queries of a setting; determined by its seed."""
    generator = np.random.default_rng(setting.seed)
    directions = _unit(generator, setting.n_directions, setting.d_model)
    sizes = 1 + generator.choice(len(setting.set_sizes), setting.n_directions, p=setting.set_sizes)
    meaning_of = np.repeat(np.arange(setting.n_directions), sizes)
    own = _unit(generator, len(meaning_of), setting.d_model)
    share = zipf_mandelbrot(setting.n_directions, setting.exponent, setting.shift)

    shape = (setting.n_documents, setting.n_tokens)
    drawn = np.empty((2, *shape), np.int64)
    for document in range(setting.n_documents):
        theta = generator.dirichlet(setting.concentration * share)
        drawn[:, document] = generator.choice(setting.n_directions, (2, setting.n_tokens), p=theta)
    first = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    word = first[drawn[0]] + generator.integers(0, sizes[drawn[0]])

    def text(word: Whole, context: Whole) -> Texts:
        meaning = meaning_of[word]
        states = _strengths(generator, setting.strength, word.size) * directions[meaning.ravel()]
        states += _strengths(generator, setting.context, word.size) * directions[context.ravel()]
        states += setting.own * own[word.ravel()]
        states += setting.noise * generator.standard_normal(states.shape)
        lengths = np.full(len(word), word.shape[1])
        ragged = Ragged(states.astype(np.float32), offsets_of(lengths))
        return Texts(ragged, word.ravel(), meaning.ravel(), context.ravel())

    relevant = generator.permutation(setting.n_documents)[: setting.n_queries]
    place = np.argsort(generator.random((len(relevant), setting.n_tokens)), axis=1)[
        :, : setting.n_query_tokens
    ]
    said = np.take_along_axis(word[relevant], place, axis=1)
    meaning = meaning_of[said]
    other = first[meaning] + (said - first[meaning] + 1) % sizes[meaning]
    documents = text(word, drawn[1])
    queries = text(other, np.roll(meaning, 1, axis=1))
    return Truth(setting, directions, share, meaning_of, documents, queries, relevant)


def _unit(generator: np.random.Generator, n: int, width: int) -> Floats:
    rows = generator.standard_normal((n, width))
    unit: Floats = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


def _strengths(generator: np.random.Generator, mean: float, n: int) -> NDArray[np.float64]:
    """Positive strengths about a mean, (n, 1): log-normal with a spread of a fifth."""
    strengths: NDArray[np.float64] = mean * generator.lognormal(-0.02, 0.2, (n, 1))
    return strengths

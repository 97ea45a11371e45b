"""What the loops of analyses/why/matches read, as named tuples of arrays, which numba compiles against."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Scale(NamedTuple):
    """BM25 of a document: gain = k1 + 1; k1_norm = k1 norm, (n_docs,); phi: its place in PHIS; by_max: pooling."""

    gain: float
    k1_norm: NDArray[np.float64]
    phi: int
    by_max: bool


class Documents(NamedTuple):
    """Tokens of the documents. word, stem: (n_tokens,), -1 for a special token.

    mass, factor: (n_tokens, k), the latent's count in the document, and its impact times the token's share.
    """

    offsets: NDArray[np.int64]
    indices: NDArray[Any]
    activations: NDArray[np.float32]
    word: NDArray[np.int32]
    stem: NDArray[np.int32]
    mass: NDArray[np.float32]
    factor: NDArray[np.float32]


class Queries(NamedTuple):
    """Tokens of the queries, and w_j(q) idf_j of their latents as a CSR matrix."""

    offsets: NDArray[np.int64]
    indices: NDArray[Any]
    activations: NDArray[np.float32]
    word: NDArray[np.int32]
    indptr: NDArray[np.int64]
    latents: NDArray[np.int64]
    weights: NDArray[np.float64]


class Vocabulary(NamedTuple):
    """Of each word: its stem, whether lexical BM25 counts it, its place in BANDS."""

    stem: NDArray[np.int32]
    content: NDArray[np.bool_]
    band: NDArray[np.int64]


class Postings(NamedTuple):
    """The index over the latents, as in `WeightedIndex`."""

    indptr: NDArray[np.int64]
    documents: NDArray[np.int32]
    impact: NDArray[np.float32]


class Places(NamedTuple):
    """Scratch: latent -> place, word -> number, stem -> group in the current query; -1 outside of it."""

    latent: NDArray[np.int32]
    word: NDArray[np.int32]
    stem: NDArray[np.int32]


class Query(NamedTuple):
    """One query. weight: (n_places,). words: (n_words,), with their group; counted: groups of a content word.

    of_word (n_words, n_places), of_group, special (n_places,): weight times the share of the word, group, special
    tokens.
    """

    weight: NDArray[np.float64]
    words: NDArray[np.int64]
    group: NDArray[np.int64]
    counted: NDArray[np.bool_]
    of_word: NDArray[np.float64]
    of_group: NDArray[np.float64]
    special: NDArray[np.float64]

"""The words that a latent fires on, beyond chance, their entropy, and positions in documents.

    p(w | j) = sum_{t of w} z_tj / sum_t z_tj        share of latent j's activation that falls on w
    PMI(w, j) = log2( p(w | j) / p(w) )              p(w) = share of the collection's tokens that are w's
    H(j) = - sum_w p(w | j) log2 p(w | j)            bits; 2^H words of equal share would have this entropy

w is a wordpiece, or the whole surface word that a token is part of, without case and accents. PMI is pointwise
mutual information with activation as the weight of a token. All exact over the collection. A word of three
wordpieces counts three tokens.

Words are in one of three orders. By share, full stops and articles lead where a latent is broad; by PMI, words that
occur a few times; by share x PMI, a word's term of the Kullback-Leibler divergence of the latent's words from the
collection's, words that are frequent in the latent and more frequent there than elsewhere ("telling").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.text.token_words import readable_wordpiece, surface_word
from analyses.text.word_table import WordTable, word_table
from retrieval.study import Study

Order = Literal["share", "telling", "pmi"]
N_POSITIONS = 10
AT_LEAST = 5  # tokens of a word on which the latent fires, for the word to lead by PMI


@dataclass(frozen=True)
class TokenReading:
    """Token counts of a study that every latent's words are compared with, read once.

    word: int32 (n_tokens,), equal numbers are equal words. word_count (n_words,), wordpiece_count
    (n_wordpieces,), position_count (N_POSITIONS,), by position in documents (see `positions`): tokens.
    """

    word: NDArray[np.int32]
    word_count: NDArray[np.int64]
    wordpiece_count: NDArray[np.int64]
    position_count: NDArray[np.int64]


@dataclass(frozen=True)
class WordUse:
    """table: word, count (tokens it fires on), activation, share, pmi (bits); in the requested order.

    entropy (bits) is of the whole distribution, of which the table holds the top; n_words: words it fires on.
    """

    table: pd.DataFrame
    entropy: float
    n_words: int

    @property
    def effective_words(self) -> float:
        """2^H: the number of words of equal share with this entropy."""
        return float(2.0**self.entropy) if self.n_words else 0.0


def token_reading(study: Study, table: WordTable | None = None) -> TokenReading:
    """Count the tokens of a study by word (of `word_table`), by wordpiece and by position."""
    tokens, table = study.tokens, table or word_table(study)
    length, n_documents = np.unique(np.diff(tokens.offsets), return_counts=True)
    places = [positions(np.arange(n), n) for n in length.tolist()]
    return TokenReading(
        table.word,
        np.diff(table.ptr),
        np.bincount(tokens.token_ids, minlength=len(study.wordpieces)),
        sum(
            (n * np.bincount(p, minlength=N_POSITIONS) for p, n in zip(places, n_documents, strict=True)),
            start=np.zeros(N_POSITIONS, np.int64),
        ),
    )


def positions(place: NDArray[np.int64], length: NDArray[np.int64] | int) -> NDArray[np.int64]:
    """floor(N_POSITIONS place / length): the part of a document of `length` tokens that the token at `place`
    is in.
    """
    part: NDArray[np.int64] = place * N_POSITIONS // length
    return part


def latent_wordpieces(
    study: Study, latent: int, reading: TokenReading, depth: int = 20, order: Order = "share"
) -> WordUse:
    """The wordpieces that a latent fires on."""
    ids = np.asarray(study.tokens.token_ids)

    def name(token: int) -> str:
        return readable_wordpiece(study.wordpieces[int(ids[token])])

    return _use(study, latent, ids, reading.wordpiece_count, depth, order, name)


def latent_words(
    study: Study, latent: int, reading: TokenReading, depth: int = 20, order: Order = "share"
) -> WordUse:
    """The whole words, in lower case, that a latent fires on; special tokens as they are."""

    def name(token: int) -> str:
        return surface_word(study, token, int(study.tokens.document_of(np.array([token]))[0]))

    return _use(study, latent, reading.word, reading.word_count, depth, order, name)


def position_histogram(study: Study, latent: int, reading: TokenReading) -> pd.DataFrame:
    """Tokens by position in documents: low, high (in [0, 1]), count, share, and share_of_all tokens."""
    token, _ = study.contexts.latent(latent)
    offsets = np.asarray(study.tokens.offsets)
    document = study.tokens.document_of(token)
    part = positions(token - offsets[document], offsets[document + 1] - offsets[document])
    count = np.bincount(part, minlength=N_POSITIONS)
    edges = np.linspace(0, 1, N_POSITIONS + 1)
    return pd.DataFrame(
        {
            "low": edges[:-1],
            "high": edges[1:],
            "count": count,
            "share": count / max(len(token), 1),
            "share_of_all": reading.position_count / max(int(reading.position_count.sum()), 1),
        }
    )


def entropy(share: NDArray[np.float64]) -> float:
    """- sum p log2 p in bits, of shares that sum to 1; 0 for none."""
    positive = share[share > 0]
    return float(-(positive * np.log2(positive)).sum()) + 0.0


def _use(
    study: Study,
    latent: int,
    term: NDArray[np.int32],
    term_count: NDArray[np.int64],
    depth: int,
    order: Order,
    name: Callable[[int], str],
) -> WordUse:
    """The latent's activation by `term` (n_tokens,); name: a term's name from one of its tokens."""
    token, value = study.contexts.latent(latent)
    terms = term[token]
    activation = np.bincount(terms, weights=value, minlength=len(term_count))
    share = activation / max(float(activation.sum()), 1e-300)
    count = np.bincount(terms, minlength=len(term_count))
    fires = np.flatnonzero(share > 0)
    pmi = np.log2(share[fires] * term_count.sum() / term_count[fires])
    if order == "pmi":
        rank = np.lexsort((-share[fires], -pmi, count[fires] < AT_LEAST))
    else:
        rank = np.argsort(-share[fires] * (pmi if order == "telling" else 1.0), kind="stable")
    best, pmi = fires[rank[:depth]], pmi[rank[:depth]]
    first = [int(token[_first(terms, int(i))]) for i in best]  # the strongest of its tokens
    return WordUse(
        pd.DataFrame(
            {
                "word": [name(t) for t in first],
                "count": count[best],
                "activation": activation[best],
                "share": share[best],
                "pmi": pmi,
            }
        ),
        entropy(share),
        len(fires),
    )


def _first(terms: NDArray[np.int32], term: int) -> int:
    """The first position of `term`; usually early, so that few latents are read to their end."""
    for stop in (4096, len(terms)):
        position = int(np.argmax(terms[:stop] == term))
        if terms[position] == term:
            break
    return position

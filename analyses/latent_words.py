"""On which words a latent fires, how far beyond chance, how many there are, and where in a document.

    p(w | j) = sum_{t of w} z_tj / sum_t z_tj        share of latent j's activation that falls on w
    PMI(w, j) = log2( p(w | j) / p(w) )              p(w) = share of the collection's tokens that are w's
    H(j) = - sum_w p(w | j) log2 p(w | j)            bits; 2^H words of equal share would have this entropy

w is a wordpiece, or the whole surface word that a token is part of. PMI is pointwise mutual information with
activation as the weight of a token. All exact over the collection. A word of three wordpieces counts three tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.surface import readable_wordpiece, surface_word, word_numbers
from retrieval.study import Study

N_POSITIONS = 10


@dataclass(frozen=True)
class TokenReading:
    """What every latent's words are counted against, read once a study.

    word: int32 (n_tokens,), equal numbers are equal words; document: int32 (n_tokens,); position: uint8
    (n_tokens,), which of N_POSITIONS equal parts of its document a token stands in. word_count (n_words,),
    wordpiece_count (n_wordpieces,), position_count (N_POSITIONS,): tokens.
    """

    word: NDArray[np.int32]
    document: NDArray[np.int32]
    position: NDArray[np.uint8]
    word_count: NDArray[np.int64]
    wordpiece_count: NDArray[np.int64]
    position_count: NDArray[np.int64]


@dataclass(frozen=True)
class WordUse:
    """table: word, count (tokens it fires on), activation, share, pmi (bits); largest share first.

    entropy (bits) is of the whole distribution, of which the table holds the top; n_words: words it fires on.
    """

    table: pd.DataFrame
    entropy: float
    n_words: int

    @property
    def effective_words(self) -> float:
        """2^H: as many words of equal share have this entropy."""
        return float(2.0**self.entropy) if self.n_words else 0.0


def token_reading(study: Study) -> TokenReading:
    """Number the words of every token: seconds for some millions, so keep it beside the opened study."""
    tokens = study.tokens
    lengths = np.diff(tokens.offsets)
    document = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    place = np.arange(len(document)) - tokens.offsets[:-1][document]
    position = (place * N_POSITIONS // lengths[document]).astype(np.uint8)
    word = word_numbers(tokens, study.wordpieces)
    return TokenReading(
        word.astype(np.int32),
        document,
        position,
        np.bincount(word),
        np.bincount(tokens.token_ids, minlength=len(study.wordpieces)),
        np.bincount(position, minlength=N_POSITIONS),
    )


def latent_wordpieces(study: Study, latent: int, reading: TokenReading, depth: int = 20) -> WordUse:
    """The wordpieces that a latent fires on."""
    ids = np.asarray(study.tokens.token_ids)
    return _use(
        study, latent, ids, reading.wordpiece_count, depth,
        lambda token: readable_wordpiece(study.wordpieces[int(ids[token])]),
    )  # fmt: skip


def latent_words(study: Study, latent: int, reading: TokenReading, depth: int = 20) -> WordUse:
    """The whole surface words, in lower case, that a latent fires on; special tokens as they are."""
    return _use(
        study, latent, reading.word, reading.word_count, depth,
        lambda token: surface_word(study, token, int(reading.document[token])),
    )  # fmt: skip


def position_histogram(study: Study, latent: int, reading: TokenReading) -> pd.DataFrame:
    """Tokens by place in their documents: low, high (parts of one), count, share, and share_of_all tokens."""
    token, _ = study.contexts.latent(latent)
    count = np.bincount(reading.position[token], minlength=N_POSITIONS)
    edges = np.linspace(0, 1, N_POSITIONS + 1)
    return pd.DataFrame(
        {
            "low": edges[:-1],
            "high": edges[1:],
            "count": count,
            "share": count / max(len(token), 1),
            "share_of_all": reading.position_count / max(len(reading.position), 1),
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
    name: Callable[[int], str],
) -> WordUse:
    """Count the latent's activation by `term` (n_tokens,); `name` says a term by one of its tokens."""
    token, value = study.contexts.latent(latent)
    terms = term[token]
    activation = np.bincount(terms, weights=value, minlength=len(term_count))
    share = activation / max(float(activation.sum()), 1e-300)
    best = np.argsort(-share, kind="stable")[: min(depth, int((share > 0).sum()))]
    first = [int(token[_first(terms, int(i))]) for i in best]  # the strongest of its tokens
    return WordUse(
        pd.DataFrame(
            {
                "word": [name(t) for t in first],
                "count": np.bincount(terms, minlength=len(term_count))[best],
                "activation": activation[best],
                "share": share[best],
                "pmi": np.log2(share[best] * term_count.sum() / term_count[best]),
            }
        ),
        entropy(share),
        int((share > 0).sum()),
    )


def _first(terms: NDArray[np.int32], term: int) -> int:
    """Where `term` stands first; most do early, so that few latents are read to their end."""
    for stop in (4096, len(terms)):
        found = int(np.argmax(terms[:stop] == term))
        if terms[found] == term:
            break
    return found

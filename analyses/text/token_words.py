"""From tokens back to the whole words that a reader sees, and labels of latents made of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.study import Study
from retrieval.tokens import TokenTable

_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that powers of it never vanish


def readable_wordpiece(piece: str) -> str:
    """A wordpiece without SentencePiece's or BPE's mark for a space."""
    return piece.replace("Ġ", "").replace("▁", "") or piece


def word_around(text: str, start: int, end: int) -> str:
    """The whole word of `text` around the characters [start, end), in lower case.

    Punctuation is returned as it is; an empty span gives "".
    """
    if any(character.isalnum() for character in text[start:end]):
        while start > 0 and text[start - 1].isalnum():
            start -= 1
        while end < len(text) and text[end].isalnum():
            end += 1
    return text[start:end].strip().lower()


def surface_word(study: Study, token: int, document: int) -> str:
    """The whole word that a token (a row of the TokenTable) is part of; special tokens as they are."""
    start, end = (int(i) for i in study.tokens.spans[token])
    if start == end:
        return study.wordpieces[int(study.tokens.token_ids[token])]
    return word_around(study.corpus.texts[document], start, end)


def label_of(words: Iterable[str]) -> str:
    """A latent's label of its top words, each once, best first, such as `integral · integrate`."""
    return " · ".join(dict.fromkeys(word if len(word) <= 24 else word[:23] + "…" for word in words if word))


def word_numbers(tokens: TokenTable, wordpieces: Sequence[str]) -> NDArray[np.int64]:
    """A number for the word of each token, int64 (n_tokens,): equal sequences of wordpieces have equal numbers.

    A token continues the word before it where the two touch in one document and a letter or digit stands on both
    sides. Words are compared by a 64-bit hash of their wordpieces.
    """
    ids, spans = np.asarray(tokens.token_ids), np.asarray(tokens.spans)
    bare = [readable_wordpiece(piece).removeprefix("##") for piece in wordpieces]
    opens = np.array([piece[:1].isalnum() for piece in bare])
    closes = np.array([piece[-1:].isalnum() for piece in bare])
    begins = np.ones(len(ids), dtype=bool)
    touches = (spans[1:, 0] == spans[:-1, 1]) & (spans[1:, 1] > spans[1:, 0])
    begins[1:] = ~(touches & opens[ids[1:]] & closes[ids[:-1]])
    begins[tokens.offsets[:-1][np.diff(tokens.offsets) > 0]] = True
    starts = np.flatnonzero(begins)
    word = np.cumsum(begins) - 1
    place = np.arange(len(ids)) - starts[word]
    powers = np.cumprod(np.full(int(place.max(initial=0)) + 1, _BASE))
    hashes = np.add.reduceat((ids.astype(np.uint64) + np.uint64(1)) * powers[place], starts)
    numbers: NDArray[np.int64] = np.unique(hashes, return_inverse=True)[1]
    of_tokens: NDArray[np.int64] = numbers[word]
    return of_tokens

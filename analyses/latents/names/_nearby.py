"""The words around the tokens on which latents fire, by which latents of the same word differ.

score(word, latent) = #{ strongest tokens of the latent with the word nearby } ln(n_tokens / n_word)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analyses.text.word_table import WordTable
from retrieval.contexts import ContextTable
from retrieval.lexical import STOP_WORDS
from retrieval.tokens import TokenTable

N_CONTEXTS, REACH, DEPTH = 16, 3, 6  # strongest tokens read; tokens on each side; words kept
FEWEST = 2  # contexts with a word


def nearby_words(
    contexts: ContextTable, tokens: TokenTable, table: WordTable, latents: NDArray[np.int64]
) -> dict[int, list[str]]:
    """Latent -> the words near its strongest tokens, the most telling first; stop words and punctuation aside."""
    ptr = np.asarray(contexts.ptr)
    length = np.minimum(ptr[latents + 1] - ptr[latents], N_CONTEXTS)
    owner = np.repeat(latents, length)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(length) - length, length)
    token = np.asarray(contexts.token)[ptr[owner] + place].astype(np.int64)
    document = tokens.document_of(token)
    first, last = np.asarray(tokens.offsets)[document], np.asarray(tokens.offsets)[document + 1]
    word, n_words = np.asarray(table.word), len(table.words)
    found = []
    for step in (*range(-REACH, 0), *range(1, REACH + 1)):
        beside = token + step
        inside = np.flatnonzero((beside >= first) & (beside < last))
        near = word[beside[inside]].astype(np.int64)
        other = near != word[token[inside]]
        inside, near = inside[other], near[other]
        found.append((owner[inside] * n_words + near) * len(owner) + inside)
    every = np.sort(np.concatenate(found))
    once = every[np.diff(every, prepend=-1) > 0]  # a word of two wordpieces is near a token once
    key, count = np.unique(once // max(len(owner), 1), return_counts=True)
    key, count = key[count >= FEWEST], count[count >= FEWEST]
    return _ranked(key, count, table)


def _ranked(key: NDArray[np.int64], count: NDArray[np.int64], table: WordTable) -> dict[int, list[str]]:
    """key: latent * n_words + word, (n_pairs,); count: of contexts."""
    n_words = len(table.words)
    frequency = np.maximum(np.diff(np.asarray(table.ptr)), 1)
    score = count * np.log(max(len(table.word), 2) / frequency[key % n_words])
    chosen: dict[int, list[str]] = {}
    for i in np.lexsort((key, -score)).tolist():
        words = chosen.setdefault(int(key[i] // n_words), [])
        name = table.words[int(key[i] % n_words)]
        if len(words) < DEPTH and is_content(name):
            words.append(name)
    return chosen


def is_content(word: str) -> bool:
    """Whether a word tells anything: no stop word, no punctuation, no single letter."""
    return len(word) > 1 and word[0].isalnum() and word not in STOP_WORDS

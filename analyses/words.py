"""Every word of a study's documents, and the tokens that are part of it: the way in from words to latents.

A word is what `analyses.surface` calls one, after `folded`; special tokens count as words of their own, so
that each token belongs to exactly one word. `write_words` keeps the table in the study, in words/.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.surface import surface_word, word_numbers
from data.files import new_folder, read_json, write_json
from data.ragged import offsets_of
from retrieval.study import Study

FOLDER = "words"
ARRAYS = ("ptr", "token", "word")


@dataclass(frozen=True)
class WordTable:
    """words: folded, sorted, (n_words,). ptr: int64 (n_words + 1,). token, word: int32 (n_tokens,).

    Tokens are rows of the TokenTable; word i has the tokens token[ptr[i]:ptr[i + 1]], in document order, and
    word[t] is the word that token t is part of.
    """

    words: Sequence[str]
    ptr: NDArray[np.int64]
    token: NDArray[np.int32]
    word: NDArray[np.int32]

    def tokens_of(self, word: str) -> NDArray[np.int32]:
        """The tokens of a word, in any case and with or without accents; none where the documents lack it."""
        wanted = folded(word)
        place = bisect_left(self.words, wanted)
        if not wanted or place == len(self.words) or self.words[place] != wanted:
            return self.token[:0]
        return self.token[self.ptr[place] : self.ptr[place + 1]]


def folded(word: str) -> str:
    """`word` without case and accents, by which words are told apart."""
    bare = (letter for letter in unicodedata.normalize("NFKD", word) if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", "".join(bare)).casefold().strip()


def word_table(study: Study) -> WordTable:
    """The words of a study; read from its folder where they are kept, computed otherwise."""
    folder = study.path / FOLDER
    if not words_are_kept(study):
        return compute_words(study)
    maps = (np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in ARRAYS)
    return WordTable(read_json(folder / "words.json"), *map(np.asarray, maps))


def words_are_kept(study: Study) -> bool:
    """Whether `word_table` only reads."""
    return all((study.path / FOLDER / f"{name}.npy").is_file() for name in ARRAYS)


def write_words(study: Study) -> None:
    """Keep the words in the study's folder, as words/words.json, ptr.npy, token.npy and word.npy."""
    table = compute_words(study)
    with new_folder(study.path / FOLDER) as temporary:
        write_json(temporary / "words.json", table.words)
        for name in ARRAYS:
            np.save(temporary / f"{name}.npy", getattr(table, name), allow_pickle=False)


def compute_words(study: Study) -> WordTable:
    """The table of `word_table`, from the study's tokens and texts; each word is read where it first stands."""
    numbers = word_numbers(study.tokens, study.wordpieces)
    first = np.unique(numbers, return_index=True)[1]
    documents = study.tokens.document_of(first)
    names = [
        folded(surface_word(study, int(token), int(document)))
        for token, document in zip(first, documents, strict=True)
    ]
    of_number, words = pd.factorize(np.array(names, object), sort=True)
    of_token = of_number[numbers]
    return WordTable(
        words.tolist(),
        offsets_of(np.bincount(of_token, minlength=len(words))),
        np.argsort(of_token, kind="stable").astype(np.int32),
        of_token.astype(np.int32),
    )

"""Every word of a study's documents, with its tokens.

Words are those of `analyses.text.token_words`, after `folded`; each special token is a word, so that every token
belongs to exactly one word. `write_words` keeps the table in the study, in words/.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.text.token_words import surface_word, word_numbers
from data.arrays import map_array
from data.errors import UserError
from data.files import new_folder, read_json, write_json
from data.ragged import are_offsets, are_within, offsets_of
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
        """The tokens of a word, whatever its case and accents; int32, empty where no document has the word."""
        target = folded(word)
        place = bisect_left(self.words, target)
        if not target or place == len(self.words) or self.words[place] != target:
            return self.token[:0]
        return self.token[self.ptr[place] : self.ptr[place + 1]]


def folded(word: str) -> str:
    """`word` without case and accents: words are equal where these are."""
    bare = (letter for letter in unicodedata.normalize("NFKD", word) if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", "".join(bare)).casefold().strip()


def word_table(study: Study) -> WordTable:
    """The words of a study, read from its folder if kept there, otherwise computed."""
    folder = study.path / FOLDER
    if not words_are_kept(study):
        return compute_words(study)
    words = read_json(folder / "words.json")
    if not (isinstance(words, list) and all(isinstance(word, str) for word in words)):
        raise UserError(
            f"{folder / 'words.json'} is damaged: expected a list of words; remove {folder} to make it again"
        )
    n_tokens = len(study.tokens.token_ids)
    ptr = map_array(folder / "ptr.npy", "<i8", (len(words) + 1,))
    token, word = (map_array(folder / f"{name}.npy", "<i4", (n_tokens,)) for name in ("token", "word"))
    if not (are_offsets(ptr, n_tokens) and are_within(token, n_tokens) and are_within(word, len(words))):
        raise UserError(f"{folder} is damaged: it refers to tokens or words that are not there; remove it")
    return WordTable(words, ptr, token, word)


def words_are_kept(study: Study) -> bool:
    """Whether `word_table` reads a kept table instead of computing it."""
    return all((study.path / FOLDER / f"{name}.npy").is_file() for name in ARRAYS)


def write_words(study: Study) -> None:
    """Keep the words in the study's folder, as words/words.json, ptr.npy, token.npy and word.npy."""
    table = compute_words(study)
    with new_folder(study.path / FOLDER) as temporary:
        write_json(temporary / "words.json", table.words)
        for name in ARRAYS:
            np.save(temporary / f"{name}.npy", getattr(table, name), allow_pickle=False)


def compute_words(study: Study) -> WordTable:
    """The table of `word_table`, from the study's tokens and texts; a word is spelled as it first occurs."""
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

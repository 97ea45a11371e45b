r"""Words, counted into the same kind of matrix as latents: the lexical baseline.

A word is a match of \w\w+, lower-cased, unless it is an English stop word, and then stemmed (Snowball).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import local
from typing import NamedTuple

import numpy as np
import Stemmer
from scipy.sparse import csr_array, vstack

from data.errors import UserError
from data.files import read_json, write_json
from data.ragged import offsets_of

WORD = re.compile(r"\w\w+")
# Lucene's English stop words of two letters or more.
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """an and are as at be but by for if in into is it no not of on or such that the their then there these
        they this to was will with""",
    )
)
FILE = "vocabulary.json"
BLOCK = 4096  # texts counted at a time


class WordSpan(NamedTuple):
    """A word of a text: its stem, and the characters [start, end) where it stands."""

    stem: str
    start: int
    end: int


class _Stemmers(local):
    """A stemmer a thread, since Snowball's keep state."""

    def __init__(self) -> None:
        self.english = Stemmer.Stemmer("english")


_stemmers = _Stemmers()


def word_spans(text: str) -> list[WordSpan]:
    """The words of a text that count, in order."""
    matches = [
        (word, match.span()) for match in WORD.finditer(text) if (word := match[0].lower()) not in STOP_WORDS
    ]
    stems = _stemmers.english.stemWords([word for word, _ in matches])
    return [WordSpan(stem, *span) for stem, (_, span) in zip(stems, matches, strict=True)]


def stems_of(text: str) -> list[str]:
    """The stems of a text, in order, repetitions included."""
    words = [word for word in map(str.lower, WORD.findall(text)) if word not in STOP_WORDS]
    stems: list[str] = _stemmers.english.stemWords(words)
    return stems


@dataclass(frozen=True)
class LexicalVocabulary:
    """words: stems in alphabetical order; a stem's place is its column, (n_words,)."""

    words: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def columns(self) -> dict[str, int]:
        """Column of each stem."""
        return {word: column for column, word in enumerate(self.words)}

    def count(self, texts: Iterable[str]) -> csr_array:
        """Occurrences of each word in each text, float32 (n_texts, n_words); unknown words are dropped."""
        columns = self.columns
        lengths: list[int] = []
        counts: list[int] = []
        words: list[int] = []
        for text in texts:
            known = Counter(columns[stem] for stem in stems_of(text) if stem in columns)
            row = sorted(known)
            lengths.append(len(row))
            words.extend(row)
            counts.extend(known[column] for column in row)
        arrays = (np.array(counts, np.float32), np.array(words, np.int32), offsets_of(lengths))
        return csr_array(arrays, shape=(len(lengths), len(self)))

    def count_blocks(self, texts: Iterable[str]) -> Iterator[csr_array]:
        """`count` in consecutive blocks of texts, for an index built in bounded memory."""
        block: list[str] = []
        for text in texts:
            block.append(text)
            if len(block) == BLOCK:
                yield self.count(block)
                block = []
        if block:
            yield self.count(block)

    def save(self, folder: Path) -> None:
        """Write vocabulary.json into `folder`."""
        write_json(folder / FILE, list(self.words))

    @classmethod
    def open(cls, folder: Path) -> LexicalVocabulary:
        """Read vocabulary.json from `folder`."""
        words = read_json(folder / FILE)
        if not isinstance(words, list):
            raise UserError(f"{folder / FILE} is not a list of words: index the collection again")
        return cls(tuple(words))

    @classmethod
    def of(cls, texts: Iterable[str]) -> LexicalVocabulary:
        """Every word of these texts."""
        return cls(tuple(sorted({stem for text in texts for stem in stems_of(text)})))


def count_words(texts: Sequence[str]) -> tuple[csr_array, LexicalVocabulary]:
    """Counts (n_texts, n_words) of every word of these texts, read twice, and their vocabulary."""
    vocabulary = LexicalVocabulary.of(texts)
    blocks = list(vocabulary.count_blocks(texts))
    counts = vstack(blocks, format="csr") if blocks else vocabulary.count([])
    return csr_array(counts), vocabulary

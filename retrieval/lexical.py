r"""The words that the lexical baseline counts, in any script.

A word is two or more letters, digits and underscores with their combining marks, in Unicode's composed form (NFC)
and lower case, and stemmed (Snowball). A run of Chinese, Japanese, Thai, Lao, Khmer or Burmese, which are written
without spaces, is its overlapping pairs of characters instead, as in Lucene's CJKBigramFilter; a run of one is that
one. Of English, stop words are left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from threading import local
from typing import Any, NamedTuple

import regex
import Stemmer

from data.errors import UserError
from data.files import read_json, write_json

ENGLISH = "english"
FILE = "words.json"  # beside a vocabulary of stems
RULES = 2  # of this module; studies of before have no FILE, and rules 1: matches of \w\w+, as they stand
UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}ー\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
JOINED = r"\p{M}\u200c\u200d"  # what stands within a word beside \w: marks, and (non-)joiners
# \w of the standard library, which `regex` takes more widely.
LETTER = rf"[[\p{{L}}\p{{N}}_]--[{UNSPACED}]]"
RUN = regex.compile(
    rf"(?P<unspaced>[{UNSPACED}][{UNSPACED}\p{{M}}]*)|{LETTER}(?:{LETTER}|[{JOINED}])*", regex.VERSION1
)
BEYOND_WORD = regex.compile(rf"[{UNSPACED}{JOINED}]")
CHARACTER = regex.compile(r"\X")
WORD = re.compile(r"\w\w+")
# Lucene's English stop words of two letters or more.
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """an and are as at be but by for if in into is it no not of on or such that the their then there these
        they this to was will with""",
    )
)


class WordSpan(NamedTuple):
    """A word of a text: its stem, and its characters [start, end)."""

    stem: str
    start: int
    end: int


class _Stemmers(local):
    """Stemmers of one thread by language, since Snowball stemmers have state."""

    def __init__(self) -> None:
        self.of: dict[str, Any] = {}

    def __call__(self, language: str) -> Any:
        if language not in self.of:
            self.of[language] = Stemmer.Stemmer(language)
        return self.of[language]


_stemmer = _Stemmers()


@dataclass(frozen=True)
class Words:
    """How texts are cut into stems. language: of the stemmer, a name of Snowball's; another is a `UserError`."""

    language: str = ENGLISH
    rules: int = RULES

    def __post_init__(self) -> None:
        if self.language not in languages():
            raise UserError(f"no stemmer for {self.language!r}: expected one of {', '.join(languages())}")
        if self.rules not in (1, RULES):
            raise UserError(
                f"the words of this study are cut by rules {self.rules}, which this version does not know: update "
                "the workbench, or index the collection again"
            )

    def spans(self, text: str) -> list[WordSpan]:
        """The words of a text, stop words left out, in order."""
        words = [(word, start, end) for word, start, end in self._words(text) if word not in self._stop_words]
        stems = _stemmer(self.language).stemWords([word for word, _, _ in words])
        return [WordSpan(stem, start, end) for stem, (_, start, end) in zip(stems, words, strict=True)]

    def stems(self, text: str) -> list[str]:
        """The stems of a text, in order, repetitions included."""
        words = [word for word, _, _ in self._words(text) if word not in self._stop_words]
        stems: list[str] = _stemmer(self.language).stemWords(words)
        return stems

    def stem(self, word: str) -> str:
        """The stem of one word, in lower case."""
        stemmed: str = _stemmer(self.language).stemWord(word.lower())
        return stemmed

    @cached_property
    def _stop_words(self) -> frozenset[str]:
        return STOP_WORDS if self.language == ENGLISH else frozenset()

    def _words(self, text: str) -> Iterator[tuple[str, int, int]]:
        """(word in lower case, start, end), stop words too."""
        if self.rules == 1:
            yield from ((match[0].lower(), *match.span()) for match in WORD.finditer(text))
            return
        if text.isascii() or not BEYOND_WORD.search(text):  # the same, in half the time
            for match in WORD.finditer(text):
                if len(word := _composed(match[0])) > 1:
                    yield word.lower(), *match.span()
            return
        for match in RUN.finditer(text):
            start, end = match.span()
            if match["unspaced"]:
                yield from _pairs(text, start, end)
            elif len(word := _composed(match[0])) > 1:
                yield word.lower(), start, end

    def save(self, folder: Path) -> None:
        """Write FILE into a vocabulary's folder."""
        write_json(folder / FILE, {"language": self.language, "rules": self.rules})

    @classmethod
    def open(cls, folder: Path) -> Words:
        """How the stems of the vocabulary in `folder` were cut; a file of another form raises a `UserError`."""
        if not (folder / FILE).is_file():
            return cls(rules=1)
        record = read_json(folder / FILE)
        if not isinstance(record, dict) or set(record) != {"language", "rules"}:
            raise UserError(f"{folder / FILE} does not name a language and rules: index the collection again")
        return cls(record["language"], record["rules"])


def languages() -> list[str]:
    """Languages with a stemmer."""
    names: list[str] = Stemmer.algorithms()
    return names


def _pairs(text: str, start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """Overlapping pairs of the characters, marks included, of text[start:end]; a lone one is itself."""
    characters = [(start + a, start + b) for a, b in (m.span() for m in CHARACTER.finditer(text[start:end]))]
    if len(characters) == 1:
        yield _composed(text[start:end]).lower(), start, end
    for (first, _), (_, last) in pairwise(characters):
        yield _composed(text[first:last]).lower(), first, last


def _composed(word: str) -> str:
    return word if word.isascii() else unicodedata.normalize("NFC", word)


stems_of = Words().stems
word_spans = Words().spans

"""Words of a collection to edit its documents with: fillers, other forms of a word, and words close in meaning.

    filler(w) = argmin_v | |v| - |w| | + 2 | log2(df(v) / df(w)) |        one of the N_FILLERS best, by a seed
    close(w, v) = sum_j share_j(w) share_j(v)                             share: of a latent's activation on a word

A form of a word is another word of the collection with the same stem (Snowball), the most frequent one. A word
close in meaning comes from the SAE: by falling closeness, then the words of the latents whose decoder directions
are nearest to that of the word's strongest latent; the first with another stem and other first letters. So latent
terms have an advantage on such words; no installed package carries a list of synonyms to use instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from analyses.latents.neighbours import decoder_directions, nearest_by_direction
from analyses.latents.regions import LatentWords, latent_words
from analyses.text.word_table import word_table
from retrieval.lexical import STOP_WORDS, WORD, stems_of
from retrieval.study import Study

N_FILLERS = 20
N_NEAREST = 6  # latents
FEWEST = 2  # documents of a word that an edit puts in
SAME_LETTERS = 4  # with which two words begin that are no synonyms, but of one family
DEPTH = 24  # words that are looked through


@dataclass(frozen=True, eq=False)
class CollectionWords:
    """words: lower-case, of two letters or more, no stop words, in at least FEWEST documents, (n_words,).
    frequency: int64 (n_words,), documents of each. stems: (n_words,). close: words close in meaning, best
    first.
    """

    words: Sequence[str]
    frequency: NDArray[np.int64]
    stems: Sequence[str]
    close: Callable[[str], Sequence[str]] = field(default=lambda word: (), repr=False)

    @cached_property
    def place(self) -> dict[str, int]:
        """word -> its row."""
        return {word: row for row, word in enumerate(self.words)}

    @cached_property
    def _lengths(self) -> NDArray[np.int64]:
        return np.array([len(word) for word in self.words])

    @cached_property
    def _of_stem(self) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = {}
        for row in np.argsort(-self.frequency, kind="stable").tolist():
            rows.setdefault(self.stems[row], []).append(row)
        return rows

    def filler(self, word: str, unwanted: Collection[str], generator: np.random.Generator) -> str | None:
        """A word about as long and as frequent as `word`, whose stem is not unwanted; None if there is none."""
        row = self.place.get(word.lower())
        frequency = float(self.frequency[row]) if row is not None else float(FEWEST)
        cost = np.abs(self._lengths - len(word)) + 2 * np.abs(np.log2(self.frequency / frequency))
        n_first = min(4 * N_FILLERS + 4 * len(unwanted), len(cost))
        order = np.argpartition(cost, n_first - 1)[:n_first] if n_first else np.zeros(0, np.int64)
        order = order[np.lexsort((order, cost[order]))]
        fitting = [row for row in order.tolist() if self.stems[row] not in unwanted][:N_FILLERS]
        return self.words[int(generator.choice(fitting))] if fitting else None

    def other_form(self, word: str) -> str | None:
        """The most frequent other word with the same stem."""
        row = self.place.get(word.lower())
        if row is None:
            return None
        others = [other for other in self._of_stem[self.stems[row]] if other != row]
        return self.words[others[0]] if others else None

    def synonym(self, word: str, unwanted: Collection[str]) -> str | None:
        """The closest word in meaning of another family whose stem is not unwanted."""
        for other in self.close(word.lower()):
            row = self.place.get(other)
            if row is None or self.stems[row] in unwanted:
                continue
            if other[:SAME_LETTERS] != word.lower()[:SAME_LETTERS]:
                return self.words[row]
        return None


def words_of_texts(texts: Sequence[str]) -> CollectionWords:
    """The words of texts, without words close in meaning."""
    documents: Counter[str] = Counter()
    for text in texts:
        documents.update({word for word in map(str.lower, WORD.findall(text)) if word not in STOP_WORDS})
    frequent = sorted(word for word, n in documents.items() if n >= FEWEST and word.isalpha())
    stems = [stem for word in frequent for stem in stems_of(word)]
    return CollectionWords(frequent, np.array([documents[word] for word in frequent], np.int64), stems)


def collection_words(study: Study) -> CollectionWords:
    """The words of a study's documents, with the latents' words as those close in meaning."""
    plain = words_of_texts(study.corpus.texts)
    table = word_table(study)
    of_latents = latent_words(study, table)
    return CollectionWords(plain.words, plain.frequency, plain.stems, _Close(study, of_latents))


class _Close:
    """Words close in meaning to a word, by latents."""

    def __init__(self, study: Study, words: LatentWords) -> None:
        self._names = words.words
        self._place = {name: row for row, name in enumerate(words.words)}
        self._shares = csc_array(words.shares)
        self._directions = decoder_directions(study)
        self._alive = study.index.document_frequency > 0

    def __call__(self, word: str) -> list[str]:
        column = self._place.get(word)
        if column is None:
            return []
        profile = self._shares[:, [column]].toarray().ravel()
        if not profile.any():
            return []
        nearest = nearest_by_direction(self._directions, int(profile.argmax()), self._alive, N_NEAREST)
        around = np.zeros(len(profile))
        around[nearest["latent"].to_numpy()] = np.maximum(nearest["cosine"].to_numpy(), 0)
        own, of_nearest = (np.asarray(self._shares.T @ one).ravel() for one in (profile, around))
        first, then = (np.argsort(-score, kind="stable")[:DEPTH] for score in (own, of_nearest))
        rows = [row for row in first.tolist() if own[row] > 0]
        rows += [row for row in then.tolist() if of_nearest[row] > 0]
        return [self._names[row] for row in rows]

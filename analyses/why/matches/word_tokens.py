"""Tokens of documents and of queries, each with its latents and with the word that it is part of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.comparison.judged_queries import Judged
from analyses.text.token_words import word_around, word_numbers
from analyses.text.word_table import folded
from data.token_states import TokenStates
from retrieval import lexical
from retrieval.study import Study

BANDS = ("over 10%", "1% to 10%", "below 1%", "none")  # of the documents have the word


@dataclass(frozen=True, eq=False)
class Words:
    """Folded words of documents and queries.

    stem: int32 (n_words,), equal for equal stems. content: bool (n_words,), words that lexical BM25 counts.
    n_docs_with: documents with each word, int64 (n_words,).
    """

    stem: NDArray[np.int32]
    content: NDArray[np.bool_]
    n_docs_with: NDArray[np.int64]

    @classmethod
    def of(cls, names: Sequence[str], documents: WordTokens, cut: lexical.Words | None = None) -> Words:
        """names: of the words that tokens refer to by position. cut: how lexical BM25 cuts texts; None: English."""
        cut = cut or lexical.Words()
        owner = np.repeat(np.arange(len(documents.offsets) - 1), np.diff(documents.offsets))
        known = documents.word >= 0
        pairs = np.unique(
            documents.word[known].astype(np.int64) * (len(documents.offsets) - 1) + owner[known]
        )
        frequency = np.bincount(pairs // max(len(documents.offsets) - 1, 1), minlength=len(names))
        stems = pd.factorize(np.array([cut.stem(name) for name in names], object))[0].astype(np.int32)
        content = np.array([bool(cut.stems(name)) for name in names], bool)
        return cls(stems, content, frequency)

    def bands(self, n_docs: int) -> NDArray[np.int64]:
        """The place in BANDS of each word, by the share of documents that have it."""
        share = self.n_docs_with / max(n_docs, 1)
        return np.select([share > 0.1, share >= 0.01, share > 0], [0, 1, 2], 3)


@dataclass(frozen=True, eq=False)
class WordTokens:
    """Tokens of texts. offsets: int64 (n_texts + 1,). indices, activations: (n_tokens, k), as in `TokenTable`.

    word: int32 (n_tokens,), position of each token's word in `Words`, -1 for a special token.
    """

    offsets: NDArray[np.int64]
    indices: NDArray[Any]
    activations: NDArray[np.float32]
    word: NDArray[np.int32]


def words_of_tokens(text: str, spans: NDArray[np.integer[Any]]) -> list[str]:
    """The folded word of each token of a text, as far as the text was read; "" for a special token."""
    read = text[: int(spans[:, 1].max(initial=0))]
    return [folded(word_around(read, start, end)) if end > start else "" for start, end in spans.tolist()]


def document_tokens(study: Study) -> tuple[WordTokens, list[str]]:
    """The study's documents, and the names of the words that their tokens refer to.

    A word that the encoder's limit cuts is named by the letters that were read, so that equal wordpieces are equal
    words; `analyses.text.word_table` names them by the whole word in the text.
    """
    tokens = study.tokens
    numbers = word_numbers(tokens, study.wordpieces)
    first = np.unique(numbers, return_index=True)[1]
    spelled = []
    for token, document in zip(first.tolist(), tokens.document_of(first).tolist(), strict=True):
        read = study.corpus.texts[document][: int(tokens.spans[tokens.document(document), 1].max())]
        start, end = tokens.spans[token].tolist()
        spelled.append(folded(word_around(read, start, end)) if end > start else "")
    of_number, names = pd.factorize(np.array(spelled, object), sort=True)
    special = np.array([not name for name in names], bool)[of_number]
    word = np.where(special, -1, of_number).astype(np.int32)[numbers]
    return WordTokens(tokens.offsets, tokens.indices, tokens.activations, word), names.tolist()


def query_tokens(study: Study, judged: Judged, names: list[str]) -> WordTokens:
    """The judged queries, encoded again; words that no document has are appended to `names`."""
    from sae.latents import token_latents

    texts = [study.queries.texts[row] for row in judged.rows.tolist()]
    states = study.encoder.encode(texts, "query")
    latents = token_latents(study.sae, states.states)
    word = query_words(texts, states, names)
    return WordTokens(latents.offsets, latents.indices, latents.activations, word)


def query_words(texts: Sequence[str], states: TokenStates, names: list[str]) -> NDArray[np.int32]:
    """The word of each token of these texts, as in `WordTokens`; new words are appended to `names`."""
    number = {name: place for place, name in enumerate(names)}
    word, offsets = np.full(states.n_tokens, -1, np.int32), states.states.offsets
    for row, text in enumerate(texts):
        tokens = slice(int(offsets[row]), int(offsets[row + 1]))
        for place, name in enumerate(words_of_tokens(text, states.spans[tokens]), start=tokens.start):
            if name:
                word[place] = number.setdefault(name, len(number))
    names.extend(list(number)[len(names) :])
    return word

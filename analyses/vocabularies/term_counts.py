"""How often each document holds each term, of latents, words and wordpieces over the same text: what was read.

    latents       tokens of the document on which the latent fires
    words         the text's own words, without case and accents (word_table): as often as they stand there
    wordpieces    the tokenizer's tokens

All three are of the tokens that the encoder read, so that they can be set beside each other; special tokens, which
stand for no text, are no words and no wordpieces, but latents fire on them too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyses.latents.latent_table import vocabulary_table
from analyses.text.token_words import readable_wordpiece
from analyses.text.word_table import word_table
from data.ragged import offsets_of
from retrieval.kernels import kernel
from retrieval.study import Study
from retrieval.vocabularies import LATENTS, WORDPIECES, WORDS

SYSTEMS = (LATENTS.name, WORDS.name, WORDPIECES.name)


@dataclass(frozen=True, eq=False)
class TermCounts:
    """Counts of the terms of one vocabulary in each document, by term.

    indptr: int64 (n_terms + 1,). documents: int32 (n_postings,), rising within a term, and counts: int32, 1 or
    more. names: (n_terms,). document_tokens: int64 (n_docs,), tokens read. capacity: terms that there are to meet,
    whether they occur or not; None where there is no end to them.
    """

    system: str
    indptr: NDArray[np.int64]
    documents: NDArray[np.int32]
    counts: NDArray[np.int32]
    names: Sequence[str]
    document_tokens: NDArray[np.int64]
    capacity: int | None

    @property
    def n_terms(self) -> int:
        return len(self.indptr) - 1

    @property
    def n_docs(self) -> int:
        return len(self.document_tokens)

    @property
    def document_frequency(self) -> NDArray[np.int64]:
        """Documents that hold each term, int64 (n_terms,)."""
        return np.diff(self.indptr)

    @property
    def occurrences(self) -> NDArray[np.int64]:
        """How often each term stands in all documents, int64 (n_terms,)."""
        before = np.concatenate(([0], np.cumsum(self.counts, dtype=np.int64)))
        occurrences: NDArray[np.int64] = before[self.indptr[1:]] - before[self.indptr[:-1]]
        return occurrences


def term_counts(study: Study, system: str) -> TermCounts:
    """The counts of one vocabulary of a study: a second for some millions of tokens."""
    tokens = study.tokens
    lengths = np.diff(tokens.offsets)
    if system == LATENTS.name:
        postings = (study.index.indptr, study.index.documents)
        counts = _fired(
            *postings, np.asarray(tokens.offsets), np.asarray(tokens.indices), np.asarray(tokens.activations)
        )
        labels = vocabulary_table(study)["label"].tolist()
        return TermCounts(system, *postings, counts, labels, lengths, study.n_latents)
    spans, document = np.asarray(tokens.spans), np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    stands = spans[:, 1] > spans[:, 0]
    if system == WORDPIECES.name:
        names = [readable_wordpiece(piece) for piece in study.wordpieces]
        ids = np.asarray(tokens.token_ids)[stands].astype(np.int64)
        return counted(system, ids, document[stands], names, lengths, len(names))
    table = word_table(study)
    word = np.empty(len(document), np.int64)
    word[table.token] = np.repeat(np.arange(len(table.words)), np.diff(table.ptr))
    goes_on = np.zeros(len(document), bool)  # with the word of the token before it
    goes_on[1:] = (word[1:] == word[:-1]) & (document[1:] == document[:-1]) & (spans[1:, 0] == spans[:-1, 1])
    begins = stands & ~goes_on
    return counted(system, word[begins], document[begins], list(table.words), lengths, None)


def counted(
    system: str,
    terms: NDArray[np.int64],
    documents: NDArray[np.int32],
    names: Sequence[str],
    document_tokens: NDArray[np.int64],
    capacity: int | None,
) -> TermCounts:
    """Counts of a running text: the term of each occurrence and the document that it stands in, rising."""
    order = np.argsort(terms, kind="stable")
    term, document = terms[order], documents[order]
    new = np.ones(len(term), bool)
    new[1:] = (term[1:] != term[:-1]) | (document[1:] != document[:-1])
    first = np.flatnonzero(new)
    counts = np.diff(np.append(first, len(term))).astype(np.int32)
    frequency = np.bincount(term[first], minlength=len(names))
    return TermCounts(
        system, offsets_of(frequency), document[first], counts, names, document_tokens, capacity
    )


@kernel
def _fired(
    indptr: NDArray[np.int64],
    documents: NDArray[np.int32],
    offsets: NDArray[np.int64],
    indices: NDArray[Any],
    activations: NDArray[np.float32],
) -> NDArray[np.int32]:
    """Tokens of each posting's document on which its latent fires, int32 (n_postings,): postings in one walk."""
    counts = np.zeros(len(documents), np.int32)
    cursor = indptr[:-1].copy()
    for document in range(len(offsets) - 1):
        for token in range(offsets[document], offsets[document + 1]):
            for slot in range(indices.shape[1]):
                if activations[token, slot] > 0:
                    latent = indices[token, slot]
                    while documents[cursor[latent]] < document:
                        cursor[latent] += 1
                    counts[cursor[latent]] += 1
    return counts

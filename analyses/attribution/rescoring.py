"""The score of one query and document as a function of the tokens that are kept.

    score(S) = sum_j g_j s_j( sum_{t in S} z_tj )        S: kept tokens of one side's text

|d| follows the kept tokens; idf and avg|d| stay the collection's. Exact, for subsets of tokens, of words, and for
other texts in the place of this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analyses.attribution.score_breakdown import position_of
from retrieval import bm25
from retrieval.bm25 import Bm25Parameters, term_weight
from retrieval.queries import EncodedText
from retrieval.study import Study

Side = Literal["document", "query"]
SUBSETS_AT_ONCE = 512
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tokens:
    """A text's tokens and their latents; token_ids (n_tokens,), spans (n_tokens, 2), indices and activations
    (n_tokens, k).

    word: the word of each token, from 0 in text order, (n_tokens,); -1 for special tokens.
    """

    text: str
    token_ids: NDArray[np.int32]
    spans: NDArray[np.int32]
    indices: NDArray[np.int64]
    activations: NDArray[np.float64]
    word: NDArray[np.int64]

    @property
    def n_words(self) -> int:
        return int(self.word.max(initial=-1)) + 1


@dataclass(frozen=True)
class Rescored:
    """The score of one (query, document) as a function of the kept tokens of one side's text.

    activations: csr (n_tokens, n_local), one column for each of `latents` (n_local,), which fire on the text.
    gain: float64 (n_latents,), the factor of the side that stays: w_j(q) idf_j where the document's tokens
    vary, times the saturation of their counts; idf_j saturation_j(d) where the query's do, times their term
    frequency.
    """

    side: Side
    tokens: Tokens
    latents: NDArray[np.int64]
    activations: csr_array
    gain: Floats
    pooling: Literal["sum", "max"]
    parameters: Bm25Parameters
    average_length: float

    @property
    def score(self) -> float:
        """The score with every token, in float64."""
        return float(self.scores(np.ones((1, len(self.tokens.word)), bool))[0])

    def scores(self, kept: NDArray[np.bool_]) -> Floats:
        """Exact scores of subsets of the tokens: kept bool (n_subsets, n_tokens) -> (n_subsets,)."""
        blocks = range(0, len(kept), SUBSETS_AT_ONCE)
        parts = [self._of_pooled(self._pooled(kept[start : start + SUBSETS_AT_ONCE])) for start in blocks]
        return np.concatenate(parts) if parts else np.zeros(0)

    def scores_of_words(self, kept: NDArray[np.bool_]) -> Floats:
        """`scores` of subsets of the words, with all special tokens: (n_subsets, n_words) -> (n_subsets,)."""
        with_special = np.concatenate([kept, np.ones((len(kept), 1), bool)], axis=1)
        return self.scores(with_special[:, self.tokens.word])

    def scores_of_texts(self, counts: csr_array) -> Floats:
        """Scores of other texts in place of this one, from their counts (n_texts, n_latents) -> (n_texts,)."""
        weight = csr_array(
            (term_weight(counts.data, self.parameters.phi), counts.indices, counts.indptr), counts.shape
        )
        if self.side == "document":
            norm = bm25.length_norm(weight.sum(axis=1), self.average_length, self.parameters.b)
            norm = np.repeat(norm, np.diff(weight.indptr))
            weight.data = bm25.saturation(weight.data, self.parameters.k1, norm)
        return np.asarray(weight @ self.gain)

    def _of_pooled(self, counts: Floats) -> Floats:
        weight, gain = term_weight(counts, self.parameters.phi), self.gain[self.latents]
        shared = gain > 0
        if self.side == "query":
            return weight[:, shared] @ gain[shared]
        norm = bm25.length_norm(weight.sum(axis=1), self.average_length, self.parameters.b)
        return bm25.saturation(weight[:, shared], self.parameters.k1, norm[:, None]) @ gain[shared]

    def _pooled(self, kept: NDArray[np.bool_]) -> Floats:
        """Pooled activation of each local latent in each subset, (n_subsets, n_local)."""
        if self.pooling == "sum":
            pooled: Floats = (self.activations.T @ kept.T.astype(np.float64)).T
            return pooled
        by_latent = self.activations.tocsc()
        values = np.where(kept[:, by_latent.indices], by_latent.data, 0.0)
        pooled = np.maximum.reduceat(values, by_latent.indptr[:-1], axis=1)
        return pooled


def rescored(
    study: Study,
    query: EncodedText,
    doc_id: str,
    side: Side = "document",
    parameters: Bm25Parameters | None = None,
) -> Rescored:
    """The score as a function of the document's tokens, or the query's; an unknown document is a `UserError`."""
    parameters = parameters or Bm25Parameters()
    index, position = study.weighted(parameters), position_of(study, doc_id)
    gain = np.zeros(study.n_latents)
    if side == "document":
        tokens = document_tokens(study, position)
        of_query = query.counts.indices
        gain[of_query] = index.idf[of_query] * term_weight(query.counts.data, parameters.phi)
    else:
        tokens = tokens_of(query)
        latents, counts = study.index.document_row(position)
        norm = bm25.length_norm(index.document_length[position], index.average_length, parameters.b)
        weight = term_weight(counts, parameters.phi)
        gain[latents] = index.idf[latents] * bm25.saturation(weight, parameters.k1, norm)
    row, slot = np.nonzero(tokens.activations > 0)
    local, column = np.unique(tokens.indices[row, slot], return_inverse=True)
    shape = (len(tokens.indices), len(local))
    by_token = csr_array((tokens.activations[row, slot], (row, column)), shape=shape)
    return Rescored(side, tokens, local, by_token, gain, study.pooling, parameters, index.average_length)


def word_spans(tokens: Tokens) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last character of each word, int64 (n_words,) each."""
    inside = tokens.word >= 0
    starts, ends = np.full(tokens.n_words, len(tokens.text)), np.zeros(tokens.n_words, np.int64)
    np.minimum.at(starts, tokens.word[inside], tokens.spans[inside, 0])
    np.maximum.at(ends, tokens.word[inside], tokens.spans[inside, 1])
    return starts, ends


def document_tokens(study: Study, position: int) -> Tokens:
    """A document's tokens, as stored in the study."""
    rows, table = study.tokens.document(position), study.tokens
    text = study.corpus.texts[position]
    return _tokens(
        text, table.token_ids[rows], table.spans[rows], table.indices[rows], table.activations[rows]
    )


def tokens_of(text: EncodedText) -> Tokens:
    """The tokens of an encoded text."""
    return _tokens(text.text, text.token_ids, text.spans, text.indices, text.activations)


def word_of_tokens(text: str, spans: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """The word of each token, from 0 in text order, int64 (n_tokens,); -1 where its span is empty.

    A token continues the word before it where the two touch and a letter or digit stands on both sides.
    """
    word, number, end = np.full(len(spans), -1), -1, -1
    for token, (start, stop) in enumerate(np.asarray(spans).tolist()):
        if stop > start:
            number += not (start == end and text[start - 1].isalnum() and text[start].isalnum())
            word[token], end = number, stop
    return word


def _tokens(
    text: str,
    token_ids: NDArray[np.int32],
    spans: NDArray[np.int32],
    indices: NDArray[Any],
    activations: NDArray[np.float32],
) -> Tokens:
    spans = np.asarray(spans)
    return Tokens(
        text,
        np.asarray(token_ids),
        spans,
        np.asarray(indices).astype(np.int64),
        np.asarray(activations).astype(np.float64),
        word_of_tokens(text, spans),
    )

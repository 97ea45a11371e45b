"""What a score owes to each token of a text, in three ways, which need not agree.

    proportional     credit_t = sum_j c_j z_tj / sum_t' z_t'j        in proportion to activation (attribution.py)
    leave-one-out    credit_t = score - score without t's activations
    occlusion        credit_u = score with a mask that hides nothing - score with word u masked, encoded again

Leave-one-out is exact: every latent's mass without the token's part (or, with max pooling, the largest that is
left), |d| added up again, the score computed anew. idf and avg|d| stay the collection's: the question is what the
document would score in it, not what the collection would be without the token. Credit is below 0 where a token's
latents are not the query's and only lengthen the document. The encoder is not asked again, so the states of the
other tokens, which have seen the token, stay.

Occlusion asks it: the other tokens change too, and the mask, which is seldom in a retriever's training, disturbs
them wherever it stands. So each word is held against a mask that hides nothing, the mean over N_IDLE places between
words. Its unit is the word, all wordpieces at once; where the tokenizer has no mask the word is removed, and held
against the text itself. Only proportional credits sum to the score, and that by convention.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analyses.attribution import explain, token_credit
from analyses.surface import readable_wordpiece
from data.errors import UserError
from retrieval import bm25
from retrieval.bm25 import Bm25Parameters, term_weight
from retrieval.study import EncodedText, Study

Method = Literal["proportional", "leave-one-out", "occlusion"]
Side = Literal["document", "query"]
METHODS: tuple[Method, ...] = get_args(Method)
SUBSETS_AT_ONCE = 512
N_IDLE = 8  # masks that hide nothing

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tokens:
    """A text's tokens and their latents; token_ids (n_tokens,), spans (n_tokens, 2), the others (n_tokens, k).

    word: the word that each token is part of, from 0 in text order, (n_tokens,); -1 for special tokens.
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
    """The score of one (query, document), as a function of which tokens of one side's text are there.

    mass: csr (n_tokens, n_local), the activations, a column for each of `latents` (n_local,), those that fire on
    the text. gain: float64 (n_latents,), what the other side makes of a latent: w_j(q) idf_j for the
    document's text, whose saturation it multiplies; idf_j saturation_j(d) for the query's, whose weight it does.
    """

    side: Side
    tokens: Tokens
    latents: NDArray[np.int64]
    mass: csr_array
    gain: Floats
    pooling: Literal["sum", "max"]
    parameters: Bm25Parameters
    average_length: float

    @property
    def score(self) -> float:
        """With every token, in float64."""
        return float(self.scores(np.ones((1, len(self.tokens.word)), bool))[0])

    def scores(self, kept: NDArray[np.bool_]) -> Floats:
        """Exact scores with only some tokens' activations: kept (n_subsets, n_tokens) -> (n_subsets,)."""
        blocks = range(0, len(kept), SUBSETS_AT_ONCE)
        parts = [self._of_pooled(self._pooled(kept[start : start + SUBSETS_AT_ONCE])) for start in blocks]
        return np.concatenate(parts) if parts else np.zeros(0)

    def scores_of_words(self, kept: NDArray[np.bool_]) -> Floats:
        """`scores` with only some words, special tokens always there: (n_subsets, n_words) -> (n_subsets,)."""
        with_special = np.concatenate([kept, np.ones((len(kept), 1), bool)], axis=1)
        return self.scores(with_special[:, self.tokens.word])

    def scores_of_texts(self, mass: csr_array) -> Floats:
        """Scores of other texts in this one's place, by their pooled mass (n_texts, n_latents) -> (n_texts,)."""
        weight = csr_array(
            (term_weight(mass.data, self.parameters.phi), mass.indices, mass.indptr), mass.shape
        )
        if self.side == "document":
            norm = bm25.length_norm(weight.sum(axis=1), self.average_length, self.parameters.b)
            norm = np.repeat(norm, np.diff(weight.indptr))
            weight.data = bm25.saturation(weight.data, self.parameters.k1, norm)
        return np.asarray(weight @ self.gain)

    def _of_pooled(self, mass: Floats) -> Floats:
        weight, gain = term_weight(mass, self.parameters.phi), self.gain[self.latents]
        shared = gain > 0
        if self.side == "query":
            return weight[:, shared] @ gain[shared]
        norm = bm25.length_norm(weight.sum(axis=1), self.average_length, self.parameters.b)
        return bm25.saturation(weight[:, shared], self.parameters.k1, norm[:, None]) @ gain[shared]

    def _pooled(self, kept: NDArray[np.bool_]) -> Floats:
        """Mass of each local latent in each subset, (n_subsets, n_local)."""
        if self.pooling == "sum":
            pooled: Floats = (self.mass.T @ kept.T.astype(np.float64)).T
            return pooled
        by_latent = self.mass.tocsc()
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
        asked = query.mass.indices
        gain[asked] = index.idf[asked] * term_weight(query.mass.data, parameters.phi)
    else:
        tokens = tokens_of(query)
        latents, of_document = study.index.document_row(position)
        norm = bm25.length_norm(index.document_length[position], index.average_length, parameters.b)
        weight = term_weight(of_document, parameters.phi)
        gain[latents] = index.idf[latents] * bm25.saturation(weight, parameters.k1, norm)
    row, slot = np.nonzero(tokens.activations > 0)
    fires, column = np.unique(tokens.indices[row, slot], return_inverse=True)
    shape = (len(tokens.indices), len(fires))
    mass = csr_array((tokens.activations[row, slot], (row, column)), shape=shape)
    return Rescored(side, tokens, fires, mass, gain, study.pooling, parameters, index.average_length)


@dataclass(frozen=True)
class Credits:
    """Credit of each token of one side's text by one method.

    score: of the whole text, in float64. tokens, a row each in text order: position, token, start, end, word (-1
    for special tokens), credit. A word's credit by occlusion stands on its wordpieces, divided evenly; special
    tokens, which no mask can replace, have NaN. mask_costs: what each mask that hides nothing took from
    the score, (N_IDLE,); empty but for occlusion with a mask.
    """

    method: Method
    side: Side
    score: float
    tokens: pd.DataFrame
    mask_costs: tuple[float, ...] = ()

    @property
    def of_words(self) -> Floats:
        """Credit of each word (n_words,): of its tokens together."""
        inside = self.tokens[self.tokens["word"] >= 0]
        return np.bincount(inside["word"], weights=inside["credit"]).astype(np.float64)

    @property
    def special(self) -> float:
        """Credit that stands on special tokens."""
        return float(self.tokens.loc[self.tokens["word"] < 0, "credit"].sum())

    def to_dict(self) -> dict[str, Any]:
        """The credits as JSON can hold them; null where a token can have none."""
        credit = self.tokens["credit"].astype(object).where(self.tokens["credit"].notna(), None)
        return {
            "method": self.method,
            "side": self.side,
            "score": self.score,
            "mask_costs": list(self.mask_costs),
            "tokens": self.tokens.assign(credit=credit).to_dict("records"),
        }


def credits(
    study: Study,
    query: EncodedText,
    doc_id: str,
    method: Method,
    side: Side = "document",
    parameters: Bm25Parameters | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Credits:
    """Credit of each token of the document, or of the query; progress: tokens encoded, of all."""
    if method not in METHODS:
        raise UserError(f'there is no credit "{method}": choose one of {", ".join(METHODS)}')
    text = rescored(study, query, doc_id, side, parameters)
    tokens, score = text.tokens, text.score
    costs: tuple[float, ...] = ()
    if method == "proportional":
        explained = explain(study, query, doc_id, parameters)
        shares = token_credit(explained.document_tokens if side == "document" else explained.query_tokens)
        credit = np.zeros(len(tokens.word))
        credit[shares["position"]] = shares["credit"]
    elif method == "leave-one-out":
        credit = score - text.scores(~np.eye(len(tokens.word), dtype=bool))
    else:
        of_words, costs = occlusion(study, text, progress)
        size = np.bincount(tokens.word[tokens.word >= 0], minlength=tokens.n_words)
        credit = np.append(of_words / size, np.nan)[tokens.word]
    table = pd.DataFrame(
        {
            "position": np.arange(len(tokens.word)),
            "token": [readable_wordpiece(study.wordpieces[int(i)]) for i in tokens.token_ids],
            "start": tokens.spans[:, 0],
            "end": tokens.spans[:, 1],
            "word": tokens.word,
            "credit": credit,
        }
    )
    return Credits(method, side, score, table, costs)


def occlusion(
    study: Study, text: Rescored, progress: Callable[[int, int], None] | None = None
) -> tuple[Floats, tuple[float, ...]]:
    """Credit of each word (n_words,), and what each mask that hides nothing costs.

    The text is what the encoder took in, so that a shorter word lets no further text in; all forms of it go one
    road, in one batch.
    """
    from sae.latents import pool, token_latents

    starts, ends = word_spans(text.tokens)
    read = text.tokens.text[: int(ends.max(initial=0))]
    mask = study.encoder.mask_token or ""
    masked = [read[:start] + mask + read[end:] for start, end in zip(starts, ends, strict=True)]
    places = np.linspace(0, len(starts) - 1, min(N_IDLE, len(starts)) if mask else 0).astype(int)
    idle = [f"{read[: starts[place]]}{mask} {read[starts[place] :]}" for place in places]
    states = study.encoder.encode([read, *masked, *idle], text.side, progress)
    mass = pool(token_latents(study.sae, states.states), study.n_latents, study.pooling)
    scores = text.scores_of_texts(mass)
    costs = scores[0] - scores[1 + len(masked) :]
    base = scores[0] - (costs.mean() if len(costs) else 0.0)
    return base - scores[1 : 1 + len(masked)], tuple(costs.tolist())


def word_spans(tokens: Tokens) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last character of each word, (n_words,) each."""
    inside = tokens.word >= 0
    starts, ends = np.full(tokens.n_words, len(tokens.text)), np.zeros(tokens.n_words, np.int64)
    np.minimum.at(starts, tokens.word[inside], tokens.spans[inside, 0])
    np.maximum.at(ends, tokens.word[inside], tokens.spans[inside, 1])
    return starts, ends


def document_tokens(study: Study, position: int) -> Tokens:
    """A document's tokens as the study keeps them."""
    rows, table = study.tokens.document(position), study.tokens
    return _tokens(
        study.corpus.texts[position], table.token_ids[rows], table.spans[rows], table.indices[rows],
        table.activations[rows],
    )  # fmt: skip


def tokens_of(text: EncodedText) -> Tokens:
    """The tokens of a text that was just encoded."""
    return _tokens(text.text, text.token_ids, text.spans, text.indices, text.activations)


def word_of_tokens(text: str, spans: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """The word that each token is part of, from 0 in text order; -1 where a span is empty; (n_tokens,).

    A token goes on with the word before it where the two touch and letters or digits meet.
    """
    word, number, end = np.full(len(spans), -1), -1, -1
    for token, (start, stop) in enumerate(np.asarray(spans).tolist()):
        if stop > start:
            number += not (start == end and text[start - 1].isalnum() and text[start].isalnum())
            word[token], end = number, stop
    return word


def position_of(study: Study, doc_id: str) -> int:
    """A document's place in the corpus; an unknown one is a `UserError`."""
    if doc_id not in study.position:
        raise UserError(f'study {study.name} has no document "{doc_id}": choose an id that its search shows')
    return study.position[doc_id]


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

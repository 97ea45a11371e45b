"""What each pair of a query's token s and a document's token t makes of a score.

    latent     sum_j c_j share_sj(q) share_tj(d)         a convention: shares in proportion to activation
    cosine     h_s . h_t / |sum_s h_s| |sum_t h_t|       exact: the cosine of mean-pooled states is bilinear
    maxsim     v_s . v_t where t is the best of s        exact: sum_s max_t v_s . v_t, v of unit norm
    words      c_w / (n_w(q) n_w(d)) of equal stems      lexical BM25; even shares of repetitions, a convention

c_j: a latent's contribution (`analyses.attribution.score_breakdown`), share_tj: the token's share of the latent's
activation in its text. All credits of a system sum to its score. MaxSim (Khattab and Zaharia 2020, arXiv
2004.12832) of an encoder with one vector per text compares its normalised token states, which it was not trained
for. A pair is exact where both tokens belong to the same folded word, inflected where the words have the same stem,
special where one is a special token, else soft.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.attribution.score_breakdown import explain, position_of
from analyses.attribution.word_breakdown import explain_words
from analyses.text.token_words import readable_wordpiece
from analyses.text.word_table import folded
from analyses.why.matches.parts import KINDS
from analyses.why.matches.word_tokens import words_of_tokens
from data.errors import UserError
from retrieval.bm25 import Bm25Parameters
from retrieval.lexical import Words
from retrieval.queries import EncodedText
from retrieval.study import Study

if TYPE_CHECKING:
    from data.encoders import Encoder, Kind, TokenStates

ENGLISH = Words()
PairSystem = Literal["latent", "cosine", "maxsim", "words"]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TokenPairs:
    """The credits of all pairs of tokens for one score.

    query, document, one row per token in text order: token, start, end (characters, equal for a special token),
    word (folded, "" for a special token). credit: float64 (n_query_tokens, n_document_tokens). score: what it sums
    to. is_exact: whether each credit is the score's own term, or a convention.
    latents: those of both texts, (n_shared,), and what each puts on the tokens: on_query (n_query_tokens, n_shared)
    times on_document (n_document_tokens, n_shared) is its credit; empty for other systems than latent. lexical:
    whose stems make two words inflections of each other.
    """

    system: PairSystem
    query: pd.DataFrame
    document: pd.DataFrame
    credit: Floats
    score: float
    is_exact: bool
    latents: NDArray[np.int64]
    on_query: Floats
    on_document: Floats
    lexical: Words = ENGLISH

    @property
    def kind(self) -> NDArray[np.int64]:
        """The place in KINDS of each pair, (n_query_tokens, n_document_tokens)."""
        return kinds_of(self.query["word"].tolist(), self.document["word"].tolist(), self.lexical)

    def to_records(self) -> list[dict[str, Any]]:
        """The pairs that have a credit, by query token, then document token."""
        kind, records = self.kind, []
        queries, documents = self.query.to_dict("records"), self.document.to_dict("records")
        for s, t in zip(*(axis.tolist() for axis in np.nonzero(self.credit)), strict=True):
            records.append(
                {
                    "query_token": queries[s]["token"],
                    "document_token": documents[t]["token"],
                    "query_start": queries[s]["start"],
                    "document_start": documents[t]["start"],
                    "kind": KINDS[kind[s, t]],
                    "credit": float(self.credit[s, t]),
                }
            )
        return records


def kinds_of(query: Sequence[str], document: Sequence[str], lexical: Words = ENGLISH) -> NDArray[np.int64]:
    """The place in KINDS of each pair of folded words, "" for a special token; (n_query, n_document)."""
    q, d = np.array(query, object)[:, None], np.array(document, object)[None]
    stems = [np.array([lexical.stem(word) for word in words], object) for words in (query, document)]
    same_stem = stems[0][:, None] == stems[1][None]
    kinds: NDArray[np.int64] = np.select([(q == "") | (d == ""), q == d, same_stem], [3, 0, 1], 2)
    return kinds


def why_no_pairs(study: Study, system: PairSystem) -> str | None:
    """A sentence on why a system's score is no sum over pairs of tokens here; None where it is one."""
    if system != "cosine":
        return None
    if study.is_multi_vector:
        return (
            "This encoder is multi-vector: its cosine compares means of projected and normalised states, and its "
            "own score is MaxSim."
        )
    pooling = study.manifest["encoder"]["pooling"]
    if pooling != "mean":
        return (
            f"This encoder pools by {pooling}: its vector is not the mean of its token states, so its cosine is no "
            "sum over pairs of tokens."
        )
    return None


def token_pairs(
    study: Study,
    query: EncodedText,
    doc_id: str,
    system: PairSystem = "latent",
    parameters: Bm25Parameters | None = None,
) -> TokenPairs:
    """The credits of one query and document; an unknown document, or a system without pairs, is a `UserError`.

    "cosine" and "maxsim" encode both texts again.
    """
    if (reason := why_no_pairs(study, system)) is not None:
        raise UserError(reason)
    document = position_of(study, doc_id)
    if system == "latent":
        pairs = _of_latents(study, query, doc_id, document, parameters)
    elif system == "words":
        pairs = _of_words(study, query.text, doc_id)
    else:
        pairs = _of_states(study, query.text, study.corpus.texts[document], system)
    return replace(pairs, lexical=study.stems.words)


def _of_latents(
    study: Study, query: EncodedText, doc_id: str, document: int, parameters: Bm25Parameters | None
) -> TokenPairs:
    explained = explain(study, query, doc_id, parameters)
    shared = np.sort(explained.breakdown["latent"].to_numpy(np.int64))
    contribution = explained.breakdown.set_index("latent")["contribution"].loc[shared].to_numpy(np.float64)
    tokens, rows = study.tokens, study.tokens.document(document)
    tables = (
        _tokens(study, query.text, query.token_ids, query.spans),
        _tokens(study, study.corpus.texts[document], tokens.token_ids[rows], tokens.spans[rows]),
    )
    # each table of credits sums to the contribution of its latent
    on_query = _spread(explained.query_tokens, shared, len(tables[0]))
    on_document = _spread(explained.document_tokens, shared, len(tables[1]))
    on_document = np.divide(
        on_document, contribution, out=np.zeros_like(on_document), where=contribution != 0
    )
    credit = on_query @ on_document.T
    return TokenPairs("latent", *tables, credit, explained.score, False, shared, on_query, on_document)


def _spread(credits: pd.DataFrame, latents: NDArray[np.int64], n_tokens: int) -> Floats:
    """Credits of (token, latent), float64 (n_tokens, n_latents)."""
    spread = np.zeros((n_tokens, len(latents)))
    at = (
        credits["position"].to_numpy(np.int64),
        np.searchsorted(latents, credits["latent"].to_numpy(np.int64)),
    )
    np.add.at(spread, at, credits["credit"].to_numpy(np.float64))
    return spread


def _of_words(study: Study, query: str, doc_id: str) -> TokenPairs:
    explained = explain_words(study, query, doc_id)
    text = study.corpus.texts[study.position[doc_id]]
    tables = tuple(
        places.assign(
            token=[of[start:end] for start, end in zip(places["start"], places["end"], strict=True)],
            word=[folded(of[start:end]) for start, end in zip(places["start"], places["end"], strict=True)],
        )
        for places, of in ((explained.query_words, query), (explained.document_words, text))
    )
    contribution = dict(zip(explained.breakdown["word"], explained.breakdown["contribution"], strict=True))
    q, d = (table["stem"].to_numpy(object) for table in tables)
    equal = q[:, None] == d[None]
    sizes = equal.sum(axis=1, keepdims=True) * equal.sum(axis=0, keepdims=True)
    whole = np.array([contribution[word] for word in q], np.float64)[:, None]
    credit = np.where(equal, whole / np.maximum(sizes, 1), 0.0)
    return _without_latents("words", tables[0], tables[1], credit, explained.score, False)


def _of_states(study: Study, query: str, text: str, system: PairSystem) -> TokenPairs:
    encoder = study.encoder
    reader = encoder.for_maxsim() if encoder.multi_vector else encoder.at_layer(None).with_special_tokens()
    of_query, of_document = reader.encode([query], "query"), reader.encode([text], "document")
    tables = [
        _tokens(study, one, states.token_ids, states.spans)
        for one, states in ((query, of_query), (text, of_document))
    ]
    if system == "cosine":
        q, d = (states.states.values.astype(np.float64) for states in (of_query, of_document))
        norms = np.linalg.norm(q.sum(axis=0)) * np.linalg.norm(d.sum(axis=0))
        credit = q @ d.T / max(float(norms), np.finfo(np.float64).tiny)
        return _without_latents("cosine", tables[0], tables[1], credit, float(credit.sum()), True)
    vectors = []
    sides: tuple[tuple[TokenStates, Kind], ...] = ((of_query, "query"), (of_document, "document"))
    for side, (states, kind) in enumerate(sides):
        values, compared = _compared(reader, states, kind)
        tables[side] = tables[side][compared].reset_index(drop=True)
        vectors.append(values)
    similar = vectors[0] @ vectors[1].T
    credit = np.zeros_like(similar)
    if similar.shape[1]:
        best = similar.argmax(axis=1)
        credit[np.arange(len(best)), best] = similar[np.arange(len(best)), best]
    return _without_latents("maxsim", tables[0], tables[1], credit, float(credit.sum()), True)


def _compared(reader: Encoder, states: TokenStates, kind: Kind) -> tuple[Floats, NDArray[np.bool_]]:
    """Unit vectors that MaxSim compares, and which tokens have one."""
    if reader.multi_vector:
        vectors = reader.token_vectors(states, kind).values.astype(np.float64)
        return vectors, reader.multi_vector.compared(states.token_ids, kind)
    values = states.states.values.astype(np.float64)
    norms = np.maximum(np.linalg.norm(values, axis=1, keepdims=True), np.finfo(np.float64).tiny)
    return values / norms, np.ones(len(values), bool)


def _tokens(study: Study, text: str, token_ids: NDArray[np.int32], spans: NDArray[np.int32]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "token": [readable_wordpiece(study.wordpieces[int(token)]) for token in token_ids],
            "start": np.asarray(spans[:, 0], np.int64),
            "end": np.asarray(spans[:, 1], np.int64),
            "word": words_of_tokens(text, spans),
        }
    )


def _without_latents(
    system: PairSystem,
    query: pd.DataFrame,
    document: pd.DataFrame,
    credit: Floats,
    score: float,
    is_exact: bool,
) -> TokenPairs:
    none = np.zeros(0, np.int64)
    on_query, on_document = np.zeros((len(query), 0)), np.zeros((len(document), 0))
    return TokenPairs(system, query, document, credit, score, is_exact, none, on_query, on_document)

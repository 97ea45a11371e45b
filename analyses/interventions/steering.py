"""Steering: a latent's decoder direction, added to or removed from the encoder's states at some tokens.

    add       h_t <- h_t + strength W_dec_j          as if the latent's activation on t were that much larger
    ablate    h_t <- h_t - z_tj W_dec_j              without the latent's part of the reconstruction

at the SAE's own layer. The rest of the encoder continues with the changed states: the latents are computed from
these, the cosine from the final vector. The control: directions of random other latents, scaled to the same length,
added or removed at the same tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analyses.interventions.effect import kept_share, ranking_table
from analyses.text.token_words import readable_wordpiece
from data.errors import UserError
from retrieval import bm25
from retrieval.bm25 import Bm25Parameters
from retrieval.columns import best_documents, query_columns
from retrieval.queries import EncodedText
from retrieval.study import Study

if TYPE_CHECKING:  # torch: only when a text is encoded
    import torch

Kind = Literal["query", "document"]
N_CONTROLS = 8
DEPTH = 10


@dataclass(frozen=True)
class Steer:
    """A latent's direction, added with `strength`, or ablated if that is None; tokens: positions, None for all."""

    latent: int
    strength: float | None = None
    tokens: tuple[int, ...] | None = None


@dataclass(frozen=True, eq=False)
class Steered:
    """A text before and after steering.

    latents: latent, before, after (counts), change, falling by size of change. tokens: position, token,
    before, after (the latent's own activation there), steered. shift: cosine of the text's vector after with
    before. latent_ranking, cosine_ranking: as `effect.Effect.ranking`. overlaps: of the first ten
    documents before and after, by latents and by cosine. controls: shift, latent_overlap and cosine_overlap of each
    random direction.
    """

    before: EncodedText
    after: EncodedText
    latents: pd.DataFrame
    tokens: pd.DataFrame
    shift: float
    latent_ranking: pd.DataFrame
    cosine_ranking: pd.DataFrame
    overlaps: tuple[float, float]
    controls: pd.DataFrame


def steer(
    study: Study,
    text: str,
    kind: Kind,
    change: Steer,
    query: EncodedText | None = None,
    doc_id: str | None = None,
    parameters: Bm25Parameters | None = None,
    query_id: str | None = None,
    n_controls: int = N_CONTROLS,
    seed: int = 0,
) -> Steered:
    """Steer the encoder on a text, and rank with what comes out.

    A query ranks the corpus. A document (`doc_id`, with this text) is ranked for `query` among the others
    with its new |d|; avg|d| and idf stay. An unknown latent or token, and a document without a query, are a
    `UserError`.
    """
    if not 0 <= change.latent < study.n_latents:
        raise UserError(f"latent {change.latent} is outside this SAE: choose 0 to {study.n_latents - 1}")
    if kind == "document" and (query is None or doc_id is None):
        raise UserError("to steer a document, name it and the query that it is ranked for")
    parameters = parameters or Bm25Parameters()
    plain = _encoded(study, text, kind, None)
    n_tokens = len(plain.token_ids)
    at = tuple(range(n_tokens)) if change.tokens is None else change.tokens
    if wrong := [token for token in at if not 0 <= token < n_tokens]:
        raise UserError(f"token {wrong[0]} is outside this text: it has {n_tokens} tokens, from 0")
    lengths = _lengths(plain, change, at)
    after = _encoded(study, text, kind, (change.latent, lengths))
    scores = _both_scores(study, plain, kind, query, doc_id, parameters)
    scores_after = _both_scores(study, after, kind, query, doc_id, parameters)
    relevant = _relevant(study, query_id)
    controls = []
    for other in _others(study, change.latent, n_controls, seed):
        scaled = lengths * _norm_ratio(study, change.latent, other)
        steered = _encoded(study, text, kind, (other, scaled))
        control_scores = _both_scores(study, steered, kind, query, doc_id, parameters)
        overlaps = (_overlap(a, b) for a, b in zip(scores, control_scores, strict=True))
        controls.append((_cosine(plain, steered), *overlaps))
    return Steered(
        plain,
        after,
        _latent_changes(plain, after),
        _token_table(study, plain, after, change.latent, at),
        _cosine(plain, after),
        ranking_table(study, scores[0], scores_after[0], relevant, DEPTH),
        ranking_table(study, scores[1], scores_after[1], relevant, DEPTH),
        (_overlap(scores[0], scores_after[0]), _overlap(scores[1], scores_after[1])),
        pd.DataFrame(controls, columns=["shift", "latent_overlap", "cosine_overlap"]),
    )


def _encoded(
    study: Study, text: str, kind: Kind, change: tuple[int, NDArray[np.float32]] | None
) -> EncodedText:
    """The encoded text, with lengths (n_tokens,) of a latent's direction added to its states."""
    import torch

    from sae.latents import pool, token_latents

    def move(states: torch.Tensor) -> torch.Tensor:
        if change is None:
            return states
        latent, lengths = change
        direction = study.sae.W_dec[latent].to(states.device)
        return states + torch.from_numpy(lengths).to(states.device)[:, None] * direction

    states = study.encoder.encode_changed(text, move, kind)
    latents = token_latents(study.sae, states.states)
    counts = pool(latents, study.n_latents, study.pooling)
    return EncodedText(
        text, states.token_ids, states.spans, latents.indices, latents.activations, counts, states.pooled
    )


def _lengths(text: EncodedText, change: Steer, at: Sequence[int]) -> NDArray[np.float32]:
    """The length of the direction that is added at each token, float32 (n_tokens,)."""
    lengths = np.zeros(len(text.token_ids), np.float32)
    where = np.array(at, np.int64)
    lengths[where] = -_activation(text, change.latent)[where] if change.strength is None else change.strength
    return lengths


def _activation(text: EncodedText, latent: int) -> NDArray[np.float32]:
    """The latent's activation on each token, 0 where it is silent; (n_tokens,)."""
    fires = (np.asarray(text.indices) == latent) & (text.activations > 0)
    activation: NDArray[np.float32] = (
        np.where(fires, text.activations, 0).max(axis=1, initial=0).astype(np.float32)
    )
    return activation


def _both_scores(
    study: Study,
    text: EncodedText,
    kind: Kind,
    query: EncodedText | None,
    doc_id: str | None,
    parameters: Bm25Parameters,
) -> tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]]:
    """Every document's score by latents, and 1 + its cosine, which is positive; (n_docs,) each."""
    ranking_query = text if kind == "query" else query
    assert ranking_query is not None  # checked by `steer`
    latent = query_columns(study.index, ranking_query.counts, parameters).sum(axis=0)
    cosine = 1.0 + np.asarray(study.vectors @ ranking_query.vector[0], np.float64)
    if kind == "document":
        assert doc_id is not None
        document = study.position[doc_id]
        latent[document] = _score(study, ranking_query, text, parameters)
        cosine[document] = 1.0 + float(text.vector[0] @ ranking_query.vector[0])
    return latent, cosine


def _score(study: Study, query: EncodedText, document: EncodedText, parameters: Bm25Parameters) -> float:
    weight = bm25.term_weight(document.counts.data, parameters.phi)
    average = bm25.average_length(study.index.document_length(parameters.phi))
    norm = bm25.length_norm(weight.sum(), average, parameters.b)
    weight_of = dict(zip(document.counts.indices.tolist(), weight.tolist(), strict=True))
    weights_of_query = np.array([weight_of.get(int(latent), 0.0) for latent in query.counts.indices])
    frequency = study.index.document_frequency[query.counts.indices]
    idf = bm25.inverse_document_frequency(frequency, study.index.n_docs, parameters.idf)
    parts = (
        bm25.term_weight(query.counts.data, parameters.phi)
        * idf
        * bm25.saturation(weights_of_query, parameters.k1, norm)
    )
    return float(parts.sum())


def _latent_changes(before: EncodedText, after: EncodedText) -> pd.DataFrame:
    first, then = (
        dict(zip(text.counts.indices.tolist(), text.counts.data.tolist(), strict=True))
        for text in (before, after)
    )
    latents = sorted(first.keys() | then.keys())
    table = pd.DataFrame(
        {
            "latent": latents,
            "before": [first.get(latent, 0.0) for latent in latents],
            "after": [then.get(latent, 0.0) for latent in latents],
        }
    )
    table["change"] = table["after"] - table["before"]
    order = table["change"].abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def _token_table(
    study: Study, before: EncodedText, after: EncodedText, latent: int, at: Sequence[int]
) -> pd.DataFrame:
    n = len(before.token_ids)
    return pd.DataFrame(
        {
            "position": np.arange(n),
            "token": [readable_wordpiece(study.wordpieces[int(token)]) for token in before.token_ids],
            "before": _activation(before, latent),
            "after": _activation(after, latent),
            "steered": np.isin(np.arange(n), at),
        }
    )


def _others(study: Study, latent: int, n: int, seed: int) -> list[int]:
    """Random other latents that are active in this collection."""
    active = np.flatnonzero(study.index.document_frequency > 0)
    drawn = np.random.default_rng(seed).permutation(active[active != latent])[:n]
    return [int(other) for other in drawn]


def _norm_ratio(study: Study, latent: int, other: int) -> np.float32:
    norms = study.sae.W_dec[[latent, other]].norm(dim=1)
    return np.float32(float(norms[0]) / max(float(norms[1]), 1e-12))


def _cosine(a: EncodedText, b: EncodedText) -> float:
    return float(a.vector[0].astype(np.float64) @ b.vector[0].astype(np.float64))


def _overlap(a: NDArray[np.floating[Any]], b: NDArray[np.floating[Any]]) -> float:
    return kept_share(best_documents(a, DEPTH), best_documents(b, DEPTH))


def _relevant(study: Study, query_id: str | None) -> set[int]:
    judged = study.qrels.get(query_id, {}) if query_id else {}
    return {study.position[doc] for doc, grade in judged.items() if grade > 0 and doc in study.position}

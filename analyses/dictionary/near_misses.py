"""Near misses: tokens on which a latent does not fire, but nearly does.

    pre_tj = W_enc_j (h_t - b_dec) + b_enc_j        reach_tj = pre_tj / cutoff_tj, below 1 where silent
    cutoff_tj: the weakest activation on t (Top-K), or theta_j (threshold)

Near misses show the boundary of a latent's meaning. Tokens of reach NEARLY or more come first, by pre-activation,
since the cutoff is low on tokens where every latent is weak; then the others, by reach.

A study keeps no token states, so pre-activations are computed again by its encoder, for a seeded draw of documents
in which a typical wordpiece of the latent occurs without it: exact for every token of those documents, and no
statement about other documents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from analyses.text.contexts import Context, context_of
from data.errors import UserError
from retrieval.study import Study

if TYPE_CHECKING:  # torch: only when documents are encoded again
    from sae.model import SparseAutoencoder

N_DOCUMENTS, N_WORDPIECES = 24, 8
NEARLY = 0.75


@dataclass(frozen=True)
class NearMiss:
    """A token on which the latent is silent.

    pre_activation; cutoff to fire; place: the latent's rank on that token among all latents, from 1.
    context.activation is 0, and its focus is the token.
    """

    pre_activation: float
    cutoff: float
    place: int
    context: Context


@dataclass(frozen=True)
class NearMisses:
    """misses: the nearest first (see the module's text), one per document; of the n_tokens in n_documents that were
    encoded again, special tokens left out.
    """

    misses: tuple[NearMiss, ...]
    n_documents: int
    n_tokens: int


def near_misses(study: Study, latent: int, n_contexts: int = 8, seed: int = 0) -> NearMisses:
    """Encode the documents of `candidate_documents` once more; a second or less on CPU, most of it the encoder's.

    Raises UserError where the encoder now cuts these texts into other tokens than the study holds.
    """
    documents = candidate_documents(study, latent, seed)
    if not len(documents):
        return NearMisses((), 0, 0)
    states = study.encoder.encode([study.corpus.texts[d] for d in documents.tolist()])
    table = study.tokens
    token = np.concatenate([np.arange(table.offsets[d], table.offsets[d + 1]) for d in documents])
    if not np.array_equal(states.token_ids, table.token_ids[token]):
        raise UserError(
            f"the encoder reads documents of {study.name} as other tokens than the study holds: "
            "restore the tokenizer it was made with, or index the collection again"
        )
    values = states.states.values
    pre = _pre_activations(study.sae, values, latent)
    cutoff = _cutoffs(study, latent, token)
    fires = ((table.indices[token] == latent) & (table.activations[token] > 0)).any(axis=1)
    spans = table.spans[token]
    shown = spans[:, 1] > spans[:, 0]  # special tokens have no text to show
    silent = np.flatnonzero(~fires & shown & (pre > 0) & (cutoff > 0))
    reach = pre[silent] / cutoff[silent]
    best = silent[np.lexsort((-np.where(reach >= NEARLY, pre[silent], reach), reach < NEARLY))]
    owner = table.document_of(token[best])
    best = best[np.sort(np.unique(owner, return_index=True)[1])][:n_contexts]
    misses = tuple(
        NearMiss(
            float(pre[i]),
            float(cutoff[i]),
            _rank(study.sae, values[i : i + 1], latent),
            context_of(study, latent, int(token[i])),
        )
        for i in best.tolist()
    )
    return NearMisses(misses, len(documents), int(shown.sum()))


def candidate_documents(
    study: Study, latent: int, seed: int = 0, n_documents: int = N_DOCUMENTS
) -> NDArray[np.int64]:
    """Random documents with one of the latent's N_WORDPIECES likeliest wordpieces on which it is silent, rising.

    Likeliest: largest in p ln(p / q), p the wordpiece's share of the latent's activation and q of all tokens,
    so that frequent wordpieces such as the full stop do not lead by frequency. Empty for a dead latent.
    """
    token, value = study.contexts.latent(latent)
    if not len(token):
        return np.zeros(0, np.int64)
    ids = np.asarray(study.tokens.token_ids)
    n_pieces = len(study.wordpieces)
    summed = np.bincount(ids[token], weights=value, minlength=n_pieces)
    share, chance = summed / summed.sum(), np.bincount(ids, minlength=n_pieces) / len(ids)
    divergence = np.full(n_pieces, -np.inf)
    on = summed > 0
    divergence[on] = share[on] * np.log(share[on] / chance[on])
    typical = np.zeros(n_pieces, bool)
    typical[np.argsort(-divergence, kind="stable")[:N_WORDPIECES]] = True
    typical &= on
    silent = typical[ids]
    silent[token] = False
    documents = np.unique(study.tokens.document_of(np.flatnonzero(silent)))
    size = min(n_documents, len(documents))
    return np.sort(np.random.default_rng([seed, latent]).choice(documents, size, replace=False))


def _pre_activations(sae: SparseAutoencoder, states: NDArray[Any], latent: int) -> NDArray[np.float32]:
    """One latent's column of `SparseAutoencoder.pre_activations`, (n_tokens,)."""
    centred = states.astype(np.float32) - sae.b_dec.numpy()
    column: NDArray[np.float32] = centred @ sae.W_enc[latent].numpy() + sae.b_enc[latent].numpy()
    return column


def _cutoffs(study: Study, latent: int, token: NDArray[np.int64]) -> NDArray[np.float32]:
    """The pre-activation needed to fire on each token, float32 (n_tokens,)."""
    if study.sae.threshold is not None:
        return np.full(len(token), float(study.sae.threshold[latent]), np.float32)
    weakest: NDArray[np.float32] = study.tokens.activations[token].min(axis=1)
    return weakest


def _rank(sae: SparseAutoencoder, state: NDArray[Any], latent: int) -> int:
    """The latent's rank on one token, from 1; state (1, d_model)."""
    row = sae.pre_activations(state)[0]
    return 1 + int((row > row[latent]).sum())

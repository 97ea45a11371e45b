"""Near misses: tokens on which a latent does not fire, though its pre-activation was high.

    pre_tj = W_enc_j (h_t - b_dec) + b_enc_j        place_tj = 1 + #{i : pre_ti > pre_tj}, just above k

What a latent nearly says shows where its meaning ends. A study keeps no token states, so pre-activations are
computed anew by its encoder, for a seeded draw of documents in which a wordpiece that the latent likes stands
without it: exact for every token of those documents, and no statement about the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analyses.contexts import Context, context_of
from data.errors import UserError
from retrieval.study import Study

N_DOCUMENTS, N_WORDPIECES = 24, 8


@dataclass(frozen=True)
class NearMiss:
    """A token where the latent stayed silent.

    pre_activation; place: how many latents stand before it on that token, and one; cutoff: the weakest
    activation that fired there. context.activation is 0, and its focus is the token.
    """

    pre_activation: float
    place: int
    cutoff: float
    context: Context


@dataclass(frozen=True)
class NearMisses:
    """misses: highest pre-activation first, one a document; of the n_tokens in n_documents that were read anew."""

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
    direction, offset = study.sae.W_enc[latent].numpy(), float(study.sae.b_enc[latent])
    centre = study.sae.b_dec.numpy()
    pre = (values.astype(np.float32) - centre) @ direction + offset
    fires = ((table.indices[token] == latent) & (table.activations[token] > 0)).any(axis=1)
    silent = np.flatnonzero(~fires & (pre > 0))
    best = silent[np.argsort(-pre[silent], kind="stable")]
    owner = table.document_of(token[best])
    best = best[np.sort(np.unique(owner, return_index=True)[1])][:n_contexts]
    return NearMisses(_misses(study, latent, token[best], values[best]), len(documents), len(token))


def candidate_documents(
    study: Study, latent: int, seed: int = 0, n_documents: int = N_DOCUMENTS
) -> NDArray[np.int64]:
    """A seeded draw of documents with a token of the latent's N_WORDPIECES likeliest on which it is silent, rising.

    Likeliest: largest share of its activation. A latent that never fires likes none.
    """
    token, value = study.contexts.latent(latent)
    if not len(token):
        return np.zeros(0, np.int64)
    ids = np.asarray(study.tokens.token_ids)
    mass = np.bincount(ids[token], weights=value)
    liked = np.zeros(len(study.wordpieces), bool)
    liked[np.argsort(-mass, kind="stable")[:N_WORDPIECES]] = True
    liked[: len(mass)] &= mass > 0
    silent = liked[ids]
    silent[token] = False
    documents = np.unique(study.tokens.document_of(np.flatnonzero(silent)))
    size = min(n_documents, len(documents))
    return np.sort(np.random.default_rng([seed, latent]).choice(documents, size, replace=False))


def _misses(
    study: Study, latent: int, token: NDArray[np.int64], states: NDArray[Any]
) -> tuple[NearMiss, ...]:
    """Places and cutoffs of a few tokens, from their whole rows of pre-activations."""
    if not len(token):
        return ()
    rows = study.sae.pre_activations(states).detach().numpy()
    misses = []
    for row, t in zip(rows, token.tolist(), strict=True):
        fired = study.tokens.activations[t]
        misses.append(
            NearMiss(
                float(row[latent]),
                1 + int((row > row[latent]).sum()),
                float(fired[fired > 0].min()) if (fired > 0).any() else 0.0,
                context_of(study, latent, t),
            )
        )
    return tuple(misses)

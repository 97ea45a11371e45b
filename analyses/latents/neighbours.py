"""Nearest latents: by decoder direction, and by co-occurrence in documents on different tokens.

    cosine(i, j) = W_dec_i . W_dec_j / (|W_dec_i| |W_dec_j|)
    NPMI(i, j) = ln( p(ij) / (p(i) p(j)) ) / -ln p(ij)        p: share of the documents; from -1 to 1

p(i): documents in which i fires. p(ij): documents in which each of the two fires on a token on which the other
does not. Without that condition the nearest latents would be those that fire on the same tokens, and a word that
often occurs twice would look like a collocation.
NPMI: Bouma, "Normalized (pointwise) mutual information in collocation extraction", 2009.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrieval.kernels import kernel
from retrieval.study import Study

AT_MOST = 2_000  # documents read for one latent's co-occurrence
N_PAIRS = 20_000  # of random latents, for the cosine that chance gives
AT_LEAST = 5  # documents in which two latents must fire apart before an NPMI is worth showing


@dataclass(frozen=True)
class Cooccurrence:
    """table: latent, npmi, documents (read ones in which the two fire apart), same_token (share of the read tokens
    of this latent on which the other fires too); highest NPMI first.

    n_read of its n_documents documents were read, drawn by a seed; the table is an estimate unless they are equal.
    """

    table: pd.DataFrame
    n_read: int
    n_documents: int

    @property
    def exact(self) -> bool:
        return self.n_read == self.n_documents


def decoder_directions(study: Study) -> NDArray[np.float32]:
    """Decoder directions of unit norm, float32 (n_latents, d_model); a zero row stays zero."""
    weights = study.decoder
    norm = np.linalg.norm(weights, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(weights, norm, out=np.zeros_like(weights), where=norm > 0)
    return unit


def nearest_by_direction(
    directions: NDArray[np.float32], latent: int, alive: NDArray[np.bool_], depth: int = 12
) -> pd.DataFrame:
    """The `depth` other latents active in this collection with the highest cosine: latent, cosine; alive:
    bool (n_latents,).
    """
    cosine = directions @ directions[latent]
    candidate = alive[: len(cosine)].copy()
    candidate[latent] = False
    candidates = np.flatnonzero(candidate)
    best = candidates[np.argsort(-cosine[candidates], kind="stable")[:depth]]
    return pd.DataFrame({"latent": best, "cosine": cosine[best].astype(np.float64)})


def chance_cosine(
    directions: NDArray[np.float32], alive: NDArray[np.bool_], n_pairs: int = N_PAIRS, seed: int = 0
) -> float:
    """The cosine that 95% of random pairs of active latents stay below: what any two directions have by chance.

    Of n_pairs pairs of different latents, drawn by the seed; 0 where fewer than two are active.
    """
    active = np.flatnonzero(alive[: len(directions)])
    if len(active) < 2:
        return 0.0
    generator = np.random.default_rng(seed)
    first = generator.integers(0, len(active), n_pairs)
    second = (first + generator.integers(1, len(active), n_pairs)) % len(active)
    cosine = np.einsum("ij,ij->i", directions[active[first]], directions[active[second]])
    return float(np.quantile(cosine, 0.95))


def nearest_by_cooccurrence(
    study: Study,
    latent: int,
    depth: int = 12,
    at_least: int = AT_LEAST,
    at_most: int = AT_MOST,
    seed: int = 0,
) -> Cooccurrence:
    """The `depth` latents with the highest NPMI; at most `at_most` of the latent's documents are read."""
    documents, _ = study.index.postings(latent)
    read = np.asarray(documents)
    if len(read) > at_most:
        read = np.sort(np.random.default_rng([seed, latent]).choice(read, at_most, replace=False))
    tokens = study.tokens
    apart, together, n_tokens = _count(
        np.asarray(tokens.offsets),
        np.asarray(tokens.indices),
        np.asarray(tokens.activations),
        read.astype(np.int64),
        latent,
        study.n_latents,
    )
    candidates = np.flatnonzero(apart >= at_least)
    n_docs, frequency = len(study.corpus), study.index.document_frequency
    part = len(read) / max(len(documents), 1)  # of the latent's documents, which scales what was counted up
    values = npmi(apart[candidates] / max(part, 1e-12), frequency[latent], frequency[candidates], n_docs)
    best = np.argsort(-values, kind="stable")[:depth]
    chosen = candidates[best]
    table = pd.DataFrame(
        {
            "latent": chosen,
            "npmi": values[best],
            "documents": apart[chosen],
            "same_token": together[chosen] / max(n_tokens, 1),
        }
    )
    return Cooccurrence(table, len(read), len(documents))


def npmi(both: NDArray[Any], a: int | np.integer[Any], b: NDArray[np.int64], n: int) -> NDArray[np.float64]:
    """ln(p(ij) / (p(i) p(j))) / -ln p(ij) of counts out of n; `both` > 0; 0 where both are in all n.

    An estimate of `both` above either count is reduced to the smaller count.
    """
    joint = np.minimum(both, np.minimum(a, b)) / n
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.log(joint * n * n / (float(a) * b)) / -np.log(joint)
    return np.where(joint < 1, value, 0.0)


@kernel
def _count(
    offsets: NDArray[np.int64],
    indices: NDArray[Any],
    activations: NDArray[np.float32],
    documents: NDArray[np.int64],
    latent: int,
    n_latents: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Documents in which each latent fires apart from `latent`, tokens on which both fire, tokens of `latent`."""
    apart, together = np.zeros(n_latents, np.int64), np.zeros(n_latents, np.int64)
    alone = np.zeros(n_latents, np.int64)  # tokens of this document on which the other latent fires alone
    shared = np.zeros(n_latents, np.int64)  # tokens of this document on which both fire
    touched = np.zeros(n_latents, np.int64)
    n_tokens = 0
    for document in documents:
        n_touched, n_here = 0, 0
        for token in range(offsets[document], offsets[document + 1]):
            fires = False
            for slot in range(indices.shape[1]):
                if indices[token, slot] == latent and activations[token, slot] > 0:
                    fires = True
            n_here += fires
            for slot in range(indices.shape[1]):
                other = indices[token, slot]
                if other == latent or activations[token, slot] <= 0:
                    continue
                if alone[other] == 0 and shared[other] == 0:
                    touched[n_touched] = other
                    n_touched += 1
                if fires:
                    shared[other] += 1
                else:
                    alone[other] += 1
        n_tokens += n_here
        for i in range(n_touched):
            other = touched[i]
            apart[other] += alone[other] > 0 and shared[other] < n_here
            together[other] += shared[other]
            alone[other], shared[other] = 0, 0
    return apart, together, n_tokens

"""Dictionaries of a ladder: what turns states into latents, each in the form of an SAE of the same size and k.

    trained SAE             the study's own
    frozen decoder          trained as the SAE was, but its decoder stays at its initialisation
    k-means                 W_enc = c, b_enc = -|c|^2 / 2, so that the nearest centroids c win
    k-means, nearest only   the first latent of k-means alone
    wordpiece means         no training: directions of the commonest wordpieces' mean states
    drawn states            directions of token states drawn at random
    principal directions    the principal directions of the states and their opposites, 2 d_model of them at most
    random directions       drawn from the unit sphere

All directions start from b_dec, the mean of the states, and have unit norm; b_enc is 0 but for k-means, whose
centroids are relative to b_dec. A pre-activation <c, h> - |c|^2 / 2 is (|h|^2 - |h - c|^2) / 2: above 0 where the
centroid is nearer to the state than the mean is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from analyses.why.ladder.names import (
    DRAWN,
    FROZEN,
    KMEANS,
    NEAREST,
    PRINCIPAL,
    RANDOM,
    TRAINED,
    WORDPIECE_MEANS,
)
from data.ragged import Ragged
from data.wordpiece_means import Floats, WordpieceMeans
from sae.control_dictionaries import drawn_directions
from sae.latents import token_latents
from sae.model import SparseAutoencoder

N_SAMPLE = 65_536  # token states that centroids, principal directions and drawn states come from
KMEANS_STEPS = 5


@dataclass(frozen=True, eq=False)
class FittingData:
    """What untrained dictionaries are made of: means of wordpieces, and a sample of token states (n, d_model)."""

    means: WordpieceMeans
    sample: Floats
    n_latents: int
    k: int


@dataclass(frozen=True)
class Dictionary:
    """name. fit(data, seed): makes it; None for one that is trained, or that is the first latent of another one.

    drawn: whether a seed changes it. first_of: the dictionary whose strongest latent alone it keeps, or "".
    """

    name: str
    fit: Callable[[FittingData, int], SparseAutoencoder] | None = None
    drawn: bool = False
    first_of: str = ""


def k_means(data: FittingData, seed: int) -> SparseAutoencoder:
    """Lloyd's algorithm from drawn states, KMEANS_STEPS steps over the sample; an empty centroid stays."""
    centred = torch.from_numpy(data.sample - data.means.overall)
    rows = np.random.default_rng([seed, 3]).permutation(len(centred))[: data.n_latents]
    centroids = centred[torch.from_numpy(rows)].clone()
    zero = torch.zeros(centred.shape[1])
    for _ in range(KMEANS_STEPS):
        nearest = SparseAutoencoder(centroids, _half_norms(centroids), centroids, zero, 1).encode(centred)[1]
        owner = nearest[:, 0].long()
        counts = torch.bincount(owner, minlength=len(centroids)).float()
        sums = torch.zeros_like(centroids).index_add_(0, owner, centred)
        centroids = torch.where(counts[:, None] > 0, sums / counts.clamp(min=1)[:, None], centroids)
    return SparseAutoencoder(
        centroids, _half_norms(centroids), centroids, torch.from_numpy(data.means.overall), _k(data, rows)
    )


def wordpiece_directions(data: FittingData, seed: int) -> SparseAutoencoder:
    """The directions of the commonest wordpieces' mean states; latent j is the j-th commonest wordpiece."""
    return directions(data.means.mean[data.means.commonest(data.n_latents)], data)


def drawn_states(data: FittingData, seed: int) -> SparseAutoencoder:
    """The directions of n_latents token states, drawn without replacement."""
    rows = np.random.default_rng([seed, 4]).permutation(len(data.sample))[: data.n_latents]
    return directions(data.sample[rows], data)


def principal_directions(data: FittingData, seed: int) -> SparseAutoencoder:
    """The principal directions of the sample, largest variance first, each followed by its opposite."""
    centred = (data.sample - data.means.overall).astype(np.float64)
    axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1].T
    both = np.stack([axes, -axes], axis=1).reshape(-1, axes.shape[1])[: data.n_latents]
    return directions(both.astype(np.float32) + data.means.overall, data)


def random_directions(data: FittingData, seed: int) -> SparseAutoencoder:
    """n_latents directions drawn from the unit sphere."""
    drawn = drawn_directions(data.n_latents, data.k, data.sample, seed)
    return replace(drawn, b_dec=torch.from_numpy(data.means.overall))


def directions(points: Floats, data: FittingData) -> SparseAutoencoder:
    """A Top-K SAE whose latents are the unit directions from the mean state to `points`, (n, d_model)."""
    W = torch.nn.functional.normalize(torch.from_numpy(points - data.means.overall), dim=1)
    return SparseAutoencoder(
        W, torch.zeros(len(W)), W, torch.from_numpy(data.means.overall), _k(data, points)
    )


DICTIONARIES: dict[str, Dictionary] = {
    dictionary.name: dictionary
    for dictionary in (
        Dictionary(TRAINED),
        Dictionary(FROZEN),
        Dictionary(KMEANS, k_means, drawn=True),
        Dictionary(NEAREST, drawn=True, first_of=KMEANS),
        Dictionary(WORDPIECE_MEANS, wordpiece_directions),
        Dictionary(DRAWN, drawn_states, drawn=True),
        Dictionary(PRINCIPAL, principal_directions),
        Dictionary(RANDOM, random_directions, drawn=True),
    )
}


def with_postings(sae: SparseAutoencoder, states: Ragged, target: float) -> SparseAutoencoder:
    """The same Top-K dictionary with the k whose postings a document, over these texts, are nearest to `target`."""
    most = sae.k
    while (postings := postings_by_k(replace(sae, k=most), states))[-1] < target and most < sae.n_latents:
        most = min(2 * most, sae.n_latents)
    return replace(sae, k=int(np.abs(postings - target).argmin()) + 1)


def postings_by_k(sae: SparseAutoencoder, states: Ragged) -> NDArray[np.float64]:
    """Mean number of distinct active latents of a text, if each token keeps its first 1, 2, ... k; (k,)."""
    latents = token_latents(sae, states)
    text = np.repeat(np.arange(len(latents)), np.diff(latents.offsets))
    keys = text[:, None] * sae.n_latents + latents.indices.astype(np.int64)
    keys[latents.activations <= 0] = -1
    found, first = np.unique(
        keys.T.ravel(), return_index=True
    )  # column by column, so that `first` tells which
    columns = first[found >= 0] // max(len(text), 1)
    counts = np.bincount(columns, minlength=latents.indices.shape[1])
    return np.cumsum(counts) / max(len(latents), 1)


def _half_norms(centroids: torch.Tensor) -> torch.Tensor:
    return -centroids.square().sum(1) / 2


def _k(data: FittingData, rows: NDArray[np.generic]) -> int:
    """k, or the number of latents where there are fewer."""
    return max(1, min(data.k, len(rows)))

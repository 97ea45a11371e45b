"""The share of the decoder's neighbourhoods that a map keeps, to be read beside every map.

    kept(k, m) = mean_j |nearest_k(j by cosine of decoder directions) and nearest_m(j on the map)| / k

Beside it, trustworthiness (Venna & Kaski 2001): 1 when no latent that is near on the map is far by direction.
Both are estimated on a seeded sample of latents; neighbours are among all latents, trustworthiness is within the
sample. The control is the same map with its latents shuffled.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

N_NEIGHBOURS = 10
AMONG = (10, 50)
SAMPLE = 2_000
BLOCK = 512


def map_quality(
    directions: NDArray[np.float32],
    maps: Mapping[str, NDArray[np.float32]],
    seed: int = 0,
    sample: int = SAMPLE,
) -> pd.DataFrame:
    """One row per map, and "shuffled": the first map with its latents permuted.

    directions: unit rows (n_latents, d_model); maps: name -> (n_latents, 2). Columns map, kept_10, kept_50 (the
    10 nearest among the 10 and 50 nearest on the map) and trustworthiness, in [0, 1]; sampled: latents they were
    estimated on. Empty with fewer than three latents, which have no neighbourhoods.
    """
    from sklearn.manifold import trustworthiness  # a second to import

    n_latents = len(directions)
    if n_latents < 3:
        return pd.DataFrame(columns=["map", "kept_10", "kept_50", "trustworthiness", "sampled"])
    random = np.random.default_rng(seed)
    chosen = np.sort(random.choice(n_latents, min(sample, n_latents), replace=False))
    k = min(N_NEIGHBOURS, n_latents - 1)
    truth = nearest_of_each(directions, chosen, k)
    first = next(iter(maps.values()))
    rows = []
    for name, xy in {**maps, "shuffled": random.permutation(first)}.items():
        within = min(k, (len(chosen) - 1) // 2)  # beyond half of the sample the measure is not defined
        rows.append(
            {
                "map": name,
                **{f"kept_{m}": neighbours_kept(truth, nearest_on_map(xy, chosen, m)) for m in AMONG},
                "trustworthiness": float(
                    trustworthiness(directions[chosen], xy[chosen], n_neighbors=within, metric="cosine")
                ),
                "sampled": len(chosen),
            }
        )
    return pd.DataFrame(rows)


def neighbours_kept(truth: NDArray[np.int64], shown: NDArray[np.int64]) -> float:
    """Mean share of each row of `truth` (n, k) that is in that row of `shown` (n, m), where -1 is none."""
    kept = (truth[:, :, None] == shown[:, None, :]).any(axis=2)
    return float(kept.mean())


def nearest_of_each(directions: NDArray[np.float32], latents: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """The k latents with the largest cosine to each of `latents`, itself left out, nearest first; (n, k)."""
    nearest = np.empty((len(latents), k), np.int64)
    for start in range(0, len(latents), BLOCK):
        rows = latents[start : start + BLOCK]
        cosines = directions[rows] @ directions.T
        cosines[np.arange(len(rows)), rows] = -np.inf
        some = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
        order = np.argsort(-np.take_along_axis(cosines, some, axis=1), axis=1, kind="stable")
        nearest[start : start + BLOCK] = np.take_along_axis(some, order, axis=1)
    return nearest


def nearest_on_map(xy: NDArray[np.float32], latents: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """The k latents nearest to each of `latents` on the map, itself left out; (n, k), -1 where there are fewer."""
    from scipy.spatial import cKDTree  # a fifth of a second to import

    n_nearest = min(k + 1, len(xy))
    nearest = np.asarray(cKDTree(xy).query(xy[latents], n_nearest)[1]).reshape(len(latents), n_nearest)
    others = nearest != latents[:, None]
    others[:, -1] &= ~others.all(axis=1)  # many at one place: itself may not be among them
    shown = np.full((len(latents), k), -1, np.int64)
    shown[:, : n_nearest - 1] = nearest[others].reshape(len(latents), n_nearest - 1)
    return shown

"""Which of many paired effects, such as one of each latent, go beyond chance: sign flips with a maximum statistic.

    t_j(s) = | sum_q s_q d_qj | / sqrt( sum_q d_qj^2 )            d: differences; s: signs, one per query
    p_(i)  = max_{h <= i} (1 + #{ s : max_{h' >= h} t_(h')(s) >= t_(h) }) / (1 + n),      t_(1) >= t_(2) >= ...

Under the null hypothesis a query's two values may be swapped, which flips the signs of all its differences at once:
effects that come from the same queries stay dependent as they are. An effect is compared with the largest of those
that are no larger than it, so that rejecting every p up to a level rejects any true null with at most that
probability, however many effects are looked at. Westfall and Young 1993, "Resampling-Based Multiple Testing",
algorithm 4.1; the flips are those of Smucker, Allan and Carterette 2007 (analyses.statistics.significance).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

N_FLIPS = 5_000
AT_ONCE = 250  # vectors of signs in memory, each with a value per effect
ROUNDING = 1e-9  # a statistic this close to the observed one is equal to it
TINY = 1e-12  # a sum this small is no effect


@dataclass(frozen=True, eq=False)
class SignFlips:
    """p_adjusted: of each effect, (n_effects,); 1 where no query differs.

    n_positive, n_negative: effects whose sum is above and below 0. chance, chance_low, chance_high: how many are
    above 0 under the null hypothesis, the mean of n_flips draws and the middle 95% of them; as many are below 0.
    """

    p_adjusted: NDArray[np.float64]
    n_positive: int
    n_negative: int
    chance: float
    chance_low: float
    chance_high: float
    n_flips: int


def sign_flips(
    differences: csr_array | csc_array | NDArray[np.float64], n: int = N_FLIPS, seed: int = 0
) -> SignFlips:
    """The effects' p-values, adjusted for their number; differences: (n_queries, n_effects), sparse or not."""
    by_effect = csr_array(csc_array(differences).T)
    n_effects, n_queries = by_effect.shape
    size = np.sqrt(np.asarray(by_effect.multiply(by_effect).sum(axis=1)).ravel())
    scale = 1.0 / np.where(size > 0, size, np.inf)
    total = np.asarray(by_effect.sum(axis=1)).ravel()
    order = np.argsort(-np.abs(total) * scale, kind="stable")
    ordered, unit = by_effect[order], scale[order][:, None]
    observed = np.abs(total[order]) * scale[order]
    generator, extreme, positive = np.random.default_rng(seed), np.zeros(n_effects, np.int64), []
    for first in range(0, n, AT_ONCE):
        signs = generator.integers(0, 2, (n_queries, min(AT_ONCE, n - first)), np.int8) * 2.0 - 1.0
        sums = np.asarray(ordered @ signs)  # (n_effects, flips)
        positive.append((sums > TINY).sum(axis=0))
        largest = np.maximum.accumulate((np.abs(sums) * unit)[::-1], axis=0)[::-1]
        extreme += (largest >= observed[:, None] - ROUNDING).sum(axis=1)
    p_adjusted = np.ones(n_effects)
    p_adjusted[order] = np.maximum.accumulate((1 + extreme) / (1 + n)) if n_effects else 1.0
    p_adjusted[size == 0] = 1.0
    drawn = np.concatenate(positive) if positive and n_effects else np.zeros(1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return SignFlips(
        p_adjusted,
        int((total > TINY).sum()),
        int((total < -TINY).sum()),
        float(drawn.mean()),
        float(low),
        float(high),
        n,
    )

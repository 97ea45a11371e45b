"""Shapley values of a game: each player's mean gain over all orders in which the players can join.

    phi_i = sum_{S without i} |S|! (n - |S| - 1)! / n!  (v(S and i) - v(S))        sum_i phi_i = v(all) - v(none)

A subset is a number: bit i is set where player i is in it. Shapley 1953, "A value for n-person games"; exact, over
all 2^n subsets.
"""

from __future__ import annotations

from math import factorial

import numpy as np
from numpy.typing import NDArray


def shapley_values(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """The players' values, float64 (n_players, ...), of a game's values of each subset (2^n_players, ...)."""
    values = np.asarray(values, np.float64)
    n = len(values).bit_length() - 1
    subsets = np.arange(len(values))
    sizes = np.array([subset.bit_count() for subset in range(len(values))])
    weights = np.array([factorial(s) * factorial(max(n - s - 1, 0)) / factorial(n) for s in sizes])
    players = np.zeros((n, *values.shape[1:]))
    for player in range(n):
        without = subsets[(subsets >> player) & 1 == 0]
        gained = values[without | (1 << player)] - values[without]
        players[player] = np.tensordot(weights[without], gained, axes=1)
    return players

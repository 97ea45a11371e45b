"""Shapley values against all orders of the players, and their axioms."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from analyses.statistics.intervals import bootstrap_mean, bootstrap_means
from analyses.statistics.shapley import shapley_values


@pytest.mark.parametrize("n", [1, 2, 4])
def test_values_are_mean_gains_over_all_orders(n: int) -> None:
    game = np.random.default_rng(n).normal(size=(2**n, 3))
    gains = np.zeros((n, 3))
    orders = list(permutations(range(n)))
    for order in orders:
        present = 0
        for player in order:
            gains[player] += game[present | 1 << player] - game[present]
            present |= 1 << player
    found = shapley_values(game)
    np.testing.assert_allclose(found, gains / len(orders))
    np.testing.assert_allclose(found.sum(axis=0), game[-1] - game[0])


def test_a_player_that_changes_nothing_has_zero_and_equals_have_equal_values() -> None:
    sizes = np.array([(subset & 3).bit_count() for subset in range(8)], float)  # player 2 changes nothing
    np.testing.assert_allclose(shapley_values(sizes**2), [2, 2, 0], atol=1e-12)


def test_several_intervals_are_those_of_each_row() -> None:
    values = np.random.default_rng(0).normal(size=(3, 40))
    np.testing.assert_allclose(bootstrap_means(values), [bootstrap_mean(row) for row in values])

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from analyses.statistics.sign_flips import sign_flips


def by_hand(differences: NDArray[np.float64], vectors: list[NDArray[np.float64]]) -> list[float]:
    """Westfall and Young's step-down p-values over these vectors of signs, in loops."""
    n_effects = differences.shape[1]
    size = np.sqrt((differences**2).sum(axis=0))

    def statistics(signs: NDArray[np.float64]) -> list[float]:
        sums = signs @ differences
        return [abs(sums[j]) / size[j] if size[j] > 0 else 0.0 for j in range(n_effects)]

    observed = statistics(np.ones(len(differences)))
    order = sorted(range(n_effects), key=lambda j: -observed[j])
    drawn = [statistics(signs) for signs in vectors]
    p_values, largest = [1.0] * n_effects, 0.0
    for place, j in enumerate(order):
        rest = order[place:]
        extreme = sum(max(each[h] for h in rest) >= observed[j] - 1e-9 for each in drawn)
        largest = max(largest, (1 + extreme) / (1 + len(drawn)))
        p_values[j] = largest if size[j] > 0 else 1.0
    return p_values


def test_is_the_step_down_procedure_over_the_same_signs() -> None:
    generator = np.random.default_rng(3)
    differences = generator.normal(size=(9, 6)) * (generator.random((9, 6)) < 0.7)
    differences[:, 2] += 1.0
    differences[:, 4] = 0.0
    drawn = np.random.default_rng(11)
    signs = np.concatenate(
        [drawn.integers(0, 2, (9, n), np.int8) * 2.0 - 1.0 for n in (250, 250, 100)], axis=1
    )
    found = sign_flips(csr_array(differences), n=600, seed=11)
    np.testing.assert_allclose(found.p_adjusted, by_hand(differences, list(signs.T)), atol=1e-12)
    assert found.p_adjusted[4] == 1.0
    positive = [int((column > 1e-12).sum()) for column in (differences.T @ signs).T]
    assert found.chance == np.mean(positive)
    assert (found.chance_low, found.chance_high) == tuple(np.quantile(positive, [0.025, 0.975]))
    assert (found.n_positive, found.n_negative) == (
        int((differences.sum(axis=0) > 0).sum()),
        int((differences.sum(axis=0) < 0).sum()),
    )


def test_many_flips_approach_every_flip() -> None:
    differences = np.random.default_rng(5).normal(0.5, 1.0, size=(8, 4))
    every = [np.array(signs, np.float64) for signs in itertools.product((-1, 1), repeat=8)]
    exact = by_hand(differences, every)
    np.testing.assert_allclose(sign_flips(differences, n=20_000).p_adjusted, exact, atol=0.02)


def test_noise_survives_at_the_nominal_rate_and_a_planted_effect_survives() -> None:
    generator, level, n_sets = np.random.default_rng(0), 0.1, 300
    some, planted_p = 0, []
    for seed in range(n_sets):
        noise = generator.normal(size=(40, 25)) * (generator.random((40, 25)) < 0.5)
        some += bool((sign_flips(noise, n=400, seed=seed).p_adjusted <= level).any())
        if seed < 20:
            planted = noise.copy()
            planted[:, 7] = generator.normal(1.5, 1.0, 40)
            found = sign_flips(planted, n=400, seed=seed).p_adjusted
            planted_p.append(found[7])
    # 300 draws of a share of 0.1 stay within four standard errors of it
    assert abs(some / n_sets - level) < 4 * np.sqrt(level * (1 - level) / n_sets)
    assert max(planted_p) <= 0.01


def test_an_effect_of_few_queries_is_never_beyond_chance() -> None:
    differences = np.zeros((50, 2))
    differences[:3, 0] = 1000.0  # 1 in 4 flips does as well, whatever the size
    differences[:, 1] = np.random.default_rng(1).normal(1.0, 0.5, 50)
    p_adjusted = sign_flips(differences, n=2000).p_adjusted
    assert p_adjusted[0] > 0.2
    assert p_adjusted[1] < 0.01


def test_no_effects_and_no_queries() -> None:
    assert sign_flips(np.zeros((4, 0))).p_adjusted.shape == (0,)
    assert (sign_flips(np.zeros((0, 3))).p_adjusted == 1).all()

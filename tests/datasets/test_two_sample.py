"""The energy test: its formula, its level, what it sees."""

import numpy as np
import pytest

from whichgen.datasets.two_sample import energy_test


def rows(seed, n, d=4, shift=0.0):
    return np.random.default_rng(seed).normal(size=(n, d)) + shift


def test_the_coefficient_is_its_formula():
    first, second = rows(0, 7), rows(1, 5, shift=0.5)

    def mean(x, y, pairs):
        return np.linalg.norm(x[:, None] - y[None], axis=2).sum() / pairs

    cross = mean(first, second, 35)
    energy = 2 * cross - mean(first, first, 42) - mean(second, second, 20)
    coefficient, _ = energy_test(first, second, permutations=1, seed=0)
    assert coefficient == pytest.approx(energy / (2 * cross), rel=1e-9)


def test_two_points_are_as_different_as_can_be_and_one_point_is_not():
    point = np.zeros((20, 3))
    apart = energy_test(point, point + 1, permutations=999, seed=0)
    assert apart == pytest.approx((1.0, 0.001))
    assert energy_test(point, point, permutations=99, seed=0) == (0.0, 1.0)


def test_the_p_value_is_uniform_where_nothing_differs():
    p = [
        energy_test(rows(2 * i, 30), rows(2 * i + 1, 20), permutations=99, seed=i)[1]
        for i in range(300)
    ]
    for level in (0.05, 0.25, 0.5, 0.9):
        assert np.mean(np.array(p) <= level) == pytest.approx(level, abs=0.09)


@pytest.mark.parametrize("other", [rows(1, 200, shift=0.3), 1.4 * rows(1, 200)])
def test_a_shift_and_a_spread_are_seen(other):
    coefficient, p = energy_test(rows(0, 200), other, permutations=199, seed=0)
    assert coefficient > 0.005
    assert p == 0.005


def test_the_seed_decides_the_permutations():
    sets = rows(0, 30), rows(1, 30, shift=0.2)
    runs = [energy_test(*sets, permutations=150, seed=seed) for seed in (0, 0, 1)]
    assert runs[0] == runs[1]
    assert runs[0][1] != runs[2][1]


@pytest.mark.parametrize(
    ("first", "second", "permutations", "said"),
    [
        (rows(0, 1), rows(1, 5), 9, "first has 1 rows"),
        (rows(0, 5), rows(1, 5, d=3), 9, "second has 3 features"),
        (rows(0, 5), rows(1, 5), 0, "permutations must be 1"),
        (rows(0, 5), rows(1, 5) * np.nan, 9, "second holds NaN"),
    ],
)
def test_what_cannot_be_tested_is_refused(first, second, permutations, said):
    with pytest.raises(ValueError, match=said):
        energy_test(first, second, permutations=permutations, seed=0)

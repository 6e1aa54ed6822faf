"""Point estimates against numbers worked out by hand and by enumeration."""

import math
from itertools import combinations

import numpy as np
import pytest

from whichgen.comparison.statistics.estimates import (
    best_of_weights,
    expected_best,
    interquartile_mean,
    pareto_front,
    probability_of_improvement,
    ranks,
)


def test_the_interquartile_mean_leaves_out_a_quarter_on_either_side():
    assert interquartile_mean([100, 1, 2, 3]) == 2.5
    assert interquartile_mean([5, 1, 2, 3, 4, -90, 6, 90]) == 3.5
    assert interquartile_mean([1, 2, 9]) == 4  # too few to leave any out
    assert math.isnan(interquartile_mean([]))


def test_the_probability_of_improvement_counts_the_pairs_of_runs():
    assert probability_of_improvement([1, 2], [3, 4]) == 1
    assert probability_of_improvement([3, 4], [1, 2]) == 0
    assert probability_of_improvement([1, 3], [2, 3]) == (2 + 0.5) / 4
    assert probability_of_improvement([math.inf, 1], [2, math.inf]) == (2 + 0.5) / 4
    assert math.isnan(probability_of_improvement([], [1]))


@pytest.mark.parametrize("failed", [0, 1, 3])
def test_the_expected_best_is_the_mean_over_all_draws_in_which_a_run_finishes(failed):
    values = [4.0, 1.0, 7.0, 2.0]
    trials = values + [math.inf] * failed
    expected = []
    for n in range(1, len(trials) + 1):
        best = [min(draw) for draw in combinations(trials, n)]
        expected.append(np.mean([b for b in best if math.isfinite(b)]))
    assert expected_best(values, failed) == pytest.approx(expected)


def test_the_expected_best_of_one_is_the_mean_and_of_all_the_best():
    best = expected_best([4.0, 1.0, 7.0])
    assert (best[0], best[-1]) == (pytest.approx(4), 1)
    assert np.isnan(expected_best([], failed=2)).tolist() == [True, True]
    assert best_of_weights(3).sum(axis=0) == pytest.approx([1, 1, 1])


def test_the_expected_best_is_unbiased():
    draws = np.random.default_rng(0).normal(size=(4000, 6))
    found = np.sort(draws, axis=1) @ best_of_weights(6)
    minimum = np.minimum.reduce(np.random.default_rng(1).normal(size=(4000, 3)), axis=1)
    error = math.hypot(found[:, 2].std(), minimum.std()) / math.sqrt(4000)
    assert found[:, 2].mean() == pytest.approx(minimum.mean(), abs=3.3 * error)


def test_ranks_share_their_mean_where_values_tie():
    assert ranks([3.0, 1.0, 1.0, math.inf]).tolist() == [3, 1.5, 1.5, 4]


def test_the_front_is_what_nothing_dominates():
    points = [[1, 4], [2, 2], [4, 1], [2, 3], [4, 4], [1, 4]]
    assert pareto_front(points).tolist() == [True, True, True, False, False, True]
    assert pareto_front([[[1, 1], [2, 2]], [[3, 1], [2, 2]]]).tolist() == [
        [True, False], [True, True],
    ]  # fmt: skip

"""Paired statistics against exact values and nominal rates."""

import math

import numpy as np
import pytest
from scipy import stats

from whichgen.comparison.statistics.intervals import holm, paired_interval, paired_t_p, sign_flip_p


def test_interval_of_known_numbers():
    interval = paired_interval([1.0, 2.0, 3.0])
    half = 4.302653 / math.sqrt(3)  # t(.975, 2 degrees of freedom) × standard error
    assert (interval.mean, interval.low, interval.high) == pytest.approx((2, 2 - half, 2 + half))
    assert not interval.excludes_zero


def test_interval_of_few_numbers():
    assert math.isnan(paired_interval([]).mean)
    one = paired_interval([3.0])
    assert one.mean == 3
    assert math.isnan(one.low)
    assert not one.excludes_zero
    assert paired_interval([2.0, 2.0]).excludes_zero


@pytest.mark.parametrize(("n", "level"), [(3, 0.95), (6, 0.95), (6, 0.8)])
def test_interval_covers_the_truth_at_the_nominal_rate(n, level):
    draws, truth = 2000, 0.3
    samples = np.random.default_rng(n).normal(truth, 1.7, (draws, n))
    intervals = [paired_interval(sample, level=level) for sample in samples]
    rate = np.mean([i.low <= truth <= i.high for i in intervals])
    assert abs(rate - level) < 3.3 * math.sqrt(level * (1 - level) / draws)


def test_t_test_agrees_with_scipy_and_with_the_interval():
    values = np.random.default_rng(0).normal(0.8, 1, 7)
    assert paired_t_p(values) == pytest.approx(stats.ttest_1samp(values, 0).pvalue)
    assert paired_interval(values).excludes_zero == (paired_t_p(values) < 0.05)


def test_t_test_without_spread():
    assert paired_t_p([0.0, 0.0, 0.0]) == 1
    assert paired_t_p([1.0, 1.0, 1.0]) == 0
    assert math.isnan(paired_t_p([1.0]))


@pytest.mark.parametrize(("n", "p"), [(5, 0.0625), (6, 0.03125), (8, 2 / 2**8), (16, 2 / 2**16)])
def test_sign_flip_is_exact_when_all_agree(n, p):
    assert sign_flip_p(np.arange(1.0, n + 1)) == p
    assert sign_flip_p(-np.arange(1.0, n + 1)) == p


def test_sign_flip_counts_the_flips_that_are_as_extreme():
    # Of 64 flips, 3 reach the observed sum of 14: none, and either of the two ones.
    assert sign_flip_p([1, 2, 3, 4, 5, -1]) == 2 * 3 / 64


def test_sign_flip_of_no_difference_and_of_few():
    assert sign_flip_p([1.0, -1.0, 2.0, -2.0]) == 1
    assert sign_flip_p([3.0]) == 1
    assert math.isnan(sign_flip_p([]))


def test_sign_flip_beyond_sixteen_pairs_is_repeatable():
    values = np.random.default_rng(1).normal(0.5, 1, 20)
    assert sign_flip_p(values) == sign_flip_p(values)
    assert sign_flip_p(values) == pytest.approx(paired_t_p(values), abs=0.02)


def test_holm_of_known_numbers():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1, 1]
    assert holm([]) == []


def test_holm_does_not_count_what_was_not_tested():
    adjusted = holm([math.nan, 0.01, 0.2])
    assert math.isnan(adjusted[0])
    assert adjusted[1:] == pytest.approx([0.02, 0.2])


def test_holm_keeps_the_family_wise_rate():
    draws, axes = 1500, 5
    samples = np.random.default_rng(2).normal(0, 1, (draws, axes, 6))
    wrong = np.mean([min(holm([paired_t_p(a) for a in sample])) < 0.05 for sample in samples])
    rate = 1 - (1 - 0.05 / axes) ** axes  # exact for independent axes
    assert abs(wrong - rate) < 3.3 * math.sqrt(rate * (1 - rate) / draws)

"""Paired statistics against exact values and nominal rates."""

import math

import numpy as np
import pytest
from scipy import stats

from whichgen.comparison.statistics.intervals import (
    Interval,
    best_of_intervals,
    improvement_interval,
    iqm_interval,
    mean_of_intervals,
    median_bounds,
    paired_interval,
    seed_draws,
)
from whichgen.comparison.statistics.significance import holm, paired_t_p, sign_flip_p


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


def binomial_error(rate, draws):
    """How far a rate may stray over so many draws: about once in a thousand tests."""
    return 3.3 * math.sqrt(rate * (1 - rate) / draws)


def rate_of(intervals, truth):
    return np.mean([interval.low <= truth <= interval.high for interval in intervals])


def test_strata_are_means_of_their_own():
    one, two = [1.0, 2.0, 3.0], [10.0, 14.0]
    interval = paired_interval(one, two)
    error = math.sqrt(1 / 3 + 8 / 2) / 2
    freedom = (1 / 3 + 4) ** 2 / ((1 / 3) ** 2 / 2 + 4**2 / 1)
    half = stats.t.ppf(0.975, freedom) * error
    assert (interval.mean, interval.low, interval.high) == pytest.approx((7, 7 - half, 7 + half))
    assert paired_t_p(one, two) == pytest.approx(2 * stats.t.sf(7 / error, freedom))
    assert math.isnan(paired_interval(one, [4.0]).low)


def test_the_stratified_interval_covers_the_truth_whatever_the_strata_differ_in():
    rng, draws = np.random.default_rng(4), 2000
    samples = zip(rng.normal(1, 1, (draws, 6)), rng.normal(-3, 2, (draws, 6)), strict=True)
    rate = rate_of([paired_interval(*pair) for pair in samples], -1)
    assert abs(rate - 0.95) < binomial_error(0.95, draws)


@pytest.mark.parametrize("n", [3, 6, 10])
def test_the_interval_of_the_interquartile_mean_covers_where_the_bootstrap_does_not(n):
    draws = 2000
    samples = np.random.default_rng(n).normal(2, 1, (draws, n))
    rate = rate_of([iqm_interval(sample) for sample in samples], 2)
    assert abs(rate - 0.945) < 0.01 + binomial_error(0.95, draws)  # .935 to .955, and the error
    if n == 6:
        drawn = np.sort(samples[:, seed_draws(n, np.random.default_rng(0), 400)], axis=-1)
        low, high = np.quantile(drawn[..., 1:-1].mean(axis=-1), [0.025, 0.975], axis=1)
        assert np.mean((low <= 2) & (high >= 2)) < 0.95 - binomial_error(0.95, draws)


def test_the_interval_of_the_interquartile_mean_of_known_numbers():
    interval = iqm_interval([0.0, 1.0, 2.0, 3.0, 4.0, 99.0])
    winsorised = np.array([1, 1, 2, 3, 4, 4])
    error = winsorised.std(ddof=1) * math.sqrt(5 / (4 * 3))
    assert interval.mean == 2.5
    assert interval.high - 2.5 == pytest.approx(stats.t.ppf(0.975, 3) * error)
    assert math.isnan(iqm_interval([1.0]).low)
    assert math.isnan(iqm_interval([]).mean)


@pytest.mark.parametrize("shift", [0.0, 1.0, 3.0])
def test_the_interval_of_the_probability_of_improvement_covers_the_truth(shift):
    rng, draws = np.random.default_rng(5), 1500
    one, two = rng.normal(0, 1, (draws, 6)), rng.normal(shift, 1, (draws, 6))
    found = (one[:, :, None] < two[:, None, :]).mean(axis=(1, 2))
    known = {p: improvement_interval(p, (6, 6)) for p in set(found)}
    rate = rate_of([known[p] for p in found], stats.norm.cdf(shift / math.sqrt(2)))
    assert abs(rate - 0.955) < 0.01 + binomial_error(0.95, draws)  # .945 to .965, and the error


def test_the_interval_of_the_probability_of_improvement_never_collapses():
    interval = improvement_interval(1.0, (6, 6))
    assert interval.high == 1
    assert interval.low == pytest.approx(0.689231, abs=1e-6)
    mirrored = improvement_interval(0.0, (6, 6))
    assert (mirrored.low, mirrored.high) == (0, pytest.approx(1 - interval.low))
    assert math.isnan(improvement_interval(math.nan, (0, 6)).low)


def test_the_mean_of_intervals_covers_the_mean_of_the_truths():
    rng, draws = np.random.default_rng(6), 1000
    means = [
        mean_of_intervals([iqm_interval(a), iqm_interval(b)])
        for a, b in zip(rng.normal(1, 1, (draws, 6)), rng.normal(5, 1, (draws, 6)), strict=True)
    ]
    # Both bounds are a t's on 3 degrees, their sum has more: wider than it need be.
    assert 0.95 < rate_of(means, 3) < 0.995
    equal = Interval(1.0, 0.0, 3.0)
    combined = mean_of_intervals([equal, equal])
    assert combined.low == pytest.approx(1 - 1 / math.sqrt(2))
    assert combined.high == pytest.approx(1 + 2 / math.sqrt(2))


@pytest.mark.parametrize(("trials", "n"), [(6, 1), (6, 3), (12, 2), (12, 6)])
def test_the_interval_of_the_expected_best_covers_the_truth(trials, n):
    rng, draws = np.random.default_rng(7), 600
    truth = rng.normal(size=(200_000, n)).min(axis=1).mean()
    found = [best_of_intervals(rng.normal(size=trials))[n - 1] for _ in range(draws)]
    assert 0.95 - binomial_error(0.95, draws) < rate_of(found, truth) <= 1
    if n == 1:
        assert rate_of(found, truth) < 0.95 + binomial_error(0.95, draws)


def test_the_expected_best_has_no_bounds_where_the_trials_cannot_say():
    bounds = [math.isnan(one.low) for one in best_of_intervals([1.0, 2.0, 4.0, 9.0], failed=1)]
    assert bounds == [False, False, True, True, True]
    assert [one.mean for one in best_of_intervals([3.0], failed=1)] == [3, 3]
    assert math.isnan(best_of_intervals([], failed=1)[0].mean)
    one = best_of_intervals([1.0, 2.0, 4.0, 9.0])[0]  # of one: the mean, with Student's interval
    assert (one.low, one.high) == pytest.approx(
        (paired_interval([1, 2, 4, 9]).low, paired_interval([1, 2, 4, 9]).high)
    )


@pytest.mark.parametrize(("n", "rate"), [(6, 1 - 2 / 2**6), (9, 1 - 20 / 2**9)])
def test_the_bounds_of_the_median_cover_it_as_often_as_they_must_whatever_the_distribution(n, rate):
    draws = 4000
    low, high = median_bounds(np.random.default_rng(n).exponential(1, (n, draws)))
    found = np.mean((low <= math.log(2)) & (math.log(2) <= high))
    assert abs(found - rate) < binomial_error(rate, draws)


def test_the_median_has_no_bounds_below_six_values():
    assert np.isnan(median_bounds(np.arange(5.0))[0])
    assert median_bounds(np.arange(6.0)) == (0, 5)
    assert median_bounds(np.arange(9.0)) == (1, 7)

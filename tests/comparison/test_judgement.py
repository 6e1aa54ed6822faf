"""The rule, on simulated differences whose answer is known."""

import math

import numpy as np
import pytest

from whichgen.comparison.axes import AXES, Paired
from whichgen.comparison.judgement import effect_of, judge, measure
from whichgen.comparison.statistics.significance import holm, paired_t_p


def paired(differences, *, margin=0.0, log=False):
    differences = np.asarray(differences, dtype=np.float64)
    return Paired(
        metric="coverage",
        log=log,
        seeds=tuple(range(len(differences))),
        differences=differences,
        first=0.0,
        second=0.0,
        shift=float(differences.mean()),
        margin=margin,
    )


def wins(judged):
    return [j.decision for j in judged.values() if j.decision in ("first", "second")]


def test_a_clear_difference_is_won_by_the_side_it_speaks_for():
    judged = judge({"up": paired(np.arange(1.0, 7.0)), "down": paired(-np.arange(1.0, 7.0))})
    assert {name: j.decision for name, j in judged.items()} == {"up": "second", "down": "first"}
    assert judged["up"].unmet == []
    assert judged["up"].tests == 2
    assert judged["up"].p_holm == pytest.approx(2 * paired_t_p(np.arange(1.0, 7.0)))


@pytest.mark.parametrize(
    ("differences", "margin", "decision", "unmet"),
    [
        ([1.0, 2.0, 3.0, 4.0, 5.0], 0.0, "inconclusive", ["too_few"]),
        ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], math.nan, "inconclusive", ["no_floor"]),
        ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 4.0, "tie", ["margin"]),
        ([1.0, -2.0, 3.0, -4.0, 5.0, -6.0], 0.0, "tie", ["includes_none"]),
        ([1.0, 1.0, 1.0, 1.0, 1.0, -0.01], 0.0, "tie", ["sign_flip"]),
    ],
)
def test_every_condition_that_is_not_met_is_named(differences, margin, decision, unmet):
    judged = judge({"axis": paired(differences, margin=margin)})["axis"]
    assert (judged.decision, judged.unmet) == (decision, unmet)


def test_what_has_too_few_seeds_is_no_test_to_correct_for():
    judged = judge({"six": paired(np.arange(1.0, 7.0)), "five": paired(np.arange(1.0, 6.0))})
    assert judged["six"].tests == 1
    assert math.isnan(judged["five"].p_holm)


def test_log_ratios_are_told_as_ratios():
    effect, (low, high) = effect_of(judge({"q": paired(np.log([2.0, 2.0, 2.0]), log=True)})["q"])
    assert (effect, low, high) == pytest.approx((2, 2, 2))


def rate_of_the_rule(effect):
    """How often all six signs agree and the t interval excludes zero, from 200,000 draws."""
    many = np.random.default_rng(3).normal(effect, 1, (200_000, 6))
    t = many.mean(axis=1) / (many.std(axis=1, ddof=1) / math.sqrt(6))
    agree = (many > 0).all(axis=1) | (many < 0).all(axis=1)
    return float(np.mean(agree & (abs(t) > 2.570582)))  # t(.975, 5 degrees of freedom)


def test_ties_stay_ties():
    """Without any difference an axis is won as rarely as both tests together allow."""
    draws = np.random.default_rng(0).normal(0, 1, (1200, 6))
    rate = np.mean([bool(wins(judge({"axis": paired(d)}))) for d in draws])
    expected = rate_of_the_rule(0.0)
    assert expected < 0.05 / 1.5
    assert abs(rate - expected) < 3.3 * math.sqrt(expected * (1 - expected) / len(draws))


def test_a_difference_within_the_margin_stays_a_tie_however_many_seeds():
    draws = np.random.default_rng(1).normal(0.9, 0.1, (100, 8))
    assert not any(wins(judge({"axis": paired(d, margin=1.0)})) for d in draws)


@pytest.mark.parametrize(("effect", "power"), [(3.0, 0.99), (1.5, 0.65)])
def test_a_real_difference_is_found(effect, power):
    draws = np.random.default_rng(2).normal(effect, 1, (600, 6))
    found = [wins(judge({"axis": paired(d)})) for d in draws]
    assert {side for sides in found for side in sides} == {"second"}
    assert rate_of_the_rule(effect) == pytest.approx(power, abs=0.01)
    rate = np.mean([bool(sides) for sides in found])
    assert abs(rate - power) < 0.01 + 3.3 * math.sqrt(power * (1 - power) / len(draws))


def test_the_chance_of_any_false_win_over_all_axes_is_at_most_alpha():
    draws = np.random.default_rng(4).normal(0, 1, (400, len(AXES), 6))
    judged = [judge({str(i): paired(d) for i, d in enumerate(draw)}) for draw in draws]
    rate = np.mean([bool(wins(one)) for one in judged])
    assert 0 < rate < 0.05 + 3.3 * math.sqrt(0.05 * 0.95 / len(draws))


def test_the_corrected_tests_of_a_matrix_of_recipes_keep_the_family_wise_rate():
    """Ten pairs of five equal recipes, which share their runs, on two axes."""
    rng, draws = np.random.default_rng(5), 800
    one, two = np.triu_indices(5, 1)
    wrong = 0
    for scores in rng.normal(0, 1, (draws, 2, 5, 6)):
        p_values = [paired_t_p(d) for d in (scores[:, one] - scores[:, two]).reshape(-1, 6)]
        wrong += min(holm(p_values)) < 0.05
    assert 0 < wrong / draws < 0.05 + 3.3 * math.sqrt(0.05 * 0.95 / draws)


def test_each_axis_is_measured_with_its_sign(make_cells):
    better = {"fd": 5.0, "coverage": 0.9, "type_agreement": 0.95, "memorisation": 0.5}
    worse = {"fd": 9.0, "coverage": 0.7, "type_agreement": 0.85, "memorisation": 0.6}
    cells = make_cells(gan=worse, dgn=better, curves={"gan": {"flops_per_step": 2e9}}, noise=0.1)
    gan, dgn = ({c.seed: c for c in cells if c.family == f} for f in ("gan", "dgn"))
    means = {axis: float(p.differences.mean()) for axis, p in measure(gan, dgn).items()}
    mirrored = {axis: float(p.differences.mean()) for axis, p in measure(dgn, gan).items()}
    assert set(means) == set(AXES)
    for axis in ("quality", "diversity", "type_control", "memorisation", "cost"):
        assert means[axis] > 0
        assert mirrored[axis] == pytest.approx(-means[axis])
    assert means["quality"] == pytest.approx(math.log(9 / 5) + 0.1 * 0.02 / 6)
    assert means["memorisation"] == pytest.approx(0.1, abs=0.002)


def test_a_share_of_copies_below_chance_wins_nothing(make_cells):
    cells = make_cells(gan={"memorisation": 0.49}, dgn={"memorisation": 0.40}, noise=0)
    gan, dgn = ({c.seed: c for c in cells if c.family == f} for f in ("gan", "dgn"))
    measured = measure(gan, dgn)["memorisation"]
    assert (measured.first, measured.second) == (0.49, 0.40)
    assert measured.differences.tolist() == [0.0] * 6

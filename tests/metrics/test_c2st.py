import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, norm

from whichgen.metrics import c2st, detectable_accuracy

Array = npt.NDArray[np.float64]
seeds = st.integers(0, 2**32 - 1)


def two_sets(seed: int, n: int, d: int = 3) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(n, d))


@given(seed=seeds, n=st.integers(5, 40))
def test_a_set_cannot_be_told_from_itself(seed: int, n: int) -> None:
    """Each row tried is there as real and as generated, and is told rightly once."""
    real, _ = two_sets(seed, n)
    result = c2st(real, real)
    tried = 2 * (n - n // 2)
    assert (result["accuracy"], result["n"]) == (0.5, tried)
    assert result["p"] == pytest.approx(binom.sf(tried / 2 - 1, tried, 0.5))


def test_sets_far_apart_are_told_in_every_case() -> None:
    real, fake = two_sets(0, 40)
    result = c2st(real, fake + 100)
    assert (result["accuracy"], result["high"], result["n"]) == (1, 1, 40)
    assert result["p"] == pytest.approx(0.5**40, rel=1e-9, abs=0)
    assert result["low"] == pytest.approx(0.025 ** (1 / 40))


def test_equal_distributions_are_told_apart_no_more_often_than_the_level_allows() -> None:
    results = [c2st(*two_sets(seed, 60)) for seed in range(300)]
    accuracy = [result["accuracy"] for result in results]
    assert np.mean(accuracy) == pytest.approx(0.5, abs=3 * 0.5 / np.sqrt(60 * 300))
    level = binom.sf(binom.isf(0.05, 60, 0.5), 60, 0.5)  # of the exact test: below .05
    rejected = np.mean([result["p"] < 0.05 for result in results])
    assert rejected == pytest.approx(level, abs=3 * np.sqrt(0.05 * 0.95 / 300))
    held = np.mean([result["low"] <= 0.5 <= result["high"] for result in results])
    assert held == pytest.approx(0.96, abs=0.04)


@pytest.mark.parametrize("shift", [0.5, 2.0])
def test_a_shift_is_told_as_well_as_can_be(shift: float) -> None:
    """The best rule for N(0, 1) and N(a, 1) cuts at a / 2 and is right with P = Φ(a / 2)."""
    real, fake = two_sets(0, 8000, d=1)
    best = norm.cdf(shift / 2)
    result = c2st(real, fake + shift)
    assert result["accuracy"] == pytest.approx(best, abs=4 * np.sqrt(best * (1 - best) / 8000))
    assert result["low"] < best < result["high"]


def test_another_spread_about_the_same_mean_is_seen() -> None:
    """The best rule for N(0, 1) and N(0, s²) cuts at |x| = c, where the densities cross."""
    real, fake = two_sets(1, 8000, d=1)
    s = 2.0
    c = s * np.sqrt(2 * np.log(s) / (s**2 - 1))
    best = 0.5 * (2 * norm.cdf(c) - 1) + norm.sf(c / s)
    assert c2st(real, s * fake)["accuracy"] == pytest.approx(best, abs=0.02)
    assert best > 0.65


@given(n=st.integers(5, 3000))
def test_the_detectable_accuracy_has_a_power_of_four_fifths(n: int) -> None:
    critical = next(c for c in range(n // 2, n + 1) if binom.sf(c - 1, n, 0.5) <= 0.05)
    assert binom.sf(critical - 1, n, detectable_accuracy(n)) == pytest.approx(0.8, abs=1e-9)


def test_more_rows_detect_smaller_differences() -> None:
    assert detectable_accuracy(5) == pytest.approx(0.8**0.2)  # only 5 of 5 will do
    assert detectable_accuracy(450) == pytest.approx(0.5586, abs=5e-5)
    # The normal approximation: ½ + (1.645 + .842) / 2√n.
    assert detectable_accuracy(10**6) == pytest.approx(0.5 + 2.487 / 2000, abs=1e-6)
    with pytest.raises(ValueError, match=r"^n must be 5 or more, not 4"):
        detectable_accuracy(4)


@settings(max_examples=30)
@given(seed=seeds, scale=st.floats(0.01, 100), shift=st.floats(-100, 100))
def test_order_within_a_half_scale_shift_and_a_constant_feature_change_nothing(
    seed: int, scale: float, shift: float
) -> None:
    real, fake = two_sets(seed, 30)
    fake += 0.5
    rng = np.random.default_rng(seed)
    order = np.concatenate([rng.permutation(15), 15 + rng.permutation(15)])
    moved = [
        np.column_stack([shift + scale * x[order], np.full(30, scale / 3)]) for x in (real, fake)
    ]
    one, two = c2st(real, fake)["accuracy"], c2st(*moved)["accuracy"]
    assert two == pytest.approx(one, abs=1.01 / 30)  # one row may lie on the boundary


def test_duplicates_across_the_halves_give_nothing_away() -> None:
    real, fake = two_sets(0, 40)
    twice = [np.tile(x, (2, 1)) for x in (real, fake)]
    same = c2st(np.tile(real, (2, 1)), np.tile(real, (2, 1)))
    assert same["accuracy"] == 0.5
    assert c2st(*twice)["n"] == 80


def test_more_features_than_rows() -> None:
    real, fake = two_sets(0, 20, d=50)
    assert c2st(real, real)["accuracy"] == 0.5
    assert c2st(real, fake + 10)["accuracy"] == 1


def test_too_few_rows_and_unequal_sizes_are_refused() -> None:
    real, fake = two_sets(0, 20)
    with pytest.raises(ValueError, match=r"^fake has 19 rows, real 20: match the sizes"):
        c2st(real, fake[:19])
    with pytest.raises(ValueError, match=r"^real has 4 rows; at least 5 are needed"):
        c2st(real[:4], fake[:4])

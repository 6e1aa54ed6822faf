import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from whichgen.metrics import (
    frechet_by_type,
    frechet_distance,
    type_agreement,
    type_divergence,
    type_shares,
)

seeds = st.integers(0, 2**32 - 1)


def repeated(*counts: int) -> np.ndarray:
    return np.repeat(np.arange(len(counts)), counts)


def test_shares_count_the_absent_too() -> None:
    np.testing.assert_array_equal(type_shares(np.array([0, 2, 2, 0]), 4), [0.5, 0, 0.5, 0])


@given(seed=seeds, n=st.integers(1, 200), n_types=st.integers(1, 12))
def test_shares_sum_to_one_in_any_order(seed: int, n: int, n_types: int) -> None:
    rng = np.random.default_rng(seed)
    types = rng.integers(n_types, size=n)
    shares = type_shares(types, n_types)
    assert shares.shape == (n_types,)
    assert shares.sum() == pytest.approx(1)
    np.testing.assert_array_equal(type_shares(rng.permutation(types), n_types), shares)


@given(seed=seeds, n=st.integers(1, 100), n_types=st.integers(1, 12))
def test_equal_shares_diverge_by_zero_and_cover_all(seed: int, n: int, n_types: int) -> None:
    types = np.random.default_rng(seed).integers(n_types, size=n)
    scores = type_divergence(types, np.tile(types, 3), n_types)
    assert scores == {"types_covered": 1.0, "types_kl": pytest.approx(0, abs=1e-12)}


def test_a_single_type_out_of_ten() -> None:
    scores = type_divergence(repeated(*[50] * 10), np.full(500, 3), 10)
    assert scores == {"types_covered": 0.1, "types_kl": pytest.approx(np.log(10))}


@given(seed=seeds)
def test_the_divergence_runs_from_generated_to_real(seed: int) -> None:
    rng = np.random.default_rng(seed)
    real, fake = (np.concatenate([np.arange(5), rng.integers(5, size=40)]) for _ in range(2))
    expected = entropy(type_shares(fake, 5), type_shares(real, 5))
    assert type_divergence(real, fake, 5)["types_kl"] == pytest.approx(expected, abs=1e-12)


def test_the_divergence_is_not_symmetric() -> None:
    real, fake = repeated(90, 10), repeated(50, 50)
    forward = 0.5 * np.log(0.5 / 0.9) + 0.5 * np.log(0.5 / 0.1)
    backward = 0.9 * np.log(0.9 / 0.5) + 0.1 * np.log(0.1 / 0.5)
    assert type_divergence(real, fake, 2)["types_kl"] == pytest.approx(forward)
    assert type_divergence(fake, real, 2)["types_kl"] == pytest.approx(backward)


def test_a_type_is_covered_from_a_tenth_of_its_real_share() -> None:
    real = repeated(500, 500)
    assert type_divergence(real, repeated(950, 50), 2)["types_covered"] == 1.0
    assert type_divergence(real, repeated(951, 49), 2)["types_covered"] == 0.5


def test_a_type_absent_from_both_is_neither_covered_nor_counted() -> None:
    scores = type_divergence(repeated(30, 10, 0), repeated(40, 0, 0), 3)
    assert scores == {"types_covered": 0.5, "types_kl": pytest.approx(np.log(4 / 3))}


def test_a_type_without_a_real_sample_counts_as_half_of_one() -> None:
    scores = type_divergence(repeated(10, 0), repeated(5, 5), 2)
    expected = 0.5 * np.log(0.5 / (10 / 10.5)) + 0.5 * np.log(0.5 / (0.5 / 10.5))
    assert scores == {"types_covered": 1.0, "types_kl": pytest.approx(expected)}


def test_agreement_is_the_share_of_equal_types() -> None:
    assert type_agreement(np.array([0, 1, 2, 3]), np.array([0, 1, 2, 0])) == 0.75
    assert type_agreement(np.array([1]), np.array([1])) == 1.0
    assert type_agreement(np.array([1]), np.array([0])) == 0.0


@pytest.mark.parametrize(
    "bad",
    [np.array([], dtype=np.int64), np.array([0.0, 1.0]), np.zeros((2, 2), dtype=np.int64)],
)
def test_arrays_that_are_not_types_are_refused(bad: np.ndarray) -> None:
    good = np.array([0, 1])
    with pytest.raises(ValueError, match=r"^types must"):
        type_shares(bad, 2)
    with pytest.raises(ValueError, match=r"^real_types must"):
        type_divergence(bad, good, 2)
    with pytest.raises(ValueError, match=r"^fake_types must"):
        type_divergence(good, bad, 2)
    with pytest.raises(ValueError, match=r"^asked must"):
        type_agreement(bad, good)
    with pytest.raises(ValueError, match=r"^recognised must"):
        type_agreement(good, bad)


@pytest.mark.parametrize("bad", [-1, 2])
def test_a_type_out_of_range_is_refused(bad: int) -> None:
    with pytest.raises(ValueError, match=r"^fake_types must lie in 0 … 1"):
        type_divergence(np.array([0, 1]), np.array([0, bad]), 2)


def test_no_types_and_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^n_types must be 1 or more"):
        type_shares(np.array([0]), 0)
    with pytest.raises(ValueError, match=r"^recognised has 2 types, asked 3"):
        type_agreement(np.array([0, 1, 2]), np.array([0, 1]))


def test_the_distance_within_each_type() -> None:
    """Type 1 is shifted by (0, 2), type 0 is not, type 2 has a single generated row."""
    real = np.random.default_rng(0).normal(size=(40, 2))
    types = np.arange(40) % 3
    fake = real + 2 * np.outer(types == 1, [0, 1])
    kept = (types < 2) | (np.arange(40) == 2)
    distances = frechet_by_type(real, types, fake[kept], types[kept], 4)
    assert distances == [pytest.approx(0, abs=1e-9), pytest.approx(4), None, None]


def test_of_each_type_as_many_rows_of_both_sets_are_compared() -> None:
    real, fake = np.random.default_rng(0).normal(size=(2, 30, 2))
    one = np.zeros(30, dtype=np.int64)
    (distance,) = frechet_by_type(real, one, fake[:20], one[:20], 1)
    assert distance == frechet_distance(real[:20], fake[:20])


def test_types_that_do_not_match_their_rows_are_refused() -> None:
    rows, types = np.zeros((4, 2)), np.array([0, 1, 0, 1])
    with pytest.raises(ValueError, match=r"^fake_types has 3 types for 4 rows"):
        frechet_by_type(rows, types, rows, types[:3], 2)
    with pytest.raises(ValueError, match=r"^real_types must lie in 0 … 0"):
        frechet_by_type(rows, types, rows, types, 1)

from math import erfc

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import binom

from whichgen.metrics import closest_pairs, memorisation

Array = npt.NDArray[np.float64]
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 30)


def three_sets(seed: int, m: int, n: int, d: int = 3) -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, d)), rng.normal(size=(n, d)), rng.normal(size=(n, d))


@given(seed=seeds, m=sizes, n=sizes)
def test_the_share_and_the_tail_written_out(seed: int, m: int, n: int) -> None:
    fake, train, held_out = three_sets(seed, m, n)
    nearer = cdist(fake, train).min(axis=1) < cdist(fake, held_out).min(axis=1)
    scores = memorisation(fake, train, held_out)
    assert scores["share"] == pytest.approx(nearer.mean())
    assert scores["p"] == pytest.approx(binom.sf(nearer.sum() - 1, m, 0.5))


def test_shrinking_without_copying_is_innocent() -> None:
    fake, train, held_out = three_sets(0, 2000, 2000, d=2)
    scores = memorisation(0.8 * fake, train, held_out)
    assert scores["share"] == pytest.approx(0.505, abs=0.03)
    assert scores["p"] > 0.01
    assert scores["p_swap"] > 0.01


def test_a_fifth_copied_is_found() -> None:
    """A copy is always nearer to the training set: .2 · 1 + .8 · .5 = .6."""
    fake, train, held_out = three_sets(0, 2000, 2000, d=2)
    fake[:400] = train[:400]
    scores = memorisation(fake, train, held_out)
    assert scores["share"] == pytest.approx(0.6, abs=0.03)
    assert scores["p"] < 1e-15
    assert scores["p_swap"] < 1e-12


def test_nothing_but_copies() -> None:
    _, train, held_out = three_sets(0, 50, 50)
    assert memorisation(train, train, held_out)["share"] == 1
    assert memorisation(train, train, held_out)["p"] == pytest.approx(0.5**50, rel=1e-9, abs=0)
    assert memorisation(held_out, train, held_out)["share"] == 0
    assert memorisation(held_out, train, held_out)["p"] == 1


def test_the_swap_p_value_by_hand() -> None:
    """50 copies: 1 vote for each of 50 training rows, none for held-out ones. A random half of
    the 100 rows gets 25 votes, give or take √(50/2 · 100/4 / 99); 50 is 9.95 of those away."""
    _, train, held_out = three_sets(0, 50, 50)
    distance = 25 / np.sqrt(625 / 99)
    p = memorisation(train, train, held_out)["p_swap"]
    assert p == pytest.approx(erfc(distance / np.sqrt(2)) / 2, rel=1e-9, abs=0)
    assert memorisation(held_out, train, held_out)["p_swap"] == pytest.approx(1)


def test_hubs_fool_the_binomial_and_not_the_swap() -> None:
    """No copying in 64 dimensions, shrunk: a few rows near the centre are nearest to most."""
    rng = np.random.default_rng(0)
    runs = [
        memorisation(0.8 * rng.normal(size=(200, 64)), *rng.normal(size=(2, 200, 64)))
        for _ in range(200)
    ]
    assert np.mean([run["share"] for run in runs]) == pytest.approx(0.5, abs=0.02)
    assert np.mean([run["p"] < 0.05 for run in runs]) == pytest.approx(0.2, abs=0.06)
    assert np.mean([run["p_swap"] < 0.05 for run in runs]) == pytest.approx(0.05, abs=0.035)


def test_ties_count_half_and_are_no_evidence() -> None:
    train, held_out = np.array([[-1.0], [5.0]]), np.array([[1.0], [9.0]])
    tied = np.array([[0.0], [7.0]])
    assert memorisation(tied, train, held_out) == {"share": 0.5, "p": 1.0, "p_swap": 1.0}
    mixed = np.array([[0.0], [-1.0], [5.0]])
    assert memorisation(mixed, train, held_out)["share"] == pytest.approx(2.5 / 3)
    assert memorisation(mixed, train, held_out)["p"] == 0.25


@given(seed=seeds, m=sizes, n=sizes, scale=st.floats(1e-3, 1e3))
def test_one_set_in_both_places_is_all_ties(seed: int, m: int, n: int, scale: float) -> None:
    fake, train, _ = three_sets(seed, m, n)
    scores = memorisation(scale * fake, scale * train, scale * train[::-1])
    assert scores["share"] == 0.5
    assert scores["p"] == 1


@given(seed=seeds, m=sizes, n=sizes)
def test_swapping_the_sets_mirrors_the_share(seed: int, m: int, n: int) -> None:
    fake, train, held_out = three_sets(seed, m, n)
    swapped = memorisation(fake, held_out, train)
    assert swapped["share"] == pytest.approx(1 - memorisation(fake, train, held_out)["share"])


@given(seed=seeds, m=sizes, n=sizes, scale=st.floats(1e-3, 1e3), shift=st.floats(-1e3, 1e3))
def test_order_scale_shift_and_constant_features_change_nothing(
    seed: int, m: int, n: int, scale: float, shift: float
) -> None:
    sets = three_sets(seed, m, n)
    rng = np.random.default_rng(seed)
    moved = [
        np.column_stack([shift + scale * rng.permutation(x), np.full(len(x), shift)]) for x in sets
    ]
    scores = memorisation(*sets)
    assert memorisation(*moved) == {name: pytest.approx(value) for name, value in scores.items()}


def test_unmatched_sizes_and_empty_sets_are_refused() -> None:
    fake, train, held_out = three_sets(0, 5, 8)
    with pytest.raises(ValueError, match=r"^held_out has 7 rows, train 8"):
        memorisation(fake, train, held_out[:7])
    with pytest.raises(ValueError, match=r"^fake has 0 rows"):
        memorisation(fake[:0], train, held_out)


def test_the_closest_pairs_are_the_copies_first() -> None:
    train, held_out = np.array([[0.0], [10.0], [20.0]]), np.array([[4.0], [100.0], [13.0]])
    fake = np.array([[8.0], [20.0], [1.0], [60.0]])
    assert closest_pairs(fake, train, held_out, count=3) == [
        {"fake": 1, "train": 2, "held_out": 2, "to_train": 0, "to_held_out": 7},
        {"fake": 2, "train": 0, "held_out": 0, "to_train": 1, "to_held_out": 3},
        {"fake": 0, "train": 1, "held_out": 0, "to_train": 2, "to_held_out": 4},
    ]


@given(seed=seeds, m=sizes, n=sizes)
def test_the_closest_pairs_are_in_order_and_no_more_than_there_are(
    seed: int, m: int, n: int
) -> None:
    sets = three_sets(seed, m, n)
    pairs = closest_pairs(*sets, count=5)
    away = cdist(sets[0], sets[1]).min(axis=1)
    assert [pair["to_train"] for pair in pairs] == pytest.approx(np.sort(away)[:5])
    with pytest.raises(ValueError, match=r"^count must be 1 or more"):
        closest_pairs(*sets, count=0)

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whichgen.metrics import precision_recall

Array = npt.NDArray[np.float64]
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(4, 30)


def two_sets(seed: int, n: int, m: int, d: int = 3) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), 0.5 + rng.normal(size=(m, d))


def test_balls_on_a_line() -> None:
    real, fake = np.array([[0.0], [1.0], [3.0]]), np.array([[2.0], [2.5], [10.0]])
    # Radii of real: 1, 1, 2 -> balls [-1, 1], [0, 2], [1, 5]: 2 and 2.5 are in, 10 is out.
    # Radii of fake: .5, .5, 7.5 -> balls [1.5, 2.5], [2, 3], [2.5, 17.5]: only 3 is in.
    assert precision_recall(real, fake, k=1) == {"precision": 2 / 3, "recall": 1 / 3}


def test_the_surface_of_a_ball_belongs_to_it() -> None:
    real, fake = np.array([[0.0], [1.0]]), np.array([[2.0], [2.0]])
    assert precision_recall(real, fake, k=1) == {"precision": 1.0, "recall": 0.0}


@given(seed=seeds, n=sizes, k=st.integers(1, 3), scale=st.floats(1e-3, 1e3))
def test_a_set_against_itself_is_perfect(seed: int, n: int, k: int, scale: float) -> None:
    real = scale * two_sets(seed, n, n)[0]
    assert precision_recall(real, real, k=k) == {"precision": 1.0, "recall": 1.0}


def test_sets_far_apart_share_nothing() -> None:
    real, fake = two_sets(0, 100, 100)
    assert precision_recall(real, fake + 1e3) == {"precision": 0.0, "recall": 0.0}


def test_a_collapsed_generator_is_precise_and_recalls_little() -> None:
    rng = np.random.default_rng(0)
    real = rng.normal(size=(500, 4))
    fake = real[:1] + 1e-3 * rng.normal(size=(500, 4))
    assert precision_recall(real, fake) == {"precision": 1.0, "recall": 1 / 500}


def test_a_dropped_mode_costs_recall_and_not_precision() -> None:
    rng = np.random.default_rng(0)
    centres = 100 * np.eye(4)
    real = np.repeat(centres, 200, axis=0) + rng.uniform(size=(800, 4))
    fake = np.repeat(centres[:3], 200, axis=0) + rng.uniform(size=(600, 4))
    kept = precision_recall(real[:600], fake)
    scores = precision_recall(real, fake)
    assert scores["precision"] == kept["precision"] > 0.8
    assert scores["recall"] == pytest.approx(0.75 * kept["recall"], rel=1e-12)
    assert kept["recall"] > 0.8


@given(seed=seeds, n=sizes, m=sizes)
def test_swapping_the_sets_swaps_the_scores(seed: int, n: int, m: int) -> None:
    real, fake = two_sets(seed, n, m)
    scores, swapped = precision_recall(real, fake), precision_recall(fake, real)
    assert scores == {"precision": swapped["recall"], "recall": swapped["precision"]}


@given(seed=seeds, n=sizes, m=sizes, scale=st.floats(1e-3, 1e3), shift=st.floats(-1e3, 1e3))
def test_order_scale_shift_and_constant_features_change_nothing(
    seed: int, n: int, m: int, scale: float, shift: float
) -> None:
    real, fake = two_sets(seed, n, m)
    rng = np.random.default_rng(seed)

    def moved(x: Array) -> Array:
        return np.column_stack([shift + scale * rng.permutation(x), np.full(len(x), shift)])

    assert precision_recall(moved(real), moved(fake)) == precision_recall(real, fake)


@given(seed=seeds, n=sizes, m=sizes)
def test_repeating_the_generated_rows_leaves_precision(seed: int, n: int, m: int) -> None:
    real, fake = two_sets(seed, n, m)
    scores, twice = precision_recall(real, fake), precision_recall(real, np.tile(fake, (2, 1)))
    assert twice["precision"] == scores["precision"]
    assert twice["recall"] <= scores["recall"]  # balls shrink


def test_identical_constant_sets_are_perfect() -> None:
    same = np.full((9, 2), 0.1)
    assert precision_recall(same, same) == {"precision": 1.0, "recall": 1.0}

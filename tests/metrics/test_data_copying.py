import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import mannwhitneyu

from whichgen.metrics import data_copying, memorisation

Array = npt.NDArray[np.float64]
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(21, 50)


def three_sets(seed: int, m: int, n: int, d: int = 3) -> tuple[Array, Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, d)), rng.normal(size=(n, d)), rng.normal(size=(n, d))


def z_of(fake: Array, train: Array, held_out: Array) -> float:
    near = [cdist(x, train).min(axis=1) for x in (fake, held_out)]
    m, n = len(fake), len(held_out)
    u = mannwhitneyu(*near, method="asymptotic").statistic
    return float((u - m * n / 2) / np.sqrt(m * n * (m + n + 1) / 12))


@given(seed=seeds, m=sizes, n=st.integers(1, 50))
def test_one_cell_is_the_mann_whitney_test(seed: int, m: int, n: int) -> None:
    sets = three_sets(seed, m, n)
    assert data_copying(*sets, cells=1) == pytest.approx(z_of(*sets), rel=1e-9, abs=1e-9)


def test_cells_are_judged_apart_and_weighted_by_their_held_out_rows() -> None:
    """Two far clusters: 30 + 30 training rows, 30 + 60 held-out ones, copies in the first only."""
    rng = np.random.default_rng(0)
    near, far = np.zeros(3), np.full(3, 100.0)
    train = [near + rng.normal(size=(30, 3)), far + rng.normal(size=(30, 3))]
    held_out = [near + rng.normal(size=(30, 3)), far + rng.normal(size=(60, 3))]
    fake = [train[0][:25], far + rng.normal(size=(25, 3))]
    parts = [z_of(*cell) for cell in zip(fake, train, held_out, strict=True)]
    assert parts[0] < -5 < parts[1]
    joined = [np.concatenate(x) for x in (fake, train, held_out)]
    expected = (30 * parts[0] + 60 * parts[1]) / 90
    assert data_copying(*joined, cells=2) == pytest.approx(expected, rel=1e-9)
    fewer = np.concatenate([fake[0][:20], fake[1]])  # 20 are too few for the first cell to count
    assert data_copying(fewer, *joined[1:], cells=2) == pytest.approx(parts[1], rel=1e-9)


def test_without_copying_it_is_a_standard_normal_variable() -> None:
    values = [data_copying(*three_sets(seed, 100, 100), cells=1) for seed in range(200)]
    assert np.mean(values) == pytest.approx(0, abs=3 / np.sqrt(200))
    assert np.std(values) == pytest.approx(1, abs=0.15)


def test_it_takes_shrinking_for_copying_and_the_share_of_memorisation_does_not() -> None:
    """8 features, 2,000 rows, everything shrunk by a fifth: C_T about −10.8, the share .505."""
    runs = [three_sets(seed, 2000, 2000, d=8) for seed in range(4)]
    shrunk = [(0.8 * fake, train, held_out) for fake, train, held_out in runs]
    assert np.mean([data_copying(*sets) for sets in shrunk]) == pytest.approx(-10.8, abs=1)
    assert np.mean([memorisation(*sets)["share"] for sets in shrunk]) == pytest.approx(
        0.505, abs=0.02
    )


def test_nothing_but_copies_and_nothing_near() -> None:
    """All ranks lowest, or all highest: ∓ √(3 m n / (m + n + 1))."""
    fake, train, held_out = three_sets(0, 40, 40)
    extreme = np.sqrt(3 * 40 * 40 / 81)
    assert data_copying(train, train, held_out, cells=1) == pytest.approx(-extreme)
    assert data_copying(fake + 100, train, held_out, cells=1) == pytest.approx(extreme)


@given(seed=seeds, m=st.integers(80, 120), n=st.integers(4, 40), scale=st.floats(1e-2, 1e2))
def test_order_scale_shift_and_a_constant_feature_change_nothing(
    seed: int, m: int, n: int, scale: float
) -> None:
    sets = three_sets(seed, m, n)
    rng = np.random.default_rng(seed)
    moved = [np.column_stack([7 + scale * rng.permutation(x), np.full(len(x), 7.0)]) for x in sets]
    assert data_copying(*moved) == pytest.approx(data_copying(*sets), rel=1e-9, abs=1e-9)


def test_what_leaves_no_cell_is_refused() -> None:
    fake, train, held_out = three_sets(0, 30, 30)
    with pytest.raises(ValueError, match=r"^train has 1 different rows; at least 3 are needed"):
        data_copying(fake, np.ones((30, 3)), held_out)
    with pytest.raises(ValueError, match=r"^fake has no cell of 3 with more than 20 rows"):
        data_copying(fake[:20], train, held_out)
    with pytest.raises(ValueError, match=r"^cells must be 1 or more"):
        data_copying(fake, train, held_out, cells=0)

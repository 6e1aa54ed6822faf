import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from whichgen.metrics import auth_pct

Array = npt.NDArray[np.float64]
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(2, 30)


def two_sets(seed: int, m: int, n: int, d: int = 3) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, d)), rng.normal(size=(n, d))


def test_rows_on_a_line() -> None:
    """Training rows at 0, 1 and 5 have their nearest neighbours 1, 1 and 4 away."""
    train = np.array([[0.0], [1.0], [5.0]])
    fake = np.array([[-1.5], [0.4], [2.5], [8.0], [9.5]])
    # Nearest training rows: 0, 0, 1, 5, 5, at 1.5 > 1, .4 < 1, 1.5 > 1, 3 < 4, 4.5 > 4.
    assert auth_pct(fake, train) == 60


@given(seed=seeds, m=sizes, n=sizes)
def test_the_definition_written_out(seed: int, m: int, n: int) -> None:
    fake, train = two_sets(seed, m, n)
    among = cdist(train, train) + np.diag(np.full(n, np.inf))
    away = cdist(fake, train)
    nearest = away.argmin(axis=1)
    authentic = among.min(axis=1)[nearest] < away.min(axis=1)
    assert auth_pct(fake, train) == pytest.approx(100 * authentic.mean())


@pytest.mark.parametrize(
    ("d", "mutual"),
    [(1, 2 / 3), (2, 6 * np.pi / (8 * np.pi + 3 * np.sqrt(3))), (3, 16 / 27)],
)
def test_fresh_rows_of_a_uniform_distribution(d: int, mutual: float) -> None:
    """A row is inauthentic if it and its nearest neighbour are each other's; Clark and Evans
    1955 give the share of such rows."""
    rng = np.random.default_rng(0)
    runs = [auth_pct(*rng.uniform(size=(2, 3000, d))) for _ in range(8)]
    assert np.mean(runs) == pytest.approx(100 * (1 - mutual), abs=1)


def test_copies_are_not_authentic_and_rows_far_away_are() -> None:
    _, train = two_sets(0, 50, 50)
    assert auth_pct(train, train) == 0
    assert auth_pct(np.repeat(train, 2, axis=0), np.repeat(train, 2, axis=0)) == 0
    assert auth_pct(train + 100, train) == 100


def test_shrinking_without_copying_is_taken_for_copying() -> None:
    fake, train = two_sets(0, 2000, 2000, d=8)
    assert auth_pct(0.8 * fake, train) < auth_pct(fake, train) - 5


@given(seed=seeds, m=sizes, n=sizes, scale=st.floats(1e-3, 1e3), shift=st.floats(-1e3, 1e3))
def test_order_scale_shift_and_constant_features_change_nothing(
    seed: int, m: int, n: int, scale: float, shift: float
) -> None:
    sets = two_sets(seed, m, n)
    rng = np.random.default_rng(seed)
    moved = [
        np.column_stack([shift + scale * rng.permutation(x), np.full(len(x), shift)]) for x in sets
    ]
    assert auth_pct(*moved) == auth_pct(*sets)


def test_one_training_row_has_no_neighbour() -> None:
    with pytest.raises(ValueError, match=r"^train has 1 rows; at least 2 are needed"):
        auth_pct(np.zeros((3, 2)), np.zeros((1, 2)))

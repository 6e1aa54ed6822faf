import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from whichgen.metrics import vendi

Array = npt.NDArray[np.float64]
seeds = st.integers(0, 2**32 - 1)


def with_similarities(similarities: Array) -> Array:
    """Rows of length 1 whose cosines are the given matrix."""
    values, vectors = np.linalg.eigh(similarities)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))


def test_the_examples_of_the_published_package() -> None:
    similar = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert vendi(with_similarities(similar)) == pytest.approx(2.1573, abs=5e-5)
    places = np.array([0, 0, 10, 10, 20, 20])
    near = np.exp(-np.abs(places[:, None] - places))
    # It prints 2.9999, cut off and not rounded.
    assert vendi(with_similarities(near)) == pytest.approx(2.9999, abs=1e-4)


@given(n=st.integers(1, 20), length=st.floats(1e-3, 1e3))
def test_copies_count_once_at_any_length(n: int, length: float) -> None:
    row = np.array([[3.0, -4.0, 12.0]])
    assert vendi(np.repeat(row, n, axis=0) * length) == pytest.approx(1, rel=1e-9)


@given(counts=st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_orthogonal_directions_count_by_the_entropy_of_their_shares(counts: list[int]) -> None:
    rows = np.repeat(np.eye(6)[: len(counts)], counts, axis=0)
    assert vendi(rows) == pytest.approx(np.exp(entropy(counts)), rel=1e-9)


def test_equal_shares_count_in_full_and_a_dropped_one_is_missed() -> None:
    directions = np.repeat(np.eye(10), 20, axis=0)
    assert vendi(directions) == pytest.approx(10, rel=1e-9)
    assert vendi(directions[20:]) == pytest.approx(9, rel=1e-9)


@given(seed=seeds, n=st.integers(1, 12), d=st.integers(1, 12))
def test_the_entropy_of_the_whole_matrix_of_cosines(seed: int, n: int, d: int) -> None:
    rows = np.random.default_rng(seed).normal(size=(n, d))
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    shares = np.linalg.eigvalsh(unit @ unit.T / n).clip(min=0)
    assert vendi(rows) == pytest.approx(np.exp(entropy(shares)), rel=1e-6)
    assert 1 - 1e-9 <= vendi(rows) <= min(n, d) + 1e-9


@given(seed=seeds, n=st.integers(1, 30), scale=st.floats(1e-3, 1e3))
def test_order_scale_rotation_duplicates_and_a_feature_of_zeros_change_nothing(
    seed: int, n: int, scale: float
) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, 4))
    rotation, _ = np.linalg.qr(rng.normal(size=(4, 4)))
    twice = np.tile(rng.permutation(rows) @ rotation, (2, 1))
    moved = np.column_stack([scale * twice, np.zeros(2 * n)])
    assert vendi(moved) == pytest.approx(vendi(rows), rel=1e-9)


def test_noise_in_all_directions_is_worth_nearly_as_many_rows_as_there_are_features() -> None:
    rows = np.random.default_rng(0).normal(size=(20_000, 8))
    assert vendi(rows) == pytest.approx(8, abs=0.02)


def test_a_row_without_direction_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^features has a row of zeros"):
        vendi(np.array([[1.0, 0.0], [0.0, 0.0]]))

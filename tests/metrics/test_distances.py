import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from whichgen.metrics import (
    about_median,
    ball_limits,
    nearest_rows,
    squared_distance_blocks,
    squared_radii,
)

seeds = st.integers(0, 2**32 - 1)


@given(seed=seeds, n=st.integers(1, 30), m=st.integers(1, 30), block=st.integers(1, 40))
def test_blocks_join_to_the_matrix_of_squared_distances(
    seed: int, n: int, m: int, block: int
) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(n, 5)), rng.normal(size=(m, 5))
    parts = list(squared_distance_blocks(a, b, block=block))
    assert [len(squared) for _, squared in parts[:-1]] == [block] * (len(parts) - 1)
    rows = np.concatenate([np.arange(n)[part] for part, _ in parts])
    np.testing.assert_array_equal(rows, np.arange(n))
    joined = np.concatenate([squared for _, squared in parts])
    np.testing.assert_allclose(joined, cdist(a, b, "sqeuclidean"), rtol=1e-9, atol=1e-12)


def test_rounding_never_makes_a_squared_distance_negative() -> None:
    points = 1e3 + np.random.default_rng(0).normal(size=(200, 7))
    assert min(squared.min() for _, squared in squared_distance_blocks(points, points)) == 0


def test_radii_on_a_line() -> None:
    line = np.array([[0.0], [1.0], [3.0], [7.0]])
    np.testing.assert_array_equal(squared_radii(line, 1), [1, 1, 4, 16])
    np.testing.assert_array_equal(squared_radii(line, 2), [9, 4, 9, 36])
    np.testing.assert_array_equal(squared_radii(line, 3), [49, 36, 16, 49])


def test_a_point_is_not_its_own_neighbour_but_its_copy_is() -> None:
    points = np.array([[0.0], [0.0], [5.0]])
    np.testing.assert_array_equal(squared_radii(points, 1), [0, 0, 25])
    np.testing.assert_array_equal(squared_radii(points, 2), [25, 25, 25])


@given(seed=seeds, n=st.integers(4, 40), k=st.integers(1, 3), block=st.integers(1, 50))
def test_radii_are_the_sorted_distances_whatever_the_block(
    seed: int, n: int, k: int, block: int
) -> None:
    points = np.random.default_rng(seed).normal(size=(n, 4))
    expected = np.sort(cdist(points, points, "sqeuclidean"), axis=1)[:, k]
    np.testing.assert_allclose(squared_radii(points, k, block=block), expected, rtol=1e-9)


def test_a_ball_holds_the_neighbour_on_its_surface() -> None:
    points = np.random.default_rng(0).normal(size=(300, 20))
    limits = ball_limits(points, 3)
    inside = np.concatenate([s for _, s in squared_distance_blocks(points, points, block=7)])
    np.testing.assert_array_equal((inside <= limits[:, None]).sum(axis=1), 4)  # itself and 3
    np.testing.assert_allclose(limits, squared_radii(points, 3), rtol=1e-11)


def test_about_median_moves_the_sets_together() -> None:
    first, second = about_median(np.array([[1.0], [2.0], [900.0]]), np.array([[5.0]]))
    np.testing.assert_array_equal(first, [[-1], [0], [898]])
    np.testing.assert_array_equal(second, [[3]])


def test_the_nearest_row_and_a_copy_at_exactly_zero() -> None:
    columns = np.random.default_rng(0).normal(size=(50, 6))
    order = np.random.default_rng(1).permutation(50)
    index, squared = nearest_rows(columns[order], columns, block=8)
    np.testing.assert_array_equal(index, order)
    np.testing.assert_array_equal(squared, np.zeros(50))


def test_memory_grows_with_the_block_and_not_with_the_square() -> None:
    n, block = 3000, 50
    points = np.random.default_rng(0).normal(size=(n, 4))
    tracemalloc.start()
    squared_radii(points, 3, block=block)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert block * n * 8 <= peak < 5 * block * n * 8  # bytes; the whole matrix is 60 blocks


@pytest.mark.parametrize("k", [0, 4])
def test_an_impossible_k_is_refused(k: int) -> None:
    with pytest.raises(ValueError, match="k"):
        squared_radii(np.zeros((4, 2)), k)


def test_a_block_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^block must be 1 or more"):
        squared_radii(np.zeros((4, 2)), 1, block=0)

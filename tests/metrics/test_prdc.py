import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whichgen.metrics import density_coverage, nearest_squared, prdc, precision_recall

seeds = st.integers(0, 2**32 - 1)
ks = st.integers(1, 5)


@given(seed=seeds, n=st.integers(6, 40), m=st.integers(6, 40), k=ks, k_density=ks)
def test_together_they_are_what_each_is_alone(
    seed: int, n: int, m: int, k: int, k_density: int
) -> None:
    rng = np.random.default_rng(seed)
    real, fake = rng.normal(size=(n, 3)), 0.5 + rng.normal(size=(m, 3))
    alone = precision_recall(real, fake, k=k) | density_coverage(real, fake, k=k_density)
    assert prdc(real, fake, k=k, k_density=k_density) == alone


def test_they_are_the_same_where_the_nearest_are_found_by_groups() -> None:
    rng = np.random.default_rng(0)
    real, fake = rng.integers(0, 3, size=(2, 900, 4)).astype(np.float64)  # full of ties
    assert prdc(real, fake) == precision_recall(real, fake) | density_coverage(real, fake)


@given(seed=seeds, n=st.integers(400, 700), k=ks, levels=st.sampled_from([2, 5, 1000]))
def test_the_nearest_by_groups_are_the_sorted_distances(
    seed: int, n: int, k: int, levels: int
) -> None:
    points = np.random.default_rng(seed).integers(0, levels, size=(n, 2)).astype(np.float64)
    squared = ((points[:, None] - points) ** 2).sum(-1)
    expected = np.sort(squared, axis=1)[:, 1 : k + 1]
    np.testing.assert_array_equal(nearest_squared(points, k), expected)


def test_too_few_rows_for_the_larger_k_are_refused() -> None:
    with pytest.raises(ValueError, match="fake has 5 rows; at least 6 are needed"):
        prdc(np.ones((9, 2)), np.ones((5, 2)))

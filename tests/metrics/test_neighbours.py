import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from whichgen.metrics import nearest_neighbours


@given(seed=st.integers(0, 2**32 - 1), m=st.integers(1, 20), n=st.integers(1, 20))
def test_rows_and_distances_are_those_of_a_full_table(seed: int, m: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    fake, train, held_out = (rng.normal(size=(size, 3)) for size in (m, n, n + 1))
    found = nearest_neighbours(fake, train, held_out)
    for name, real in (("train", train), ("held_out", held_out)):
        table = cdist(fake, real)
        assert np.array_equal(found[name], table.argmin(axis=1))
        assert found[f"to_{name}"] == pytest.approx(table.min(axis=1), rel=1e-5)


def test_a_copy_is_at_distance_zero() -> None:
    real = np.random.default_rng(0).normal(size=(9, 4))
    found = nearest_neighbours(real[::-1], real, real + 1)
    assert found["train"].tolist() == [*range(8, -1, -1)]
    assert not found["to_train"].any()


def test_bad_inputs_are_refused() -> None:
    real = np.zeros((3, 2))
    with pytest.raises(ValueError, match="fake"):
        nearest_neighbours(np.full((1, 2), np.nan), real, real)

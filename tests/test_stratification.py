"""Shares by largest remainder."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whichgen.stratification import apportion


@pytest.mark.parametrize(
    ("weights", "total", "quotas"),
    [
        ([53, 24, 23], 10, [5, 3, 2]),  # 5.3, 2.4, 2.3: the spare one to the largest remainder
        ([10, 10, 10], 6, [2, 2, 2]),
        ([10, 10, 10], 7, [3, 2, 2]),  # a tie goes to the first
        ([98, 1, 1], 10, [8, 1, 1]),  # 9.8, 0.1, 0.1: everyone gets one
        ([60, 20, 20], 3, [1, 1, 1]),
        ([4, 4], 2, [1, 1]),
    ],
)
def test_known_shares(weights: list[int], total: int, quotas: list[int]) -> None:
    array = np.array(weights)
    np.testing.assert_array_equal(apportion(array, total, array), quotas)


def test_a_full_type_passes_its_share_on() -> None:
    quotas = apportion(np.array([50, 50]), 20, np.array([3, 40]))
    np.testing.assert_array_equal(quotas, [3, 17])


@settings(deadline=None)
@given(st.lists(st.integers(1, 1000), min_size=1, max_size=12), st.data())
def test_sum_is_exact_and_bounds_hold(weights: list[int], data: st.DataObject) -> None:
    array = np.array(weights)
    most = np.array([data.draw(st.integers(1, weight)) for weight in weights])
    total = data.draw(st.integers(len(weights), int(most.sum())))
    quotas = apportion(array, total, most)
    assert quotas.sum() == total
    assert (quotas >= 1).all()
    assert (quotas <= most).all()


@settings(deadline=None)
@given(st.lists(st.integers(50, 1000), min_size=1, max_size=12), st.floats(0.05, 0.9))
def test_every_share_is_its_ideal_rounded_up_or_down(weights: list[int], share: float) -> None:
    array = np.array(weights)
    total = int(share * array.sum())
    quotas = apportion(array, total, array)
    assert (np.abs(quotas - array / array.sum() * total) < 1).all()

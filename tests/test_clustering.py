"""Types from clusters: found again, ordered by size, learnt from training images alone."""

import numpy as np
import pytest

from whichgen.clustering import choose_count, cluster_names, cluster_types
from whichgen.errors import WhichgenError

SIZES = (20, 60, 40)  # three well-separated kinds


def three_kinds() -> tuple[np.ndarray, np.ndarray]:
    """(120, 64) features: noise of ±5 about three levels; and their kinds."""
    rng = np.random.Generator(np.random.PCG64(0))
    kinds = np.repeat([0, 1, 2], SIZES)
    noise = rng.integers(-5, 6, (len(kinds), 64))
    features = (np.array([40, 120, 200])[kinds][:, None] + noise).astype(np.float32)
    order = rng.permutation(len(kinds))
    return features[order], kinds[order]


def test_separated_kinds_are_found_and_ordered_by_size() -> None:
    features, kinds = three_kinds()
    train = np.arange(len(features)) % 4 != 0
    types = cluster_types(features, train, k=3, seed=0)
    assert types.dtype == np.int64
    by_size = np.argsort(-np.bincount(kinds[train]))  # the kind that each type must be
    np.testing.assert_array_equal(by_size[types], kinds)


def test_the_same_arguments_give_the_same_types() -> None:
    features, _ = three_kinds()
    train = np.ones(len(features), bool)
    first, again = (cluster_types(features, train, k=7, seed=4) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    counts = np.bincount(first, minlength=7)
    np.testing.assert_array_equal(counts, np.sort(counts)[::-1])
    assert counts.min() > 0


def test_features_outside_training_change_nothing() -> None:
    features, _ = three_kinds()
    train = np.arange(len(features)) < 90
    types = cluster_types(features, train, k=4, seed=0)
    others = features.copy()
    others[90:] = 255 - others[90:]
    np.testing.assert_array_equal(cluster_types(others, train, k=4, seed=0)[:90], types[:90])


def test_one_type_and_as_many_as_features() -> None:
    features = np.arange(5, dtype=np.float32)[:, None].repeat(8, 1) * 50
    train = np.ones(5, bool)
    np.testing.assert_array_equal(cluster_types(features, train, k=1, seed=0), np.zeros(5))
    assert sorted(cluster_types(features, train, k=5, seed=0)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("k", [0, 4])
def test_more_types_than_different_training_features(k: int) -> None:
    features = np.zeros((6, 64), np.float32)
    features[:, 0] = (1, 1, 2, 3, 4, 5)
    train = np.array([True, True, True, True, False, False])
    with pytest.raises(WhichgenError, match=f"{k}, must be from 1 to 3"):
        cluster_types(features, train, k=k, seed=0)


def test_names() -> None:
    assert cluster_names(3) == ("cluster 0", "cluster 1", "cluster 2")


def test_as_many_types_as_there_are_kinds_are_chosen() -> None:
    features, _ = three_kinds()
    k, silhouettes = choose_count(features, np.ones(len(features), bool), seed=0)
    assert k == 3
    assert list(silhouettes) == [2, 3, 4, 5, 6]  # 20 of 120 features a type at the most
    assert silhouettes[3] > 0.9 > silhouettes[4]  # well apart; a kind cut in two is not


def test_the_choice_is_made_on_training_features_alone() -> None:
    features, _ = three_kinds()
    train = np.arange(len(features)) < 90
    others = features.copy()
    others[90:] = 255 - others[90:]
    assert choose_count(others, train, seed=0) == choose_count(features, train, seed=0)


def test_too_few_features_to_choose_by_are_refused() -> None:
    features, _ = three_kinds()
    with pytest.raises(WhichgenError, match="clusters: auto needs 40 training images"):
        choose_count(features, np.arange(len(features)) < 39, seed=0)

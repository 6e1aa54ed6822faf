import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whichgen.metrics import gan_test, gan_train

Array = npt.NDArray[np.float64]
Types = npt.NDArray[np.int64]
K = 4


def draw(seed: int, n: int = 200, apart: float = 20.0) -> tuple[Array, Types]:
    """K Gaussians `apart` from the origin along an axis each, n / K rows each, types in turn."""
    types = np.arange(n) % K
    rows = np.random.default_rng(seed).normal(size=(n, K)) + apart * np.eye(K)[types]
    return rows, types


def test_a_perfect_generator_of_types_far_apart_makes_no_mistake() -> None:
    assert gan_train(*draw(0), *draw(1)) == 1
    assert gan_test(*draw(0), *draw(1)) == 1


def test_types_made_as_one_another_are_always_wrong() -> None:
    (fake, types), real = draw(0), draw(1)
    assert gan_train(fake, (types + 1) % K, *real) == 0
    assert gan_test(*real, fake, (types + 1) % K) == 0


def test_a_type_that_is_missing_costs_its_share_in_training_and_nothing_in_the_test() -> None:
    (fake, types), real = draw(0), draw(1)
    made = types != 2
    assert gan_train(fake[made], types[made], *real) == 0.75
    assert gan_test(*real, fake[made], types[made]) == 1


def test_equal_distributions_that_overlap_get_the_accuracy_of_the_best_rule() -> None:
    """Two Gaussians a apart: Φ(a / 2), here with a = 2 · 1.2816, so .9."""
    rng = np.random.default_rng(0)
    types = np.arange(4000) % 2
    sets = [(rng.normal(size=(4000, 1)) + 2.5631 * types[:, None], types) for _ in range(2)]
    assert gan_train(*sets[0], *sets[1]) == pytest.approx(0.9, abs=0.015)
    assert gan_test(*sets[0], *sets[1]) == pytest.approx(0.9, abs=0.015)


def test_noise_costs_the_test_and_types_without_meaning_get_chance() -> None:
    (fake, types), real = draw(0, apart=4), draw(1, apart=4)
    noisy = fake + 4 * np.random.default_rng(2).normal(size=fake.shape)
    assert gan_test(*real, noisy, types) < gan_test(*real, fake, types) - 0.1
    wild = np.random.default_rng(3).integers(K, size=4000)
    rows = np.random.default_rng(4).normal(size=(4000, 3))
    assert gan_train(rows, wild, rows[::-1], wild) == pytest.approx(1 / K, abs=0.03)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0.01, 100), shift=st.floats(-100, 100))
def test_order_scale_shift_duplicates_and_a_constant_feature_change_nothing(
    seed: int, scale: float, shift: float
) -> None:
    (fake, types), (real, real_types) = draw(seed, 40, apart=3), draw(seed + 1, 40, apart=3)
    order = np.random.default_rng(seed).permutation(40)

    def moved(rows: Array) -> Array:
        return np.column_stack([shift + scale * rows, np.full(len(rows), 0.1)])

    again = gan_train(moved(fake[order]), types[order], moved(real), real_types)
    assert again == pytest.approx(gan_train(fake, types, real, real_types), abs=1.01 / 40)
    twice = [np.concatenate([x, x]) for x in (real, real_types)]
    assert gan_train(fake, types, *twice) == gan_train(fake, types, real, real_types)


def test_more_features_than_rows() -> None:
    (fake, types), (real, real_types) = draw(0, 12), draw(1, 12)
    wide = [np.hstack([x, np.random.default_rng(5).normal(size=(12, 30))]) for x in (fake, real)]
    assert gan_train(wide[0], types, wide[1], real_types) > 0.5


def test_what_no_classifier_can_be_trained_on_is_refused() -> None:
    (fake, types), real = draw(0), draw(1)
    with pytest.raises(ValueError, match=r"^all rows to train on are of one type"):
        gan_train(fake, np.zeros_like(types), *real)
    with pytest.raises(ValueError, match=r"^fake_types has 199 types for 200 rows"):
        gan_train(fake, types[1:], *real)
    with pytest.raises(ValueError, match=r"^real_types must hold whole numbers"):
        gan_test(real[0], real[1] + 0.5, fake, types)

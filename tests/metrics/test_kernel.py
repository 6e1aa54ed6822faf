import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whichgen.metrics import kernel_distance

Array = npt.NDArray[np.float64]
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(2, 12)


def two_sets(seed: int, n: int, m: int, d: int = 4) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), 0.5 + rng.normal(size=(m, d))


def kernel(x: Array, y: Array) -> float:
    return float((sum(a * b for a, b in zip(x, y, strict=True)) / len(x) + 1) ** 3)


def slow_mmd(x: Array, y: Array) -> float:
    n, m = len(x), len(y)
    within_x = sum(kernel(x[i], x[j]) for i in range(n) for j in range(n) if i != j)
    within_y = sum(kernel(y[i], y[j]) for i in range(m) for j in range(m) if i != j)
    between = sum(kernel(a, b) for a in x for b in y)
    return within_x / (n * (n - 1)) + within_y / (m * (m - 1)) - 2 * between / (n * m)


@given(seed=seeds, n=sizes, m=sizes)
def test_the_sum_written_out(seed: int, n: int, m: int) -> None:
    real, fake = two_sets(seed, n, m)
    assert kernel_distance(real, fake) == pytest.approx(slow_mmd(real, fake), rel=1e-9, abs=1e-9)


def test_points_by_hand() -> None:
    """k = 1 within {0}, 8 within {1}, 1 between: 1 + 8 − 2."""
    assert kernel_distance(np.zeros((3, 1)), np.ones((3, 1))) == pytest.approx(7, rel=1e-12)


def test_a_constant_set_against_itself_is_zero() -> None:
    same = np.full((6, 3), 0.7)
    assert kernel_distance(same, same) == pytest.approx(0, abs=1e-12)


def test_the_mean_is_zero_for_equal_distributions() -> None:
    rng = np.random.default_rng(0)
    values = [
        kernel_distance(rng.normal(size=(60, 4)), rng.normal(size=(60, 4))) for _ in range(1000)
    ]
    standard_error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values)) < 3 * standard_error
    assert standard_error < 0.01  # a biased estimate would be off by about .4
    assert min(values) < 0 < max(values)


def test_the_mean_is_the_closed_form_for_a_shift() -> None:
    """For x ~ N(0, 1) and y ~ N(a, 1), d = 1: E k(x, x') = 4, E k(y, y') and E k(x, y) follow
    from E (s + 1)³ = E s³ + 3 E s² + 3 E s + 1 with independent factors."""
    a = 0.5
    first, second, third = a, a**2 + 1, a**3 + 3 * a
    expected = 4 + (third**2 + 3 * second**2 + 3 * first**2 + 1) - 2 * (3 * second + 1)
    rng = np.random.default_rng(1)
    values = [
        kernel_distance(rng.normal(size=(100, 1)), a + rng.normal(size=(100, 1)))
        for _ in range(1000)
    ]
    standard_error = float(np.std(values)) / np.sqrt(len(values))
    assert standard_error < 0.05 * expected
    assert np.mean(values) == pytest.approx(expected, abs=3 * standard_error)


@given(seed=seeds, n=sizes, m=sizes)
def test_symmetry_and_order_within_a_block(seed: int, n: int, m: int) -> None:
    real, fake = two_sets(seed, n, m)
    distance = kernel_distance(real, fake)
    assert kernel_distance(fake, real) == pytest.approx(distance, rel=1e-9, abs=1e-9)
    rng = np.random.default_rng(seed)
    shuffled = kernel_distance(rng.permutation(real), rng.permutation(fake))
    assert shuffled == pytest.approx(distance, rel=1e-9, abs=1e-9)


def test_every_row_is_used_in_blocks_of_nearly_equal_size() -> None:
    real, fake = two_sets(3, 11, 11)
    cuts = [slice(0, 4), slice(4, 8), slice(8, 11)]
    expected = np.mean([slow_mmd(real[cut], fake[cut]) for cut in cuts])
    assert kernel_distance(real, fake, block=4) == pytest.approx(float(expected), rel=1e-9)
    assert kernel_distance(real, fake, block=11) == kernel_distance(real, fake, block=1024)


@given(seed=seeds, n=sizes)
def test_a_constant_feature_of_zero_only_rescales_the_products(seed: int, n: int) -> None:
    real, fake = two_sets(seed, n, n, d=2)
    scaled = kernel_distance(np.sqrt(0.5) * real, np.sqrt(0.5) * fake)
    wider = [np.column_stack([x, np.zeros((n, 2))]) for x in (real, fake)]
    assert kernel_distance(*wider) == pytest.approx(scaled, rel=1e-9, abs=1e-9)


@given(seed=seeds, n=sizes, m=sizes)
def test_more_features_than_rows_and_a_rotation(seed: int, n: int, m: int) -> None:
    real, fake = two_sets(seed, n, m, d=30)
    rotation, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(30, 30)))
    turned = kernel_distance(real @ rotation, fake @ rotation)
    assert turned == pytest.approx(kernel_distance(real, fake), rel=1e-9, abs=1e-9)


def test_a_block_too_small_for_a_pair_is_refused() -> None:
    real, fake = two_sets(0, 10, 10)
    with pytest.raises(ValueError, match=r"^block must be 2 or more"):
        kernel_distance(real, fake, block=1)
    with pytest.raises(ValueError, match=r"^fake has 9 rows; at least 10"):
        kernel_distance(real, fake[:9], block=2)

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whichgen.metrics import frechet_distance, frechet_infinity

Array = npt.NDArray[np.float64]
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(12, 60)


def two_sets(seed: int, n: int, m: int, d: int = 3) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), 1 + 2 * rng.normal(size=(m, d))


@given(seed=seeds, n=sizes)
def test_a_set_is_at_distance_zero_from_itself_and_a_shift_is_its_squared_length(
    seed: int, n: int
) -> None:
    """Blocks are the same rows of both sets, so both hold at every size."""
    real, _ = two_sets(seed, n, n)
    shift = np.random.default_rng(seed + 1).normal(size=3)
    assert frechet_infinity(real, real) == pytest.approx(0, abs=1e-9)
    assert frechet_infinity(real, real + shift) == pytest.approx(shift @ shift, rel=1e-9)


@pytest.mark.parametrize("spread", [1.0, 1.5])
def test_the_bias_is_gone(spread: float) -> None:
    """N(0, I) and N(0, s² I) are d (s − 1)² apart; the plain distance adds about d(d + 5) / 2N."""
    d, n, runs = 16, 200, 60
    rng = np.random.default_rng(0)
    pairs = [(rng.normal(size=(n, d)), spread * rng.normal(size=(n, d))) for _ in range(runs)]
    values = [frechet_infinity(*pair) for pair in pairs]
    error = float(np.std(values)) / np.sqrt(runs)
    truth = d * (spread - 1) ** 2
    assert error < 0.1
    assert np.mean(values) == pytest.approx(truth, abs=3 * error)
    assert np.mean([frechet_distance(*pair) for pair in pairs]) > truth + 0.7


def test_a_line_in_one_over_n_is_read_at_zero() -> None:
    """n rows of ±1 in turn have variance n / (n − 1), rows of ±3 nine times that: the distance
    is 4 n / (n − 1) = 4 + 4/n + O(1/n²), and the line ends at 4."""
    signs = np.tile([[1.0], [-1.0]], (2000, 1))
    assert frechet_distance(signs, 3 * signs) == pytest.approx(4 * 4000 / 3999, rel=1e-9)
    assert frechet_infinity(signs, 3 * signs) == pytest.approx(4, rel=1e-6)


@given(seed=seeds, n=sizes, m=sizes, scale=st.floats(0.1, 10))
def test_symmetry_shift_scale_and_a_constant_feature(
    seed: int, n: int, m: int, scale: float
) -> None:
    real, fake = two_sets(seed, n, m)
    value = frechet_infinity(real, fake)
    assert frechet_infinity(fake, real) == pytest.approx(value, rel=1e-7, abs=1e-7)
    moved = [
        np.column_stack([scale * (x + 5), np.full(len(x), scale)])
        for x in (real, fake)  # 4 features need 12 rows
    ]
    assert frechet_infinity(*moved) == pytest.approx(scale**2 * value, rel=1e-6, abs=1e-6)


def test_another_order_of_the_rows_changes_less_than_another_sample() -> None:
    real, fake = two_sets(0, 400, 400)
    rng = np.random.default_rng(1)
    orders = [rng.permutation(400) for _ in range(30)]
    shuffled = [frechet_infinity(real[order], fake[order]) for order in orders]
    drawn = [frechet_infinity(*two_sets(seed, 400, 400)) for seed in range(30)]
    assert np.std(shuffled) < 0.75 * np.std(drawn)


@pytest.mark.parametrize(("rows", "d", "needed"), [(7, 2, 8), (20, 7, 21)])
def test_too_few_rows_for_a_straight_line_are_refused(rows: int, d: int, needed: int) -> None:
    real, fake = two_sets(0, 50, rows, d)
    with pytest.raises(ValueError, match=f"^fake has {rows} rows; at least {needed} are needed"):
        frechet_infinity(real, fake)

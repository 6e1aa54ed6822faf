import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whichgen.metrics import frechet_distance

Array = npt.NDArray[np.float64]
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(2, 20)
widths = st.integers(1, 12)


def two_sets(seed: int, n: int, m: int, d: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), 1 + 2 * rng.normal(size=(m, d))


def with_covariance_diagonal(variances: Array, seed: int) -> Array:
    """Rows whose sample mean is 0 and whose sample covariance is diag(variances), exactly."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(4 * len(variances), len(variances)))
    basis, _ = np.linalg.qr(rows - rows.mean(axis=0))  # orthonormal columns, each of mean 0
    return np.asarray(basis * np.sqrt(variances * (len(rows) - 1)))


@given(seed=seeds, n=sizes, d=widths)
def test_a_set_is_at_distance_zero_from_itself(seed: int, n: int, d: int) -> None:
    real, _ = two_sets(seed, n, n, d)
    assert 0 <= frechet_distance(real, real) < 1e-12  # rounding, never below 0


@given(seed=seeds, n=sizes, d=widths)
def test_a_shift_is_its_squared_length(seed: int, n: int, d: int) -> None:
    real, _ = two_sets(seed, n, n, d)
    shift = np.random.default_rng(seed + 1).normal(size=d)
    assert frechet_distance(real, real + shift) == pytest.approx(shift @ shift, rel=1e-9)


def test_diagonal_covariances() -> None:
    a, b = np.array([4.0, 1.0, 0.25, 9.0]), np.array([1.0, 1.0, 6.25, 0.0])
    real, fake = with_covariance_diagonal(a, 0), with_covariance_diagonal(b, 1)
    expected = ((np.sqrt(a) - np.sqrt(b)) ** 2).sum()
    assert expected == 1 + 0 + 4 + 9
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-12)


def test_covariances_that_do_not_commute() -> None:
    real = with_covariance_diagonal(np.array([4.0, 1.0]), 0)
    turn = np.array([[1.0, 1.0], [-1.0, 1.0]]) / np.sqrt(2)
    # For 2x2 matrices tr M^½ = √(tr M + 2 √det M): tr Σ₁Σ₂ = 12.5, det Σ₁Σ₂ = 16.
    expected = 5 + 5 - 2 * np.sqrt(12.5 + 2 * 4)
    assert frechet_distance(real, real @ turn) == pytest.approx(expected, rel=1e-12)


def test_rank_deficient_sets() -> None:
    """One feature varies, the other is constant: 8² + 4² + (5 − 35)² / 99."""
    real, fake = np.ones((100, 2)), np.full((100, 2), 9.0)
    real[:50, 0] = 2
    fake[50:, 0] = 2
    assert frechet_distance(real, fake) == pytest.approx(80 + 900 / 99, rel=1e-12)
    assert frechet_distance(real, fake) == pytest.approx(89.0909, abs=1e-4)


def test_fewer_rows_than_features() -> None:
    """Two rows ±u have covariance 2uuᵀ, so the distance is 2|u|² + 2|v|² − 4|u·v|."""
    u, v = np.random.default_rng(0).normal(size=(2, 500))
    real, fake = np.array([u, -u]), np.array([v, -v])
    expected = 2 * u @ u + 2 * v @ v - 4 * abs(u @ v)
    assert frechet_distance(real, fake) == pytest.approx(expected, rel=1e-12)


def test_constant_sets_are_as_far_apart_as_their_points() -> None:
    assert frechet_distance(np.zeros((5, 3)), np.full((7, 3), 2.0)) == pytest.approx(12, rel=1e-12)


@given(seed=seeds, n=sizes, m=sizes, d=widths)
def test_symmetry_and_order(seed: int, n: int, m: int, d: int) -> None:
    real, fake = two_sets(seed, n, m, d)
    distance = frechet_distance(real, fake)
    assert frechet_distance(fake, real) == pytest.approx(distance, rel=1e-9)
    rng = np.random.default_rng(seed)
    shuffled = frechet_distance(rng.permutation(real), rng.permutation(fake))
    assert shuffled == pytest.approx(distance, rel=1e-9)


@given(seed=seeds, n=sizes, m=sizes, d=widths, scale=st.floats(0.01, 100))
def test_scale_shift_and_rotation_of_both(seed: int, n: int, m: int, d: int, scale: float) -> None:
    real, fake = two_sets(seed, n, m, d)
    distance = frechet_distance(real, fake)
    rng = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(rng.normal(size=(d, d)))
    shift = rng.normal(size=d)
    moved = frechet_distance(scale * (real @ rotation + shift), scale * (fake @ rotation + shift))
    assert moved == pytest.approx(scale**2 * distance, rel=1e-8)


@given(seed=seeds, n=sizes, m=sizes, d=widths, constant=st.floats(-5, 5))
def test_a_constant_feature_adds_nothing(
    seed: int, n: int, m: int, d: int, constant: float
) -> None:
    real, fake = two_sets(seed, n, m, d)
    wider = [np.column_stack([x, np.full(len(x), constant)]) for x in (real, fake)]
    assert frechet_distance(*wider) == pytest.approx(frechet_distance(real, fake), rel=1e-9)


def test_a_far_origin_costs_no_accuracy() -> None:
    real, fake = two_sets(0, 300, 300, 8)
    far = frechet_distance(real + 1e6, fake + 1e6)
    assert far == pytest.approx(frechet_distance(real, fake), rel=1e-7)


def test_the_bias_at_finite_size() -> None:
    """Equal whitened Gaussians: about d(d + 5) / 2N."""
    rng = np.random.default_rng(0)
    d, n = 16, 1000
    distances = [
        frechet_distance(rng.normal(size=(n, d)), rng.normal(size=(n, d))) for _ in range(20)
    ]
    assert np.mean(distances) == pytest.approx(d * (d + 5) / (2 * n), rel=0.1)

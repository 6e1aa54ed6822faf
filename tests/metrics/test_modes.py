import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, entropy

from whichgen.metrics import (
    assign_to_modes,
    high_quality_share,
    modes_covered,
    modes_reverse_kl,
)

seeds = st.integers(0, 2**32 - 1)
ANGLES = 2 * np.pi * np.arange(8) / 8
RING = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
SIGMA = 0.01
EQUAL = np.full(8, 1 / 8)


def ring(n: int, seed: int, modes: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Samples of the first modes of PacGAN's ring, and the mode each was drawn from."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(modes, size=n)
    return RING[drawn] + SIGMA * rng.standard_normal((n, 2)), drawn


def test_true_samples_cover_the_ring_in_its_shares() -> None:
    samples, drawn = ring(100_000, seed=0)
    assigned = assign_to_modes(samples, RING, 3 * SIGMA)
    found = assigned != -1
    np.testing.assert_array_equal(assigned[found], drawn[found])
    assert modes_covered(assigned, 8) == 8
    assert high_quality_share(assigned) == pytest.approx(chi2.cdf(9, df=2), abs=1e-3)  # 0.9889
    assert modes_reverse_kl(assigned, EQUAL) == pytest.approx(7 / 200_000, abs=1e-4)


def test_samples_of_two_modes() -> None:
    assigned = assign_to_modes(ring(1000, seed=1, modes=2)[0], RING, 3 * SIGMA)
    assert modes_covered(assigned, 8) == 2
    shares = np.bincount(assigned[assigned != -1], minlength=8) / (assigned != -1).sum()
    assert modes_reverse_kl(assigned, EQUAL) == pytest.approx(entropy(shares, EQUAL), abs=1e-12)


def test_samples_between_the_modes_are_of_none() -> None:
    between = np.stack([np.cos(ANGLES + np.pi / 8), np.sin(ANGLES + np.pi / 8)], axis=1)
    assigned = assign_to_modes(np.concatenate([between, RING[:2]]), RING, 3 * SIGMA)
    np.testing.assert_array_equal(assigned, [-1] * 8 + [0, 1])
    assert modes_covered(assigned, 8) == 2
    assert high_quality_share(assigned) == 0.2


def test_the_radius_is_part_of_the_mode() -> None:
    centres, samples = np.array([[1000.0, 0.0]]), np.array([[1000.3, 0.0], [1000.31, 0.0]])
    np.testing.assert_array_equal(assign_to_modes(samples, centres, 0.3), [0, -1])
    np.testing.assert_array_equal(assign_to_modes(samples, centres, np.inf), [0, 0])
    np.testing.assert_array_equal(assign_to_modes(centres, centres, 0.0), [0])


@given(seed=seeds, n=st.integers(1, 60), m=st.integers(1, 9), d=st.integers(1, 4))
def test_assignment_is_the_nearest_centre_by_brute_force(seed: int, n: int, m: int, d: int) -> None:
    rng = np.random.default_rng(seed)
    samples, centres = rng.standard_normal((n, d)), rng.standard_normal((m, d))
    distances = np.linalg.norm(samples[:, None] - centres[None], axis=2)
    expected = np.where(distances.min(1) <= 0.8, distances.argmin(1), -1)
    assigned = assign_to_modes(samples, centres, 0.8)
    assert assigned.dtype == np.int64
    np.testing.assert_array_equal(assigned, expected)
    assert modes_covered(assigned, m) == len(set(expected[expected >= 0]))


def test_tensors_are_taken_as_arrays_are() -> None:
    samples, _ = ring(50, seed=2)
    expected = assign_to_modes(samples, RING, 3 * SIGMA)
    tensors = torch.tensor(samples), torch.tensor(RING)
    np.testing.assert_array_equal(assign_to_modes(*tensors, 3 * SIGMA), expected)  # type: ignore[arg-type]
    assert modes_covered(torch.tensor(expected), 8) == modes_covered(expected, 8)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("generated", "true", "expected"),
    [
        ([1, 0], [0.5, 0.5], np.log(2)),
        ([1, 1], [0.9, 0.1], 0.5 * np.log(0.5 / 0.9) + 0.5 * np.log(0.5 / 0.1)),
        ([9, 1], [0.5, 0.5], 0.9 * np.log(0.9 / 0.5) + 0.1 * np.log(0.1 / 0.5)),
        ([7], [1.0], 0.0),
    ],
)
def test_the_divergence_runs_from_generated_to_true(
    generated: list[int], true: list[float], expected: float
) -> None:
    assigned = np.append(np.repeat(np.arange(len(generated)), generated), -1)  # one of no mode
    assert modes_reverse_kl(assigned, np.array(true)) == pytest.approx(expected, abs=1e-12)


def test_one_of_a_thousand_modes() -> None:
    assigned = np.full(26_000, 123)
    assert modes_covered(assigned, 1000) == 1
    assert modes_reverse_kl(assigned, np.full(1000, 1e-3)) == pytest.approx(np.log(1000))


def test_the_divergence_of_a_perfect_generator_is_that_of_its_sample_size() -> None:
    rng = np.random.default_rng(3)
    found = [
        modes_reverse_kl(rng.integers(1000, size=26_000), np.full(1000, 1e-3)) for _ in range(20)
    ]
    assert np.mean(found) == pytest.approx(999 / 52_000, rel=0.03)


def test_no_sample_of_a_mode() -> None:
    nowhere = np.full(5, -1)
    assert modes_covered(nowhere, 3) == 0
    assert high_quality_share(nowhere) == 0.0
    with pytest.raises(ValueError, match="no sample is of a mode"):
        modes_reverse_kl(nowhere, np.full(3, 1 / 3))


@pytest.mark.parametrize("assigned", [[0, 3], [0, -2], [0.0, 1.0], [], [[0]]])
def test_what_is_no_mode_is_refused(assigned: list[object]) -> None:
    modes = np.array(assigned, dtype=None if assigned else np.int64)
    with pytest.raises(ValueError, match="assigned"):
        modes_covered(modes, 3)
    with pytest.raises(ValueError, match="assigned"):
        modes_reverse_kl(modes, np.full(3, 1 / 3))


@pytest.mark.parametrize("shares", [[0.5, 0.4], [1.0, 0.0], [1.5, -0.5], [[1.0]], [np.nan, 1.0]])
def test_what_is_no_distribution_is_refused(shares: list[object]) -> None:
    with pytest.raises(ValueError, match="shares"):
        modes_reverse_kl(np.array([0, 0]), np.array(shares))


def test_what_is_no_set_of_points_is_refused() -> None:
    with pytest.raises(ValueError, match="centres has 3 features"):
        assign_to_modes(np.zeros((2, 2)), np.zeros((2, 3)), 1.0)
    with pytest.raises(ValueError, match="samples has 0 rows"):
        assign_to_modes(np.zeros((0, 2)), RING, 1.0)
    for radius in (-0.1, np.nan):
        with pytest.raises(ValueError, match="radius"):
            assign_to_modes(RING, RING, radius)

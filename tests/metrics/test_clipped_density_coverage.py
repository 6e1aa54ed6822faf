import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.special import beta, comb

from whichgen.metrics import (
    clipped_density_coverage,
    density_coverage,
    expected_coverage,
)
from whichgen.metrics.clipped_density_coverage import expected_means

Array = npt.NDArray[np.float64]
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(6, 30)


def two_sets(seed: int, n: int, m: int, d: int = 3) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), 0.5 + rng.normal(size=(m, d))


def expected_mean(n: int, m: int, k: int) -> float:
    """The paper's sum over the number j of good rows in a ball."""
    j = np.arange(m + 1)
    p = comb(m, j) * beta(k + j, n + m - k - j) / beta(k, n - k)
    return float((np.minimum(j, k) / k * p).sum())


@given(seed=seeds, n=sizes, m=sizes, k=st.integers(1, 5))
def test_the_definition_written_out(seed: int, n: int, m: int, k: int) -> None:
    real, fake = two_sets(seed, n, m)
    among = np.sort(cdist(real, real), axis=1)
    radii = among[:, k] * (1 + 1e-9)  # closed balls
    cut = np.minimum(radii, np.median(radii))
    away = cdist(fake, real)
    own = (cdist(real, real) <= cut).sum(axis=1) - 1
    density = np.minimum((away <= cut).sum(axis=1) / k, 1).mean() / np.minimum(own / k, 1).mean()
    mean = np.minimum((away <= radii).sum(axis=0) / k, 1).mean()
    expected = [expected_mean(n, good, k) for good in range(m + 1)]
    assert clipped_density_coverage(real, fake, k) == {
        "clipped_density": pytest.approx(min(density, 1)),
        "clipped_coverage": pytest.approx(np.interp(mean, expected, np.arange(m + 1) / m)),
    }


def test_the_expectation_by_the_papers_sum_and_by_plain_coverage() -> None:
    means = expected_means(30, 20, 5)
    assert means == pytest.approx([expected_mean(30, m, 5) for m in range(21)], rel=1e-9)
    single = expected_means(30, 20, 1)  # with k = 1 a ball is covered or it is not
    assert single[1:] == pytest.approx([expected_coverage(30, m, 1) for m in range(1, 21)])


@pytest.mark.parametrize("good", [1.0, 0.75, 0.5, 0.25])
def test_both_read_as_the_share_of_good_rows(good: float) -> None:
    n, runs = 400, 6
    rng = np.random.default_rng(0)
    scores = []
    for _ in range(runs):
        real, fake = rng.normal(size=(2, n, 4))
        fake[int(good * n) :] += 100
        scores.append(clipped_density_coverage(real, fake))
    for name in ("clipped_density", "clipped_coverage"):
        assert np.mean([score[name] for score in scores]) == pytest.approx(good, abs=0.06)


@given(seed=seeds, n=sizes, k=st.integers(1, 5))
def test_a_set_against_itself_is_perfect(seed: int, n: int, k: int) -> None:
    real, _ = two_sets(seed, n, n)
    scores = clipped_density_coverage(real, real, k)
    assert scores == {"clipped_density": 1.0, "clipped_coverage": 1.0}


def test_sets_far_apart_share_nothing() -> None:
    real, fake = two_sets(0, 50, 50)
    scores = clipped_density_coverage(real, fake + 1e3)
    assert scores == {"clipped_density": 0.0, "clipped_coverage": 0.0}


def test_a_collapsed_generator_covers_little_and_no_row_counts_twice() -> None:
    """All rows in the middle of the data lie in 16 of 500 balls: plain density is 3.2."""
    real, _ = two_sets(0, 500, 500, d=8)
    fake = np.zeros((500, 8))
    assert density_coverage(real, fake)["density"] > 3
    scores = clipped_density_coverage(real, fake)
    assert scores["clipped_density"] == 1.0
    assert scores["clipped_coverage"] < 0.05


def test_an_outlier_among_the_real_rows_lends_its_huge_ball_to_nobody() -> None:
    real, fake = two_sets(0, 200, 200, d=2)
    real[0] = 60.0, 0.0
    missed = np.array([30.0, 0.0]) + fake
    assert density_coverage(real, missed)["density"] == pytest.approx(1 / 5)
    assert clipped_density_coverage(real, missed)["clipped_density"] == 0


@given(seed=seeds, n=sizes, m=sizes, scale=st.floats(1e-3, 1e3), shift=st.floats(-1e3, 1e3))
def test_order_scale_shift_and_constant_features_change_nothing(
    seed: int, n: int, m: int, scale: float, shift: float
) -> None:
    real, fake = two_sets(seed, n, m)
    rng = np.random.default_rng(seed)

    def moved(x: Array) -> Array:
        return np.column_stack([shift + scale * rng.permutation(x), np.full(len(x), shift)])

    assert clipped_density_coverage(moved(real), moved(fake)) == clipped_density_coverage(
        real, fake
    )


@given(seed=seeds, n=sizes, m=sizes)
def test_repeating_the_generated_rows_leaves_the_density(seed: int, n: int, m: int) -> None:
    real, fake = two_sets(seed, n, m)
    once = clipped_density_coverage(real, fake)["clipped_density"]
    twice = clipped_density_coverage(real, np.tile(fake, (2, 1)))["clipped_density"]
    assert twice == pytest.approx(once, rel=1e-12)


def test_identical_constant_sets_are_perfect() -> None:
    same = np.full((9, 2), 0.1)
    scores = clipped_density_coverage(same, same)
    assert scores == {"clipped_density": 1.0, "clipped_coverage": 1.0}

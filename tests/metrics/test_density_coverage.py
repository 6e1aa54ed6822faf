import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from whichgen.metrics import density_coverage, expected_coverage, precision_recall

Array = npt.NDArray[np.float64]
seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(6, 30)


def two_sets(seed: int, n: int, m: int, d: int = 3) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), 0.5 + rng.normal(size=(m, d))


def test_balls_on_a_line() -> None:
    """k = 1. Real balls [-1, 1], [0, 2], [1, 5] hold 0, 1 and 2 of 2, 2.5 and 10."""
    real, fake = np.array([[0.0], [1.0], [3.0]]), np.array([[2.0], [2.5], [10.0]])
    assert density_coverage(real, fake, k=1) == {"density": 3 / 3, "coverage": 2 / 3}


@given(seed=seeds, n=sizes, k=st.integers(1, 5))
def test_a_set_against_itself(seed: int, n: int, k: int) -> None:
    """Every closed ball holds its own row and k neighbours."""
    real, _ = two_sets(seed, n, n)
    scores = density_coverage(real, real, k=k)
    assert scores == {"density": pytest.approx((k + 1) / k), "coverage": 1.0}


def test_the_expectations_for_equal_distributions() -> None:
    rng = np.random.default_rng(0)
    n, m, k = 10, 6, 3
    scores = [
        density_coverage(rng.normal(size=(n, 2)), rng.normal(size=(m, 2)), k=k) for _ in range(4000)
    ]
    for name, expected in {"density": 1.0, "coverage": expected_coverage(n, m, k)}.items():
        values = [score[name] for score in scores]
        error = np.std(values) / np.sqrt(len(values))
        assert error < 0.01
        assert np.mean(values) == pytest.approx(expected, abs=4 * float(error))


def test_the_closed_form_of_coverage() -> None:
    assert expected_coverage(10_000, 10_000, 5) == pytest.approx(1 - 0.5**5, abs=1e-4)
    assert expected_coverage(10_000, 10_000, 5) == pytest.approx(0.9688, abs=5e-5)
    assert expected_coverage(10_000, 5_000, 5) == pytest.approx(0.868, abs=5e-4)
    assert expected_coverage(2, 1, 1) == pytest.approx(1 - 1 / 2)
    assert expected_coverage(4, 2, 2) == pytest.approx(1 - (3 / 5) * (2 / 4))


@pytest.mark.parametrize(
    ("n_real", "n_fake", "k", "name"), [(5, 5, 0, "k"), (5, 0, 1, "n_fake"), (5, 5, 5, "n_real")]
)
def test_impossible_sizes_are_refused(n_real: int, n_fake: int, k: int, name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name} "):
        expected_coverage(n_real, n_fake, k)


def test_a_collapsed_generator_is_dense_and_covers_little() -> None:
    """All rows in one place: the balls that hold it are full, all others empty."""
    real, _ = two_sets(0, 500, 500, d=8)
    distances = np.sort(cdist(real, real), axis=1)
    full = int((np.linalg.norm(real, axis=1) <= distances[:, 5]).sum())
    assert full == 16  # of 500 balls hold the centre, three times what is expected
    scores = density_coverage(real, np.zeros((500, 8)), k=5)
    assert scores == {"density": pytest.approx(full / 5), "coverage": full / 500}


def test_a_dropped_mode_costs_its_share_of_coverage() -> None:
    rng = np.random.default_rng(0)
    centres = 100 * np.eye(4)
    real = np.repeat(centres, 200, axis=0) + rng.uniform(size=(800, 4))
    fake = np.repeat(centres[:3], 200, axis=0) + rng.uniform(size=(600, 4))
    kept, scores = density_coverage(real[:600], fake), density_coverage(real, fake)
    assert scores["density"] == pytest.approx(kept["density"], rel=1e-12)
    assert scores["coverage"] == pytest.approx(0.75 * kept["coverage"], rel=1e-12)
    assert kept["coverage"] == pytest.approx(expected_coverage(200, 200, 5), abs=0.02)


def test_one_outlier_among_the_real_rows_fools_precision_and_not_density() -> None:
    """The generator misses the data; one far real row has a ball that holds them all."""
    real, _ = two_sets(0, 200, 200, d=2)
    fake = np.array([30.0, 0.0]) + two_sets(1, 200, 200, d=2)[0]
    real[0] = 60.0, 0.0
    assert precision_recall(real, fake, k=5)["precision"] == 1
    assert density_coverage(real, fake, k=5)["density"] == pytest.approx(1 / 5)


@given(seed=seeds, n=sizes, m=sizes, scale=st.floats(1e-3, 1e3), shift=st.floats(-1e3, 1e3))
def test_order_scale_shift_and_constant_features_change_nothing(
    seed: int, n: int, m: int, scale: float, shift: float
) -> None:
    real, fake = two_sets(seed, n, m)
    rng = np.random.default_rng(seed)

    def moved(x: Array) -> Array:
        return np.column_stack([shift + scale * rng.permutation(x), np.full(len(x), shift)])

    assert density_coverage(moved(real), moved(fake)) == density_coverage(real, fake)


@given(seed=seeds, n=sizes, m=sizes)
def test_repeating_the_generated_rows_changes_nothing(seed: int, n: int, m: int) -> None:
    real, fake = two_sets(seed, n, m)
    assert density_coverage(real, np.tile(fake, (3, 1))) == density_coverage(real, fake)


def test_identical_constant_sets_are_covered() -> None:
    same = np.full((9, 2), 0.1)
    assert density_coverage(same, same, k=3) == {"density": 3.0, "coverage": 1.0}  # 9 of 3


@pytest.mark.slow
def test_the_published_example_in_a_thousand_dimensions() -> None:
    """Naeem's example: N(0, I), d = 1000, 10,000 rows each, k = 5, one draw without a seed.

    Distances concentrate in so many dimensions, so that density varies by .1 from draw to draw.
    """
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, 10_000, 1000))
    scores = precision_recall(real, fake, k=5) | density_coverage(real, fake, k=5)
    assert scores == {
        "precision": pytest.approx(0.477, abs=0.03),
        "recall": pytest.approx(0.471, abs=0.03),
        "density": pytest.approx(1.056, abs=0.2),
        "coverage": pytest.approx(0.974, abs=0.02),
    }

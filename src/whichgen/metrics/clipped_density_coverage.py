"""Clipped density and coverage: no row counts more than once, and 1 is what real rows get."""

import numpy as np
from scipy.stats import betabinom

from whichgen.metrics.distances import (
    about_median,
    closed_limits,
    squared_distance_blocks,
    squared_radii,
)
from whichgen.metrics.inputs import Features, Float64s, check_at_least, checked_features


def clipped_density_coverage(real: Features, fake: Features, k: int = 5) -> dict[str, float]:
    """Return the clipped density and coverage, 0 to 1, of fake (M, d) against real (N, d).

    Both read as a share of good rows: replace a share of a perfect set by far outliers, and both
    fall by that share.

    - clipped_density: the balls of real rows, which reach to the k-th nearest other real row,
      are cut to the median radius, so that the ball of an outlier is not huge. A fake row scores
      the number of balls it lies in, divided by k and 1 at most. The mean is divided by what the
      real rows themselves score (without their own balls), and is 1 at most.
    - clipped_coverage: a real row scores the number of fake rows in its (uncut) ball, divided by
      k and 1 at most. The mean is turned into the share m/M of good rows of which it is the
      expectation.

    Balls are closed, as everywhere here. The published code rounds m up to a whole number; here
    it is interpolated, so that a tie does not hang on rounding.

    Salvy et al. 2025, "Enhanced Generative Model Evaluation with Clipped Density and Coverage",
    and its published code.
    Raises ValueError for k below 1, N ≤ k or M ≤ k, unequal widths, NaN or infinity.
    """
    check_at_least(1, k=k)
    real, fake = checked_features({"real": real, "fake": fake}, at_least=k + 1)
    real, fake = about_median(real, fake)
    radii = squared_radii(real, k)
    cut = closed_limits(real, np.minimum(radii, np.median(np.sqrt(radii)) ** 2))
    around_real, _ = _count_inside(real, real, cut, cut)
    around_fake, held = _count_inside(real, fake, cut, closed_limits(real, radii))
    density = _clipped_mean(around_fake, k) / _clipped_mean(around_real - 1, k)
    expected = expected_means(len(real), len(fake), k)
    coverage = np.interp(_clipped_mean(held, k), expected, np.linspace(0, 1, len(expected)))
    return {"clipped_density": min(density, 1.0), "clipped_coverage": float(coverage)}


def expected_means(n_real: int, n_fake: int, k: int) -> Float64s:
    """Return the expected mean of min(J, k) / k at m = 0 … n_fake good rows, (n_fake + 1,).

    The mass of a ball is Beta(k, n_real − k), as that of the k-th of n_real − 1 uniform numbers,
    so the number J of good rows in it is beta-binomial, for any dimension and distribution.
    E min(J, k) = k − Σ_{j<k} (k − j) P(J = j).
    """
    m = np.arange(n_fake + 1)
    missing = sum((k - j) * betabinom.pmf(j, m, k, n_real - k) for j in range(k))
    return np.asarray(1 - missing / k, dtype=np.float64)


def _count_inside(
    centres: Float64s, rows: Float64s, limits: Float64s, wider: Float64s
) -> tuple[Float64s, Float64s]:
    """Return (M,) in how many balls of centres (N, d) each of rows (M, d) lies, by limits (N,),
    and (N,) how many rows each ball holds, by wider (N,)."""
    around, held = np.zeros(len(rows)), np.zeros(len(centres))
    for part, squared in squared_distance_blocks(centres, rows):  # (B, M)
        around += (squared <= limits[part, None]).sum(axis=0)
        held[part] = (squared <= wider[part, None]).sum(axis=1)
    return around, held


def _clipped_mean(counts: Float64s, k: int) -> float:
    return float(np.minimum(counts, k).sum() / (k * len(counts)))

"""Density and coverage: precision and recall that outliers cannot inflate."""

import numpy as np

from whichgen.metrics.distances import about_median, ball_limits, squared_distance_blocks
from whichgen.metrics.inputs import Features, check_at_least, checked_features


def density_coverage(real: Features, fake: Features, k: int = 5) -> dict[str, float]:
    """Return the density and coverage of fake (M, d) against real (N, d).

    Each real row owns a closed ball that reaches to its k-th nearest other real row. Density is
    the mean over fake rows of the number of balls they lie in, divided by k; its expectation is 1
    when both sets come from one continuous distribution, and it can exceed 1. Coverage is the
    share of the balls that hold a fake row; its expectation is then `expected_coverage`. Balls
    are closed as in precision and recall, so a set against itself has a density of (k + 1) / k.

    Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics …", section 3.
    Raises ValueError for k below 1, N ≤ k or M ≤ k, unequal widths, NaN or infinity.
    """
    check_at_least(1, k=k)
    real, fake = checked_features({"real": real, "fake": fake}, at_least=k + 1)
    real, fake = about_median(real, fake)
    limits = ball_limits(real, k)
    held = np.zeros(len(real), dtype=np.int64)  # fake rows in each real row's ball
    for part, squared in squared_distance_blocks(real, fake):  # (B, M)
        held[part] = (squared <= limits[part, None]).sum(axis=1)
    return {"density": float(held.sum() / (k * len(fake))), "coverage": float((held > 0).mean())}


def expected_coverage(n_real: int, n_fake: int, k: int) -> float:
    """Return the expected coverage when real and fake rows come from one continuous distribution.

    1 − ∏_{j=1..k} (n_real − j) / (n_fake + n_real − j), for any dimension and distribution: a
    ball stays empty when the k nearest rows of both sets together are all real.

    Naeem et al. 2020, section 3 and its appendix.
    Raises ValueError for k or n_fake below 1, or n_real ≤ k.
    """
    check_at_least(1, k=k, n_fake=n_fake)
    if n_real <= k:
        raise ValueError(f"n_real is {n_real}; more than k = {k} are needed")
    j = np.arange(1, k + 1)
    return float(1 - np.prod((n_real - j) / (n_fake + n_real - j)))

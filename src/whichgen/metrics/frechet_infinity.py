"""The Fréchet distance that endless samples would give, by extrapolation."""

import numpy as np

from whichgen.metrics.frechet import frechet_distance
from whichgen.metrics.inputs import Features, Float64s, checked_features

SIZES = 15
ROWS_PER_FEATURE = 3  # with fewer, the smallest blocks bend the line: off by half the bias at N = d


def frechet_infinity(real: Features, fake: Features) -> float:
    """Return the Fréchet distance of real (N, d) and fake (M, d), extrapolated to endless rows.

    At a finite size n the distance has a bias that falls as 1/n. It is measured at 15 sizes from
    a quarter of the rows to all of them, and a straight line in 1/n is read at 0. At each size it
    is the mean over as many disjoint blocks as fit, taken in the order given, the same rows of
    both sets; so the rows should come in no particular order. The expectation is about 0 for
    equal distributions, and the estimate can then be negative. Chong and Forsyth draw the
    generated rows alone, against a large real set; here both sets are small, so both shrink.

    Chong and Forsyth 2020, "Effectively Unbiased FID and Inception Score and Where to Find Them".
    Raises ValueError for fewer than 8 rows or 3 rows a feature, unequal widths, NaN or infinity.
    """
    real, fake = checked_features({"real": real, "fake": fake}, at_least=8)
    checked_features({"real": real, "fake": fake}, at_least=ROWS_PER_FEATURE * real.shape[1])
    rows = min(len(real), len(fake))
    sizes = np.unique(np.linspace(rows / 4, rows, SIZES).astype(np.int64))
    distances = [_mean_over_blocks(real[:rows], fake[:rows], size) for size in sizes]
    return float(np.polynomial.Polynomial.fit(1 / sizes, distances, 1)(0.0))


def _mean_over_blocks(real: Float64s, fake: Float64s, size: np.int64) -> float:
    blocks = [slice(start, start + size) for start in range(0, len(real) - size + 1, size)]
    return float(np.mean([frechet_distance(real[block], fake[block]) for block in blocks]))

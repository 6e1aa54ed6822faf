"""Paired statistics over training seeds: interval, exact test, correction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

# Sign flips are enumerated up to 16 pairs; beyond, this many are drawn with a fixed seed.
_FLIPS = 2**16


@dataclass(frozen=True)
class Interval:
    """A mean with its two-sided confidence bounds; the bounds are NaN below two observations."""

    mean: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether zero lies outside [low, high]. False where the bounds are unknown."""
        return self.low > 0 or self.high < 0


def paired_interval(differences: npt.ArrayLike, level: float = 0.95) -> Interval:
    """Student's t interval of the mean of paired differences.

    Args:
        differences: (n,) one difference a seed.
        level: coverage, between 0 and 1.
    """
    values = _finite(differences)
    n = len(values)
    mean = float(values.mean()) if n else math.nan
    if n < 2:
        return Interval(mean, math.nan, math.nan)
    error = float(values.std(ddof=1)) / math.sqrt(n)
    half = float(stats.t.ppf((1 + level) / 2, n - 1)) * error
    return Interval(mean, mean - half, mean + half)


def paired_t_p(differences: npt.ArrayLike) -> float:
    """Two-sided p of Student's paired t test; NaN below two observations.

    Differences without any spread give 1 where they are all zero and 0 where they are not.
    """
    values = _finite(differences)
    n = len(values)
    if n < 2:
        return math.nan
    mean, spread = float(values.mean()), float(values.std(ddof=1))
    if spread == 0:
        return 1.0 if mean == 0 else 0.0
    return float(2 * stats.t.sf(abs(mean) / (spread / math.sqrt(n)), n - 1))


def sign_flip_p(differences: npt.ArrayLike) -> float:
    """Two-sided p of the sign-flip (randomisation) test of the mean; NaN without observations.

    Exact up to 16 pairs, so n pairs cannot give less than 2 / 2ⁿ: .0625 at 5, .03125 at 6.
    Beyond, 65,536 sign patterns are drawn with a fixed seed.
    """
    values = _finite(differences)
    if len(values) < 2:
        return 1.0 if len(values) else math.nan
    result = stats.permutation_test(
        (values,), np.mean, permutation_type="samples", n_resamples=_FLIPS, rng=0
    )
    return float(result.pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values, in the order given.

    A NaN (an axis that could not be tested) stays NaN and does not count as a test.
    Source: Holm (1979), "A simple sequentially rejective multiple test procedure".
    """
    tested = [index for index, p in enumerate(p_values) if not math.isnan(p)]
    adjusted = [math.nan] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(tested, key=lambda index: p_values[index])):
        largest = max(largest, min(1.0, p_values[index] * (len(tested) - rank)))
        adjusted[index] = largest
    return adjusted


def _finite(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64).ravel()
    return array[np.isfinite(array)]

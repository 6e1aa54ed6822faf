"""Paired tests over training seeds and the correction for many of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import stats

from whichgen.comparison.statistics.intervals import finite, mean_error

# Sign flips are enumerated up to 16 pairs; beyond, this many are drawn with a fixed seed.
_FLIPS = 2**16


def paired_t_p(*strata: npt.ArrayLike) -> float:
    """Two-sided p of Student's paired t test, stratified alike; NaN below two observations.

    Differences without any spread give 1 where they are all zero and 0 where they are not.
    """
    mean, error, freedom = mean_error(strata)
    if math.isnan(error):
        return math.nan
    if error == 0:
        return 1.0 if mean == 0 else 0.0
    return float(2 * stats.t.sf(abs(mean) / error, freedom))


def sign_flip_p(*strata: npt.ArrayLike) -> float:
    """Two-sided p of the sign-flip (randomisation) test of the mean; NaN without observations.

    Of several datasets the mean is that of their means, as in `paired_interval`.

    Exact up to 16 pairs, so n pairs cannot give less than 2 / 2ⁿ: .0625 at 5, .03125 at 6.
    Beyond, 65,536 sign patterns are drawn with a fixed seed.
    """
    groups = [finite(group) for group in strata]
    values = np.concatenate([group / max(len(group), 1) for group in groups])
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

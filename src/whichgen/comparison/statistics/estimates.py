"""Point estimates over runs: arrays in, one number or one curve out."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import special, stats

Array = npt.NDArray[np.float64]


def interquartile_mean(values: npt.ArrayLike) -> float:
    """The mean without the lowest and the highest ⌊n/4⌋ values; NaN where there are none.

    Below four values it is the mean. Source: Agarwal et al. (2021), "Deep reinforcement learning at
    the edge of the statistical precipice".
    """
    kept = np.sort(np.asarray(values, dtype=np.float64))
    cut = len(kept) // 4
    kept = kept[cut : len(kept) - cut]
    return float(kept.mean()) if len(kept) else math.nan


def probability_of_improvement(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """P(a run of ``first`` is below one of ``second``); ties count half, a failed run is infinite.

    The Mann-Whitney statistic over all n × m pairs of runs (n,) and (m,); NaN without runs.
    """
    one, two = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if not len(one) or not len(two):
        return math.nan
    below = (one[:, None] < two).mean() + (one[:, None] == two).mean() / 2
    return float(below)


def best_of_weights(trials: int, failed: int = 0) -> Array:
    """Weight of the i-th best finished trial in the expected best of n, (trials, trials + failed).

    Column n − 1 holds C(N − i, n − 1) / C(N, n) for N = trials + failed: the chance that the i-th
    is the best of n drawn without replacement, given that one of the n has finished. So the
    expected best is unbiased for n ≤ N, which drawing with replacement (Dodge et al. 2019) is not.
    Source: Tang et al. (2020), "Showing your work doesn't always work", eq. 9.
    """
    total = trials + failed
    rank = np.arange(1, trials + 1)[:, None]
    n = np.arange(1, total + 1)
    weights = special.comb(total - rank, n - 1) / special.comb(total, n)
    normalised: Array = weights / weights.sum(0)
    return normalised


def expected_best(values: npt.ArrayLike, failed: int = 0) -> Array:
    """The expected lowest of n trials, given one finishes, for n = 1 … N (failed ones too), (N,).

    Source: Dodge et al. (2019), "Show your work", with the unbiased weights of `best_of_weights`.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    if not len(ordered):
        return np.full(failed, math.nan)
    best: Array = ordered @ best_of_weights(len(ordered), failed)
    return best


def ranks(values: npt.ArrayLike) -> Array:
    """Ranks along the last axis, 1 for the lowest; ties share their mean rank, infinity is last."""
    ranked: Array = stats.rankdata(values, axis=-1)
    return ranked


def pareto_front(points: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Which points (…, P, K) no other is as low as in all K objectives and lower in one, (…, P)."""
    values = np.asarray(points, dtype=np.float64)
    one, other = values[..., :, None, :], values[..., None, :, :]
    dominated = (other <= one).all(-1) & (other < one).any(-1)
    return np.logical_not(dominated.any(-1))

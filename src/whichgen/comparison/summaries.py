"""Each recipe's runs in one robust figure, and how likely one recipe's run beats another's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from whichgen.comparison.axes import floor_of
from whichgen.comparison.cells import FAMILIES, Cell, by_seed, recipe_names
from whichgen.comparison.curves import best_validation
from whichgen.comparison.statistics.estimates import probability_of_improvement
from whichgen.comparison.statistics.intervals import (
    best_of_intervals,
    improvement_interval,
    iqm_interval,
)
from whichgen.comparison.wording import METRICS

SUMMARISED = ("fd", "coverage", "type_agreement")


def interquartile_means(cells: Sequence[Cell]) -> dict[str, dict[str, dict[str, Any]]]:
    """Recipe → metric → interquartile mean over its finished runs with its interval.

    ``normalised`` is that of the runs' scores over the floor, or of the floor over the distances:
    1 is as good as held-out real images, 0 is nothing.
    """
    return {
        recipe: {
            metric: _summary([*by_seed(cells, recipe).values()], metric) for metric in SUMMARISED
        }
        for recipe in recipe_names(cells)
    }


def improvements(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """The probability that a run of one recipe beats a run of another, every pair and metric.

    Failed runs lose against all finished ones. Pairs that did not measure a metric are left out.
    """
    sides = {name: [*by_seed(cells, name).values()] for name in recipe_names(cells)}
    found = []
    for metric in SUMMARISED:
        for first, second in combinations(sides, 2):
            one, two = (_lower_is_better(sides[name], metric) for name in (first, second))
            if not (np.isfinite(one).any() and np.isfinite(two).any()):
                continue
            runs = (len(one), len(two))
            interval = improvement_interval(probability_of_improvement(one, two), runs)
            found.append(
                {
                    "metric": metric,
                    "first": first,
                    "second": second,
                    "probability": interval.mean,
                    "interval": [interval.low, interval.high],
                    "n": list(runs),
                }
            )
    return found


def best_of_n(cells: Sequence[Cell]) -> dict[str, dict[str, Any]]:
    """Family → the expected best validation distance of n of its runs, against n and its FLOPs.

    Every run of every recipe of the family is a trial. A failed one yields nothing: the mean is
    over the draws in which a run finishes.
    """
    found = {}
    for family in FAMILIES:
        group = [cell for cell in cells if cell.family == family]
        best = np.array([best_validation(cell) for cell in group if not cell.failed])
        best = best[np.isfinite(best)]
        failed = sum(cell.failed for cell in group)
        if not len(best):
            continue
        intervals = best_of_intervals(best, failed)
        count = np.arange(1, len(intervals) + 1)
        found[family] = {
            "trials": len(best) + failed,
            "failed": failed,
            "n": count.tolist(),
            "budget_flops": (count * group[0].budget_flops).tolist(),
            "expected": [interval.mean for interval in intervals],
            "low": [interval.low for interval in intervals],
            "high": [interval.high for interval in intervals],
        }
    return found


def _summary(group: Sequence[Cell], metric: str) -> dict[str, Any]:
    values = np.array([cell.score(metric) for cell in group if not cell.failed])
    values = values[np.isfinite(values)]
    floor = floor_of(group, metric)
    raw, normalised = iqm_interval(values), iqm_interval(_normalised(values, floor, metric))
    return {
        "iqm": raw.mean,
        "interval": [raw.low, raw.high],
        "n": len(values),
        "normalised": normalised.mean,
        "normalised_interval": [normalised.low, normalised.high],
    }


def _normalised(
    values: npt.NDArray[np.float64], floor: float, metric: str
) -> npt.NDArray[np.float64]:
    if METRICS[metric].better == "lower":
        return floor / np.maximum(values, np.finfo(np.float64).tiny)
    return values / floor if floor > 0 else np.full(len(values), math.nan)


def _lower_is_better(group: Sequence[Cell], metric: str) -> npt.NDArray[np.float64]:
    """The scores turned so that lower is better, (n,); infinite for failed runs."""
    sign = 1 if METRICS[metric].better == "lower" else -1
    values = [math.inf if cell.failed else sign * cell.score(metric) for cell in group]
    return np.array([value for value in values if not math.isnan(value)])

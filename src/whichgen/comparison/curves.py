"""Validation distance against what it cost: per seed, in the median, and where medians cross."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pandas as pd

from whichgen.comparison.cells import Cell
from whichgen.comparison.statistics.intervals import median_bounds

COLUMNS = ("step", "flops", "seconds", "fd")
# Budgets, evenly spaced in the logarithm, at which the seeds are asked who is ahead.
_GRID = 400

Array = npt.NDArray[np.float64]


# A curve is asked for once a pair and axis; of twenty recipes that is a thousand times.
_KNOWN: WeakKeyDictionary[Cell, pd.DataFrame] = WeakKeyDictionary()


def validation_curve(cell: Cell) -> pd.DataFrame:
    """One row a validation: ``step``, ``flops``, ``seconds`` (NaN where not timed), ``fd``.

    Rows at zero FLOPs (before the first step) are left out. Empty where nothing was validated.
    The same frame every time: copy it before changing it.
    """
    if cell not in _KNOWN:
        _KNOWN[cell] = _read_curve(cell)
    return _KNOWN[cell]


def median_curve(cells: Sequence[Cell]) -> pd.DataFrame:
    """Medians over the finished cells at each validated step they all reached.

    The columns of `validation_curve`, and the quartiles ``q1`` and ``q3`` of the distance.
    """
    curves = [validation_curve(cell) for cell in cells if not cell.failed]
    curves = [curve for curve in curves if len(curve)]
    if not curves:
        return pd.DataFrame(columns=[*COLUMNS, "q1", "q3"], dtype=np.float64)
    stacked = pd.concat(curves)
    counts = stacked.groupby("step").size()
    groups = stacked[stacked["step"].isin(counts[counts == len(curves)].index)].groupby("step")
    medians = groups.median().assign(q1=groups["fd"].quantile(0.25), q3=groups["fd"].quantile(0.75))
    return medians.reset_index().sort_values("flops", ignore_index=True)


def best_validation(cell: Cell) -> float:
    """The lowest validation distance of the run, or NaN."""
    curve = validation_curve(cell)
    return float(curve["fd"].min()) if len(curve) else math.nan


def flops_to_reach(cell: Cell, target: float) -> float:
    """Training FLOPs at the first validation whose distance is at most ``target``, or NaN."""
    curve = validation_curve(cell)
    reached = curve[curve["fd"] <= target]
    return float(reached["flops"].iloc[0]) if len(reached) else math.nan


def validation_spacing(cell: Cell) -> float:
    """The usual number of FLOPs between two validations: how finely a cost can be read, or NaN."""
    flops = validation_curve(cell)["flops"].to_numpy()
    return float(np.median(np.diff(flops, prepend=0.0))) if len(flops) else math.nan


def crossing_points(
    first: Mapping[int, Cell], second: Mapping[int, Cell], *, along: str
) -> list[dict[str, Any]]:
    """Where the median curves of two recipes' cells by seed cross, and how surely.

    Args:
        first, second: the finished and failed cells of each recipe.
        along: "flops" or "seconds".

    Returns:
        A crossing each, in rising order: ``at``; ``low`` and ``high``, the budgets around it
        between which the 95 % bounds of the median paired log-ratio include zero (None where they
        still do at the end of the range, and below 6 paired seeds); ``before`` and ``after``, the
        recipe whose distance is lower on either side.
    """
    names = [next(iter(side.values())).recipe for side in (first, second)]
    medians = [median_curve([*side.values()]) for side in (first, second)]
    grid, ratios = _paired_log_ratios(first, second, along)
    found = []
    for at, rises in crossings(*medians, along=along):
        low, high = crossing_bounds(grid, ratios, at)
        before, after = names if rises else names[::-1]
        found.append({"at": at, "low": low, "high": high, "before": before, "after": after})
    return found


def crossings(first: pd.DataFrame, second: pd.DataFrame, *, along: str) -> list[tuple[float, bool]]:
    """Where two curves cross along "flops" or "seconds", and whether first / second rises there.

    Both are interpolated linearly in the logarithms of distance and cost, over the common range.
    """
    one, two = _log_points(first, along), _log_points(second, along)
    if min(len(one[0]), len(two[0])) < 2:
        return []
    low, high = max(one[0][0], two[0][0]), min(one[0][-1], two[0][-1])
    grid = np.unique(np.concatenate([one[0], two[0]]))
    grid = grid[(grid >= low) & (grid <= high)]
    gap = np.interp(grid, *one) - np.interp(grid, *two)
    keep = gap != 0
    grid, gap = grid[keep], gap[keep]
    turns = np.flatnonzero(np.sign(gap[:-1]) != np.sign(gap[1:]))
    share = gap[turns] / (gap[turns] - gap[turns + 1])
    points = np.exp(grid[turns] + share * (grid[turns + 1] - grid[turns]))
    return [(float(x), bool(gap[turn] < 0)) for x, turn in zip(points, turns, strict=True)]


def crossing_bounds(grid: Array, ratios: Array, at: float) -> tuple[float | None, float | None]:
    """The nearest budgets on either side of a crossing at which the seeds agree who is ahead.

    The sign test of the median paired log-ratio, inverted: free of any distribution, and the
    crossing of the medians lies within wherever all seeds must agree (up to 8 pairs).

    Args:
        grid: (G,) budgets in rising order. ratios: (n, G) log-ratios of the paired seeds.
    """
    lower, upper = median_bounds(ratios)
    sure = np.flatnonzero((lower > 0) | (upper < 0))
    place = int(np.searchsorted(grid, at))
    left, right = sure[sure < place], sure[sure >= place]
    return (
        float(grid[left[-1]]) if len(left) else None,
        float(grid[right[0]]) if len(right) else None,
    )


def _read_curve(cell: Cell) -> pd.DataFrame:
    history = cell.history
    if not {"step", "flops", "validation_fd"} <= set(history.columns):
        return pd.DataFrame(columns=COLUMNS, dtype=np.float64)
    rows = history[["step", "flops", "validation_fd"]].rename(columns={"validation_fd": "fd"})
    rows = rows[np.isfinite(rows["fd"]) & (rows["flops"] > 0)]
    if {"step", "seconds"} <= set(cell.timing.columns):
        timing = cell.timing[["step", "seconds"]].drop_duplicates("step", keep="last")
        rows = rows.assign(seconds=rows["step"].map(timing.set_index("step")["seconds"]))
    else:
        rows = rows.assign(seconds=math.nan)
    return rows[list(COLUMNS)].astype(np.float64).sort_values("flops", ignore_index=True)


def _paired_log_ratios(
    first: Mapping[int, Cell], second: Mapping[int, Cell], along: str
) -> tuple[Array, Array]:
    """Budgets (G,) of the range that all paired seeds share, and first / second there (n, G)."""
    seeds = [s for s in first if s in second and not (first[s].failed or second[s].failed)]
    curves = [
        tuple(_log_points(validation_curve(side[seed]), along) for side in (first, second))
        for seed in seeds
    ]
    curves = [pair for pair in curves if min(len(x) for x, _ in pair) > 1]
    low = max((x[0] for pair in curves for x, _ in pair), default=0.0)
    high = min((x[-1] for pair in curves for x, _ in pair), default=0.0)
    if not low < high:
        return np.empty(0), np.empty((0, 0))
    grid = np.linspace(low, high, _GRID)
    ratios = [np.interp(grid, *one) - np.interp(grid, *two) for one, two in curves]
    return np.exp(grid), np.stack(ratios)


def _log_points(curve: pd.DataFrame, along: str) -> tuple[Array, Array]:
    cost, distance = curve[along].to_numpy(), curve["fd"].to_numpy()
    keep = (cost > 0) & (distance > 0)  # and no NaN
    cost, first = np.unique(cost[keep], return_index=True)
    return np.log(cost), np.log(distance[keep][first])

"""Validation distance against what it cost: per seed, in the median, and where curves cross."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from whichgen.comparison.cells import Cell

COLUMNS = ("step", "flops", "seconds", "fd")


def validation_curve(cell: Cell) -> pd.DataFrame:
    """One row a validation: ``step``, ``flops``, ``seconds`` (NaN where not timed), ``fd``.

    Rows at zero FLOPs (before the first step) are left out. Empty where nothing was validated.
    """
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


def median_curve(cells: Sequence[Cell]) -> pd.DataFrame:
    """The median over the finished cells at each validated step they all reached."""
    curves = [validation_curve(cell) for cell in cells if not cell.failed]
    curves = [curve for curve in curves if len(curve)]
    if not curves:
        return pd.DataFrame(columns=COLUMNS, dtype=np.float64)
    stacked = pd.concat(curves)
    counts = stacked.groupby("step").size()
    shared = counts[counts == len(curves)].index
    medians = stacked[stacked["step"].isin(shared)].groupby("step", as_index=False).median()
    return medians[list(COLUMNS)].sort_values("flops", ignore_index=True)


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


def crossings(first: pd.DataFrame, second: pd.DataFrame, *, along: str) -> list[float]:
    """Where two median curves cross, in the unit of ``along`` ("flops" or "seconds").

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
    return [float(x) for x in np.exp(grid[turns] + share * (grid[turns + 1] - grid[turns]))]


def _log_points(
    curve: pd.DataFrame, along: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    points = curve[[along, "fd"]].dropna()
    points = points[(points[along] > 0) & (points["fd"] > 0)].sort_values(along)
    points = points.drop_duplicates(along)
    return np.log(points[along].to_numpy()), np.log(points["fd"].to_numpy())

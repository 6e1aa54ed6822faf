"""All recipes at once: their values by axis and seed, ranks and Pareto fronts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from whichgen.comparison.axes import copying_limit, floor_of, log_deviations
from whichgen.comparison.cells import Cell, by_seed, recipe_names
from whichgen.comparison.curves import best_validation, flops_to_reach
from whichgen.comparison.matrix import rank_bounds
from whichgen.comparison.memorisation import MINIMUM_PAIRS
from whichgen.comparison.statistics.estimates import pareto_front, ranks
from whichgen.comparison.statistics.intervals import seed_draws

# Which way is better.
BETTER: Mapping[str, str] = {
    "quality": "lower",
    "diversity": "higher",
    "type_control": "higher",
    "memorisation": "lower",
    "cost": "lower",
    "stability": "lower",
}
OBJECTIVES = ("quality", "diversity", "type_control", "memorisation", "cost")
FRONTS = (OBJECTIVES, ("quality", "cost"), ("quality", "diversity"))

Array = npt.NDArray[np.float64]


def values_by_seed(cells: Sequence[Cell]) -> dict[str, Any]:
    """The value of every axis at the seeds that every recipe ran; NaN where failed or unmeasured.

    Memorisation is not below what shows nothing, cost is FLOPs to the distance that all reach at
    the seed, stability the distance's deviation (see `axes`). ``seeds``, and ``axes`` → axis →
    recipe → values (n,).
    """
    sides = [by_seed(cells, recipe) for recipe in recipe_names(cells)]
    seeds = sorted(set.intersection(*(set(side) for side in sides)))
    grid = [[side[seed] for seed in seeds] for side in sides]
    limit = copying_limit(floor_of(cells, "memorisation"))
    axes = {
        "quality": [_scores(row, "fd") for row in grid],
        "diversity": [_scores(row, "coverage") for row in grid],
        "type_control": [_scores(row, "type_agreement") for row in grid],
        "memorisation": [np.maximum(_scores(row, "memorisation"), limit) for row in grid],
        "cost": _costs(grid),
        "stability": [log_deviations(_scores(row, "fd")) for row in grid],
    }
    return {
        "seeds": seeds,
        "axes": {
            axis: dict(zip(recipe_names(cells), rows, strict=True)) for axis, rows in axes.items()
        },
    }


def rank_table(
    values: Mapping[str, Any], matrix: Sequence[Mapping[str, Any]], rng: np.random.Generator
) -> dict[str, dict[str, dict[str, Any]]]:
    """Axis → recipe → ``rank`` of the median run, its ``interval`` and how often it is ``first``.

    The interval is `rank_bounds` of the matrix. ``first`` is the share of bootstrap draws of the
    paired seeds in which it ranks first, and NaN below six seeds. Failed runs rank last; a recipe
    without any value is not ranked.
    """
    found = {}
    for axis, rows in values["axes"].items():
        names = [name for name, row in rows.items() if np.isfinite(row).any()]
        if not names:
            continue
        costs = _lower_is_better(axis, [rows[name] for name in names])  # (R, n)
        entries = [entry for entry in matrix if entry["axis"] == axis]
        bounds, first = rank_bounds(entries, names), _share_first(axis, costs, rng)
        placed = ranks(_middle(axis, costs))
        found[axis] = {
            name: {"rank": float(rank), "interval": bounds[name], "first": float(share)}
            for name, rank, share in zip(names, placed, first, strict=True)
        }
    return found


def pareto(values: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    """The recipes that no other beats in everything: on the medians, and over bootstrap draws.

    ``points`` are medians over seeds, ``fronts`` the undominated recipes by the axes looked at,
    ``on_front`` the share of draws of the paired seeds in which a recipe is on the front of all
    (NaN below six seeds). A recipe lacks what it did not measure: there it is last.
    """
    names = list(values["axes"]["quality"])
    costs = {
        axis: _lower_is_better(axis, [values["axes"][axis][name] for name in names])
        for axis in OBJECTIVES
    }
    points = np.stack([_middle(axis, rows) for axis, rows in costs.items()], axis=-1)  # (R, K)
    fronts = {}
    for chosen in FRONTS:
        front = pareto_front(points[:, [OBJECTIVES.index(axis) for axis in chosen]])
        key = "all" if chosen is OBJECTIVES else ", ".join(chosen)
        fronts[key] = [name for name, kept in zip(names, front, strict=True) if kept]
    return {
        "objectives": {axis: BETTER[axis] for axis in OBJECTIVES},
        "points": {
            name: dict(zip(OBJECTIVES, _natural(point), strict=True))
            for name, point in zip(names, points, strict=True)
        },
        "fronts": fronts,
        "on_front": dict(zip(names, _share_on_front(costs, rng), strict=True)),
    }


def _scores(row: Sequence[Cell], metric: str) -> Array:
    return np.array([math.nan if cell.failed else cell.score(metric) for cell in row])


def _costs(grid: Sequence[Sequence[Cell]]) -> list[Array]:
    """FLOPs to the worst of the recipes' best validation distances at each seed, (n,) a recipe."""
    best = np.array(
        [[math.nan if cell.failed else best_validation(cell) for cell in row] for row in grid]
    )
    reached = np.where(np.isfinite(best), best, -math.inf).max(axis=0)
    return [
        np.array(
            [
                math.nan if cell.failed else flops_to_reach(cell, target)
                for cell, target in zip(row, reached, strict=True)
            ]
        )
        for row in grid
    ]


def _lower_is_better(axis: str, rows: Sequence[Array]) -> Array:
    """The values turned so that lower is better and what is missing is last, (R, n)."""
    turned = np.stack(rows) * (1 if BETTER[axis] == "lower" else -1)
    return np.where(np.isfinite(turned), turned, math.inf)


def _natural(point: Array) -> list[float]:
    """A point in the axes' own direction and units, NaN where it is not known."""
    signs = [1 if BETTER[axis] == "lower" else -1 for axis in OBJECTIVES]
    return [
        float(s * v) if math.isfinite(v) else math.nan for s, v in zip(signs, point, strict=True)
    ]


def _middle(axis: str, rows: Array) -> Array:
    """The median over the last axis, the seeds; of deviations the mean, as the axis has it."""
    if not rows.shape[-1]:
        return np.full(rows.shape[:-1], math.inf)
    middle: Array = np.mean(rows, axis=-1) if axis == "stability" else _median(rows)
    return middle


def _median(rows: Array) -> Array:
    """The median over the last axis; infinities are values like others."""
    ordered = np.sort(rows, axis=-1)
    n = rows.shape[-1]
    middle: Array = (ordered[..., (n - 1) // 2] + ordered[..., n // 2]) / 2
    return middle


def _share_first(axis: str, costs: Array, rng: np.random.Generator) -> Array:
    """Share of draws in which each recipe is best, ties divided, (R,)."""
    recipes, seeds = costs.shape
    if seeds < MINIMUM_PAIRS:
        return np.full(recipes, math.nan)
    drawn = _middle(axis, costs[:, seed_draws(seeds, rng)])  # (R, draws)
    best = drawn == drawn.min(axis=0)
    share: Array = (best / best.sum(axis=0)).mean(axis=1)
    return share


def _share_on_front(costs: Mapping[str, Array], rng: np.random.Generator) -> list[float]:
    recipes, seeds = costs["quality"].shape
    if seeds < MINIMUM_PAIRS:
        return [math.nan] * recipes
    draws = seed_draws(seeds, rng)
    points = np.stack([_middle(axis, rows[:, draws]) for axis, rows in costs.items()], axis=-1)
    return [float(share) for share in pareto_front(points.swapaxes(0, 1)).mean(axis=0)]

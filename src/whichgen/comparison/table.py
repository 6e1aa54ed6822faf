"""All scores and costs as tables: one row a recipe and metric, and side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from whichgen.comparison.axes import floor_of
from whichgen.comparison.cells import FAMILIES, Cell, by_seed, recipes_of
from whichgen.comparison.wording import AXIS_METRICS, COSTS, MEASURED, METRICS, amount, number

COLUMNS = (
    "kind",
    "metric",
    "family",
    "recipe",
    "median",
    "q1",
    "q3",
    "iqr",
    "worst",
    "floor",
    "n",
    "failed",
)


def score_table(cells: Sequence[Cell]) -> pd.DataFrame:
    """Scores and computed costs of every recipe: median, quartiles, worst and floor over seeds.

    ``n`` counts the finished runs that have the metric, ``failed`` the recipe's failed runs.
    Holds no measured time, so equal runs give equal bytes. ``worst`` is the seed furthest on the
    bad side, or from the target where a metric has one, and NaN for costs.
    """
    rows = []
    known = [
        metric
        for metric, words in METRICS.items()
        if words.everywhere or any(metric in cell.scores for cell in cells)
    ]
    for recipe, group in _recipes(cells):
        for metric in known:
            values = np.array([cell.score(metric) for cell in group if not cell.failed])
            worst = _worst(values, METRICS[metric].better)
            floor = floor_of(group, metric)
            rows.append(_row("score", metric, recipe, group, values, worst=worst, floor=floor))
        for metric in COSTS:
            rows.append(_row("cost", metric, recipe, group, _costs(group, metric)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def axis_medians(table: pd.DataFrame) -> dict[str, dict[str, float | None]]:
    """Of the scores that decide an axis: metric → recipe → median, None where none was measured.

    Few enough to be read in a row of `dvc metrics show`.
    """
    medians: dict[str, dict[str, float | None]] = {}
    deciding = table[table["metric"].isin(AXIS_METRICS)]
    for metric, recipe, median in deciding[["metric", "recipe", "median"]].to_numpy().tolist():
        medians.setdefault(metric, {})[recipe] = None if math.isnan(median) else median
    return medians


def measured_table(cells: Sequence[Cell]) -> pd.DataFrame:
    """What the clock and the memory meter said of every recipe, in the same columns."""
    rows = [
        _row("measured", metric, recipe, group, _measurements(group, metric))
        for recipe, group in _recipes(cells)
        for metric in MEASURED
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def shown(row: pd.Series) -> tuple[str, str]:
    """The median and the quartiles of one row as text: "12.3" and "11.0 to 14.2"."""
    key = str(row["metric"])
    write = number if row["kind"] == "score" else lambda value: amount(key, value)
    if row["n"] < 2 or row["q1"] == row["q3"]:
        return write(row["median"]), ""
    return write(row["median"]), f"{write(row['q1'])} to {write(row['q3'])}"


def markdown_table(table: pd.DataFrame) -> str:
    """A long table as Markdown: a row a metric, a column a recipe (median, quartiles), floor."""
    recipes = list(dict.fromkeys(table["recipe"]))
    lines = [f"| metric | {' | '.join(recipes)} | floor |", "|" + " --- |" * (len(recipes) + 2)]
    for metric in dict.fromkeys(table["metric"]):
        rows = table[table["metric"] == metric].set_index("recipe", drop=False)
        values = []
        for recipe in recipes:
            median, quartiles = shown(rows.loc[recipe])
            values.append(f"{median} ({quartiles})" if quartiles else median)
        floor = rows["floor"].iloc[0]
        lines.append(
            f"| {metric} | {' | '.join(values)} | {'' if pd.isna(floor) else number(floor)} |"
        )
    return "\n".join(lines)


def _recipes(cells: Sequence[Cell]) -> list[tuple[str, list[Cell]]]:
    names = [recipe for family in FAMILIES for recipe in recipes_of(cells, family)]
    return [(name, [*by_seed(cells, name).values()]) for name in names]


def _row(
    kind: str,
    metric: str,
    recipe: str,
    group: Sequence[Cell],
    values: npt.NDArray[np.float64],
    *,
    worst: float = math.nan,
    floor: float = math.nan,
) -> dict[str, Any]:
    finite = values[np.isfinite(values)]
    q1, middle, q3 = np.quantile(finite, [0.25, 0.5, 0.75]) if len(finite) else [math.nan] * 3
    return {
        "kind": kind,
        "metric": metric,
        "family": group[0].family,
        "recipe": recipe,
        "median": float(middle),
        "q1": float(q1),
        "q3": float(q3),
        "iqr": float(q3 - q1),
        "worst": worst,
        "floor": floor,
        "n": len(finite),
        "failed": sum(cell.failed for cell in group),
    }


def _worst(values: npt.NDArray[np.float64], better: str) -> float:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return math.nan
    if better.startswith("near "):
        return float(finite[np.abs(finite - float(better.removeprefix("near "))).argmax()])
    return float(finite.min() if better == "higher" else finite.max())


def _costs(group: Sequence[Cell], metric: str) -> npt.NDArray[np.float64]:
    finished = [cell.cost.get(metric) for cell in group if not cell.failed]
    return np.array([math.nan if value is None else value for value in finished], dtype=np.float64)


def _measurements(group: Sequence[Cell], metric: str) -> npt.NDArray[np.float64]:
    finished = [cell.measured.get(metric) for cell in group if not cell.failed]
    return np.array([math.nan if value is None else value for value in finished], dtype=np.float64)

"""What the report says of many recipes at once, and of the judges: rows of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from whichgen.comparison.phrases import phrase
from whichgen.comparison.wording import (
    AXIS_NAMES,
    METRICS,
    in_unit,
    number,
    p_value,
    scaled,
)

Verdict = Mapping[str, Any]


def rank_rows(verdict: Verdict) -> list[list[str]]:
    """A row a recipe: its rank on each axis with its interval, "2 (1 to 3)"."""
    ranks = verdict["ranks"]
    recipes = dict.fromkeys(recipe for axis in ranks.values() for recipe in axis)
    return [[recipe, *(_rank(axis.get(recipe)) for axis in ranks.values())] for recipe in recipes]


def pairwise_tables(verdict: Verdict) -> list[dict[str, Any]]:
    """An axis each: a matrix with a row a recipe, saying how it fares against the others.

    A cell is (mark, explanation); the mark is "wins", "loses", "tie" or "open". Empty for two
    recipes, which the cards compare already.
    """
    tables = []
    for axis in AXIS_NAMES:
        pairs = [pair for pair in verdict["pairwise"] if pair["axis"] == axis]
        names = [pair[side] for pair in pairs for side in ("first", "second")]
        recipes = list(dict.fromkeys(names))
        found = {(pair["first"], pair["second"]): pair for pair in pairs}
        rows = [(row, [_against(found, row, column) for column in recipes]) for row in recipes]
        if len(rows) > 2:
            name = vars(phrase(f"axis.{axis}"))
            tables.append({"axis": axis, "name": name, "recipes": recipes, "rows": rows})
    return tables


def pareto_rows(verdict: Verdict) -> list[list[str]]:
    """A row a recipe: its median on each objective, and how surely it is on the front."""
    pareto = verdict["pareto"]
    front, on_front = pareto["fronts"].get("all", []), pareto["on_front"]
    return [
        [
            recipe,
            *(in_unit(_metric_of(axis), point.get(axis)) for axis in pareto["objectives"]),
            f"{'on it' if recipe in front else 'behind'} ({_percent(on_front.get(recipe))})",
        ]
        for recipe, point in pareto["points"].items()
    ]


def improvement_rows(verdict: Verdict) -> list[tuple[str, str, str, str]]:
    """(first, second, metric, "0.06 (0.01 to 0.30)"): how likely a run of first beats second."""
    return [
        (
            item["first"],
            item["second"],
            METRICS[item["metric"]].name,
            _with_interval(item["probability"], item["interval"]),
        )
        for item in verdict["improvement"]
    ]


def iqm_rows(verdict: Verdict) -> list[tuple[str, str, str, str]]:
    """(recipe, metric, interquartile mean with its interval, the same in units of the floor)."""
    return [
        (
            recipe,
            METRICS[metric].name,
            _with_interval(found["iqm"], found["interval"]),
            _with_interval(found["normalised"], found["normalised_interval"]),
        )
        for recipe, metrics in verdict["iqm"].items()
        for metric, found in metrics.items()
    ]


def agreement_rows(verdict: Verdict) -> list[list[str]]:
    """A row a metric: how alike the two judges order cells, and recipes (Kendall's tau)."""
    return [
        [
            METRICS[metric].name,
            *(
                f"{number(found[group]['kendall'])} ({found[group]['n']})"
                for group in ("cells", "recipes")
            ),
        ]
        for metric, found in (verdict["judges"].get("rank_agreement") or {}).items()
    ]


def gate_rows(gates: Mapping[str, Any] | None) -> list[list[str]]:
    """(judge, corruption, its levels, the distances there, "passed" or "FAILED"), a row each."""
    return [
        [
            judge,
            check["corruption"],
            ", ".join(_level(level) for level in check.get("levels") or []),
            _distances(check),
            "passed" if check["passed"] else "FAILED",
        ]
        for judge, found in (gates or {}).items()
        for check in found["checks"]
    ]


def crossing_rows(verdict: Verdict) -> list[dict[str, str]]:
    """A sentence for each place where the headline pair's median curves cross."""
    pair = verdict["pairs"].get(verdict["headline"] or "")
    return [
        _crossing(point)
        for point in verdict["crossings"]
        if pair is not None and {point["first"], point["second"]} == {pair["gan"], pair["dgn"]}
    ]


def _crossing(point: Mapping[str, Any]) -> dict[str, str]:
    unit = "FLOPs" if point["along"] == "flops" else "s"
    side = {(True, True): "between", (True, False): "below", (False, True): "above"}
    key = side.get((point["low"] is not None, point["high"] is not None), "nowhere")
    ends = {end: scaled(point[end], unit) for end in ("low", "high")}
    return vars(
        phrase(
            "crosses.at",
            at=scaled(point["at"], unit),
            before=point["before"],
            after=point["after"],
            bounds=phrase(f"crosses.{key}", **ends),
        )
    )


def _rank(found: Mapping[str, Any] | None) -> str:
    if found is None or found["rank"] is None:
        return number(None)
    low, high = found["interval"]
    if None in (low, high) or low == high:
        return number(found["rank"])
    return f"{number(found['rank'])} ({number(low)} to {number(high)})"


def _against(
    found: Mapping[tuple[str, str], Mapping[str, Any]], row: str, column: str
) -> tuple[str, str]:
    """What to write where the row's recipe meets the column's, and the details."""
    pair = found.get((row, column)) or found.get((column, row))
    if pair is None:
        return "", ""
    low, high = pair["interval"]
    effect = (
        f"{pair['first']} to {pair['second']}: {'ratio' if pair['log'] else 'difference'} "
        f"{number(pair['effect'])} ({number(low)} to {number(high)}), t-test p after Holm "
        f"{p_value(pair['p_holm'])}, {pair['seeds']} seeds"
    )
    if pair["winner"] in (row, column):
        return "wins" if pair["winner"] == row else "loses", effect
    return {"tie": "tie"}.get(pair["winner"], "open"), effect


def _with_interval(value: float | None, interval: list[float | None] | None) -> str:
    if value is None or not interval or None in interval:
        return number(value)
    return f"{number(value)} ({number(interval[0])} to {number(interval[1])})"


def _metric_of(axis: str) -> str:
    return "flops_to_common_target" if axis == "cost" else axis


def _percent(share: float | None) -> str:
    return number(None) if share is None else f"{share:.0%}"


def _distances(check: Mapping[str, Any]) -> str:
    words = ", ".join(number(value) for value in check.get("fd") or [])
    return f"{words} (floor {number(check['floor'])})" if "floor" in check else words


def _level(level: Any) -> str:
    return number(level) if isinstance(level, int | float) else str(level)

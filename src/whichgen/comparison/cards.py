"""What the report says of the verdict: a card an axis, the other pairs, memorisation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from whichgen.comparison.axes import floor_of, median_score
from whichgen.comparison.cells import FAMILIES, Cell, by_seed
from whichgen.comparison.wording import (
    AXIS_METRICS,
    AXIS_NAMES,
    FAMILY_NAMES,
    in_unit,
    listed,
    number,
    p_value,
    scaled,
)

Pair = Mapping[str, Any]


def axis_cards(pair: Pair | None) -> list[dict[str, Any]]:
    """One card an axis: its decision, sentence, tests and the ends of its interval's drawing."""
    if pair is None:
        return []
    return [
        {
            "name": AXIS_NAMES[axis],
            "decision": result["decision"],
            "label": FAMILY_NAMES.get(result["decision"], result["decision"]),
            "sentence": result["sentence"],
            "bar": _bar(result),
            "pairs": len(result["seeds"]),
            "p": p_value(result["p_sign_flip"]),
            "p_holm": p_value(result["p_holm"]),
            "margin": in_unit(result["metric"], result["floor_margin"]),
            "values": [(FAMILY_NAMES[f], in_unit(result["metric"], result[f])) for f in FAMILIES],
            "metric": AXIS_METRICS[result["metric"]],
        }
        for axis, result in pair["axes"].items()
    ]


def pair_rows(verdict: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Every pair of recipes with its decision on each axis; empty for a single pair."""
    pairs = verdict["pairs"]
    if len(pairs) < 2:
        return []
    return [
        (name, [FAMILY_NAMES.get(r["decision"], r["decision"]) for r in pair["axes"].values()])
        for name, pair in pairs.items()
    ]


def memorisation_rows(pair: Pair | None) -> list[dict[str, str]]:
    """The memorisation check, a row a family."""
    if pair is None:
        return []
    return [
        {
            "family": FAMILY_NAMES[family],
            "decision": result["decision"],
            "share": number(result["share"]),
            "interval": f"{number(result['interval'][0])} to {number(result['interval'][1])}",
            "floor": number(result["floor"]),
            "p": p_value(result["p_sign_flip"]),
            "binomial": p_value(result["p_run_median"]),
            "seeds": str(len(result["seeds"])),
        }
        for family, result in pair["memorisation"].items()
    ]


def floor_sentence(cells: Sequence[Cell], pair: Pair | None) -> str:
    """Whether both families are at the real-against-real level, and what then matters."""
    matters = "the interesting question is memorisation and cost"
    floor = floor_of([*cells], "coverage")
    if pair is None or math.isnan(floor):
        return f"On small, easy datasets where both families reach the floor, {matters}."
    reached = []
    for family in FAMILIES:
        covered = median_score([*by_seed(cells, pair[family]).values()], "coverage")
        if covered >= floor - (1 - floor):
            reached.append(FAMILY_NAMES[family])
    if len(reached) == 2:
        return f"Both families reach the real-against-real level of coverage here, so {matters}."
    who = f"only the {reached[0]} does" if reached else "neither does"
    return (
        f"On small, easy datasets where both families reach the real-against-real level, "
        f"{matters}; here {who}."
    )


def crossing_sentence(pair: Pair | None) -> str:
    """Where the families' median validation curves cross."""
    if pair is None:
        return "With one family there is no second curve to cross."
    points = [scaled(flops, "FLOPs") for flops in pair["crossings_flops"]]
    if not points:
        return "The median curves do not cross over the budgets that both were validated at."
    return f"The median curves cross at {listed(points)}."


def _bar(result: Mapping[str, Any]) -> dict[str, float] | None:
    """Interval and mean in percent of the width; 50 is no difference, the DGN is to the right."""
    points = [*result["interval"], result["effect"]]
    if any(point is None for point in points) or (result["log"] and min(points) <= 0):
        return None
    low, high, middle = (math.log(p) for p in points) if result["log"] else points
    reach = max(abs(low), abs(high)) or 1.0
    low, high, middle = (round(50 + 46 * value / reach, 2) for value in (low, high, middle))
    return {"low": low, "width": round(high - low, 2), "mean": middle}

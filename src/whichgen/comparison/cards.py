"""What the report says of the verdict: a card an axis, the other pairs, memorisation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from whichgen.comparison.axes import floor_of, median, median_score
from whichgen.comparison.cells import FAMILIES, Cell, by_seed
from whichgen.comparison.memorisation import LEVEL
from whichgen.comparison.phrases import phrase
from whichgen.comparison.wording import (
    AXIS_METRICS,
    FAMILY_NAMES,
    counted,
    in_unit,
    number,
    p_value,
)

Pair = Mapping[str, Any]


def axis_names(axes: Iterable[str]) -> list[dict[str, str]]:
    """The names of these axes in both languages."""
    return [vars(phrase(f"axis.{axis}")) for axis in axes]


def axis_cards(pair: Pair | None) -> list[dict[str, Any]]:
    """One card an axis: its decision, sentence, tests and the ends of its interval's drawing."""
    if pair is None:
        return []
    return [
        {
            "axis": axis,
            "name": name,
            "decision": result["decision"],
            "sentence": result["sentence"],
            "bar": _bar(result),
            "pairs": len(result["seeds"]),
            "p": p_value(result["p_sign_flip"]),
            "p_holm": p_value(result["p_holm"]),
            "margin": in_unit(result["metric"], result["floor_margin"]),
            "values": [(FAMILY_NAMES[f], in_unit(result["metric"], result[f])) for f in FAMILIES],
            "metric": AXIS_METRICS[result["metric"]],
            "second": result["second"],
        }
        for name, (axis, result) in zip(axis_names(pair["axes"]), pair["axes"].items(), strict=True)
    ]


def memorisation_rows(cells: Sequence[Cell], pair: Pair | None) -> list[dict[str, str]]:
    """The memorisation check, a row a family; what stands beside it as "value (floor)"."""
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
            "p_run": p_value(result["p_run_median"]),
            "p_exact": p_value(_median_p(cells, pair[family], "memorisation_exact")),
            "auth_pct": _beside_floor(cells, pair[family], "auth_pct"),
            "c_t": _beside_floor(cells, pair[family], "c_t"),
            "seeds": str(len(result["seeds"])),
        }
        for family, result in pair["memorisation"].items()
    ]


def told_apart_sentences(cells: Sequence[Cell], pair: Pair | None) -> list[str]:
    """How well a classifier tells each family's images from real ones, and what it could miss."""
    if pair is None:
        return []
    sentences = []
    for family in FAMILIES:
        runs = [cell for cell in by_seed(cells, pair[family]).values() if cell.c2st.get("n")]
        if not runs:
            continue
        found = sum(cell.p_value("c2st") < LEVEL for cell in runs)
        sentences.append(
            f"A classifier tells the {FAMILY_NAMES[family]}'s images from real ones at an accuracy "
            f"of {number(median_score(runs, 'c2st'))} (chance 0.5), better than chance in {found} "
            f"of {counted(len(runs), 'run')} (exact binomial p < 0.05). With {runs[0].c2st['n']:,} "
            f"images tried in a run, {number(runs[0].c2st['detectable'])} or more is found with a "
            "probability of 80 %; less may go unseen."
        )
    return sentences


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


def _beside_floor(cells: Sequence[Cell], recipe: str, metric: str) -> str:
    group = [*by_seed(cells, recipe).values()]
    return f"{number(median_score(group, metric))} ({number(floor_of(group, metric))})"


def _median_p(cells: Sequence[Cell], recipe: str, metric: str) -> float:
    runs = [cell for cell in by_seed(cells, recipe).values() if not cell.failed]
    return median(np.array([cell.p_value(metric) for cell in runs]))


def _bar(result: Mapping[str, Any]) -> dict[str, float] | None:
    """Interval and mean in percent of the width; 50 is no difference, the DGN is to the right."""
    points = [*result["interval"], result["effect"]]
    if any(point is None for point in points) or (result["log"] and min(points) <= 0):
        return None
    low, high, middle = (math.log(p) for p in points) if result["log"] else points
    reach = max(abs(low), abs(high)) or 1.0
    low, high, middle = (round(50 + 46 * value / reach, 2) for value in (low, high, middle))
    return {"low": low, "width": round(high - low, 2), "mean": middle}

"""What the report says of the verdict: a card an axis, the other pairs, memorisation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from whichgen.comparison.axes import floor_of, median, median_score
from whichgen.comparison.cells import FAMILIES, Cell, by_seed
from whichgen.comparison.memorisation import LEVEL
from whichgen.comparison.phrases import Nouns, Text, english, phrase
from whichgen.comparison.sentences import compared
from whichgen.comparison.wording import (
    AXIS_METRICS,
    FAMILY_NAMES,
    in_unit,
    number,
    p_value,
)

Pair = Mapping[str, Any]


def axis_names(axes: Iterable[str]) -> list[dict[str, str]]:
    """The names of these axes in both languages."""
    return [vars(phrase(f"axis.{axis}")) for axis in axes]


def confidence_line(verdict: Mapping[str, Any], pair: Pair | None) -> Mapping[str, str]:
    """The verdict's confidence, and where an axis is won by which test each p is."""
    confidence: Mapping[str, str] = verdict["recommendation"]["confidence"]
    axes = pair["axes"].values() if pair else ()
    exact = [result["p_sign_flip"] for result in axes if result["decision"] in FAMILIES]
    if not exact:
        return confidence
    return vars(phrase("confidence.tested", said=Text(**confidence), p=compared(max(exact))))


def axis_cards(pair: Pair | None, nouns: Nouns) -> list[dict[str, Any]]:
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
            "metric": english(AXIS_METRICS[result["metric"]], nouns),
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


def told_apart_sentences(
    cells: Sequence[Cell], pair: Pair | None, nouns: Nouns
) -> list[dict[str, str]]:
    """How well a classifier tells each family's samples from real ones, and what it could miss."""
    if pair is None:
        return []
    sentences = []
    for family in FAMILIES:
        runs = [cell for cell in by_seed(cells, pair[family]).values() if cell.c2st.get("n")]
        if not runs:
            continue
        told = phrase(
            "apart.found",
            family=FAMILY_NAMES[family],
            accuracy=number(median_score(runs, "c2st")),
            found=sum(cell.p_value("c2st") < LEVEL for cell in runs),
            runs=phrase("count.run" if len(runs) == 1 else "count.runs", count=len(runs)),
            n=f"{runs[0].c2st['n']:,}",
            least=number(runs[0].c2st["detectable"]),
            **nouns,
        )
        sentences.append(vars(told))
    return sentences


def floor_sentence(cells: Sequence[Cell], pair: Pair | None) -> dict[str, str]:
    """Whether both families are at the real-against-real level, and what then matters."""
    floor = floor_of([*cells], "coverage")
    if pair is None or math.isnan(floor):
        return vars(phrase("floor.unknown"))
    reached = []
    for family in FAMILIES:
        covered = median_score([*by_seed(cells, pair[family]).values()], "coverage")
        if covered >= floor - (1 - floor):
            reached.append(FAMILY_NAMES[family])
    if len(reached) == 2:
        return vars(phrase("floor.reached"))
    who = phrase("floor.only", family=reached[0]) if reached else phrase("floor.neither")
    return vars(phrase("floor.not_reached", who=who))


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

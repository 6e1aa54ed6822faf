"""How sure the verdict is, and what a reader must know before acting on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from whichgen.comparison.axes import floor_of, median_score
from whichgen.comparison.cells import FAMILIES, Cell, by_seed
from whichgen.comparison.memorisation import MINIMUM_PAIRS
from whichgen.comparison.recommendation import PRIMARY
from whichgen.comparison.wording import (
    AXIS_NAMES,
    FAMILY_NAMES,
    counted,
    listed,
    number,
    p_value,
    scaled,
)


def confidence(pair: Mapping[str, Any] | None) -> str:
    """One or two sentences: on how many seeds the answer rests and which axes carry it."""
    if pair is None:
        return "None: a verdict needs runs of both families."
    axes = pair["axes"]
    pairs = max(len(axes[axis]["seeds"]) for axis in PRIMARY)
    if pairs < MINIMUM_PAIRS:
        return (
            f"None: {counted(pairs, 'paired seed')}; with fewer than "
            f"{MINIMUM_PAIRS} an exact test cannot give p < .05 whatever the difference."
        )
    carried = [axis for axis, result in axes.items() if result["decision"] in FAMILIES]
    if not carried:
        return f"No difference could be shown at the 95 % level over {pairs} paired seeds."
    worst = max(float(axes[axis]["p_holm"]) for axis in carried)
    tests = max(int(result["tests"]) for result in axes.values())
    return (
        f"Shown at the 95 % level on {listed([AXIS_NAMES[axis] for axis in carried])}, over "
        f"{pairs} paired seeds (p {_compared(worst)} at most after Holm's correction over "
        f"{tests} axes)."
    )


def caveats(cells: Sequence[Cell], verdict: Mapping[str, Any]) -> list[str]:
    """Sentences, the gravest first. Never empty: the scope of the answer is always the last."""
    found = []
    if verdict["information"] == "unequal":
        found.append("The comparison is not fair: some runs were given labels and others were not.")
    pair = verdict["pairs"].get(verdict["headline"] or "")
    if pair is not None:
        found += _pair_caveats(cells, pair)
    found += _bookkeeping(cells, verdict)
    if len(verdict["pairs"]) > 1:
        found.append(
            f"{len(verdict['pairs'])} pairs of recipes were compared; the answer is about "
            f"{verdict['headline']}, chosen on validation. The correction is within a pair."
        )
    found.append(
        f"This holds for {verdict['dataset']}, at {scaled(verdict['budget_flops'], 'FLOPs')} of "
        f"training a run and by one judge ({verdict['judge'] or 'unknown'}). Other data, another "
        f"budget or another judge may decide otherwise."
    )
    return found


def _pair_caveats(cells: Sequence[Cell], pair: Mapping[str, Any]) -> list[str]:
    found = []
    for family in FAMILIES:
        name, recipe = FAMILY_NAMES[family], by_seed(cells, pair[family]).values()
        for veto in pair["vetoes"][family]:
            found.append(f"The {name} is ruled out: {veto}.")
        share = pair["memorisation"][family]
        if share["decision"] == "leaning":
            found.append(
                f"The {name}'s samples lie somewhat nearer to training images than to others "
                f"(share {number(share['share'])}, chance 0.5): look for copies."
            )
        covered = median_score([*recipe], "types_covered")
        present = floor_of([*recipe], "types_covered")
        if covered < present:
            found.append(
                f"The {name} misses types: it makes {covered:.0%} of them in the median seed."
            )
    if pair["crossings_flops"]:
        last = pair["crossings_flops"][-1]
        found.append(
            "The median validation curves cross, last at "
            f"{scaled(last, 'FLOPs')} of training: below that the order may be the other way."
        )
    if any(result["decision"] == "tie" for result in pair["axes"].values()):
        found.append("A tie means that no difference could be shown, not that there is none.")
    return found


def _stopped_early(cells: Sequence[Cell]) -> list[str]:
    """Of each recipe that stops by a rule of its own: how often, and what it spent till then."""
    found = []
    for recipe in dict.fromkeys(cell.recipe for cell in cells if cell.stopped_early):
        runs = by_seed(cells, recipe).values()
        shares = [float(cell.ended["budget_share"]) for cell in runs if cell.stopped_early]
        found.append(
            f"{recipe} stopped by its own rule in {len(shares)} of {len(runs)} runs, after "
            f"{median(shares):.0%} of the budget in the median: it has spent less than it might."
        )
    return found


def _bookkeeping(cells: Sequence[Cell], verdict: Mapping[str, Any]) -> list[str]:
    found = _stopped_early(cells)
    if verdict["failed"]:
        names = listed([f"{item['recipe']} seed {item['seed']}" for item in verdict["failed"]])
        found.append(
            f"{len(verdict['failed'])} of {len(cells)} runs failed ({names}): counted in "
            "stability, and missing from the other axes."
        )
    if verdict["left_out"]:
        count = len(verdict["left_out"])
        found.append(
            f"{count} cell{' was' if count == 1 else 's were'} left out as not comparable with "
            "the others; see the list below."
        )
    return found


def _compared(p: float) -> str:
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"

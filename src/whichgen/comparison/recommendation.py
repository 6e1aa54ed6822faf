"""From the axes of one pair of recipes and a user's weights to a choice and its reasons."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from whichgen.comparison.axes import AXES
from whichgen.comparison.cells import FAMILIES, Cell
from whichgen.comparison.memorisation import MINIMUM_PAIRS
from whichgen.comparison.phrases import Nouns, Text, clauses, listed, phrase
from whichgen.comparison.sentences import OTHER, counted_pairs, more_seeds
from whichgen.comparison.wording import FAMILY_NAMES

PRIMARY = ("quality", "diversity", "type_control")
# What each axis counts where the user does not say. Cost and stability together weigh less than one
# of the others, so they decide where those tie. Memorisation counts by its veto.
WEIGHTS: Mapping[str, float] = {
    "quality": 1.0,
    "diversity": 1.0,
    "type_control": 1.0,
    "memorisation": 0.0,
    "cost": 0.25,
    "stability": 0.25,
}

Pair = Mapping[str, Any]


def vetoes(cells: Sequence[Cell], memorisation: Mapping[str, Any], nouns: Nouns) -> list[Text]:
    """What rules a recipe out whatever its scores: copies, or half its runs failed."""
    found = []
    if memorisation["decision"] == "flagged":
        found.append(phrase("veto.copies", **nouns))
    failed = sum(cell.failed for cell in cells)
    if 2 * failed >= len(cells):
        found.append(phrase("veto.failed", failed=failed, runs=len(cells)))
    return found


def choose(dataset: str, pair: Pair | None, weights: Mapping[str, float]) -> dict[str, Any]:
    """The choice, its sentence, its reasons and the weights that each family won.

    ``choice`` is "gan", "dgn", "tie" (nothing that weighs separates them), "split" (what each wins
    weighs the same), "inconclusive" (too few paired seeds) or "none" (ruled out by a veto).
    """
    if pair is None:
        return {
            "choice": "inconclusive",
            "sentence": phrase("choice.one_family", dataset=dataset),
            "reasons": [],
            "weighed": dict.fromkeys(FAMILIES, 0.0),
        }
    won = {family: sum(weights[axis] for axis in _wins(pair, family)) for family in FAMILIES}
    ahead = _ahead(pair, weights, won)
    ruled_out = [family for family in FAMILIES if pair["vetoes"][family]]
    choice = _with_vetoes(ahead, ruled_out)
    return {
        "choice": choice,
        "sentence": _sentence(dataset, pair, ahead, choice),
        "reasons": _reasons(pair, weights, won, choice),
        "weighed": won,
    }


def axis_names(axes: Sequence[str]) -> Text:
    """quality, diversity and cost."""
    return listed([phrase(f"axis.{axis}") for axis in axes])


def _ahead(pair: Pair, weights: Mapping[str, float], won: Mapping[str, float]) -> str:
    """Who is ahead before any veto."""
    asked = [axis for axis in PRIMARY if weights[axis]] or [a for a in AXES if weights[a]]
    if all(pair["axes"][axis]["decision"] == "inconclusive" for axis in asked):
        return "inconclusive"
    if math.isclose(won["gan"], won["dgn"]):
        return "split" if won["gan"] else "tie"
    return max(FAMILIES, key=lambda family: won[family])


def _with_vetoes(ahead: str, ruled_out: list[str]) -> str:
    if len(ruled_out) == 2 or ahead in ruled_out:
        return "none"
    if ruled_out and ahead in ("tie", "split"):
        return OTHER[ruled_out[0]]
    return ahead


def _sentence(dataset: str, pair: Pair, ahead: str, choice: str) -> Text:
    wins = {family: _wins(pair, family) for family in FAMILIES}
    if choice == "none":
        return phrase("choice.neither", dataset=dataset, why=_why_neither(pair, ahead))
    if choice == "inconclusive":
        return phrase("choice.inconclusive", dataset=dataset, why=_why_open(pair))
    if choice == "tie" and not any(wins.values()):
        return phrase("choice.tie", dataset=dataset)
    if choice == "tie":
        decided = [axis for axis in AXES if axis in [*wins["gan"], *wins["dgn"]]]
        told = [_won_on(family, wins[family]) for family in FAMILIES if wins[family]]
        return phrase(
            "choice.unweighted", dataset=dataset, axes=axis_names(decided), wins=clauses(told)
        )
    if choice == "split":
        named = {family: axis_names(wins[family]) for family in FAMILIES}
        return phrase("choice.split", dataset=dataset, **named)
    why = _why(
        wins[choice], wins[OTHER[choice]], FAMILY_NAMES[OTHER[choice]], outvoted=choice == ahead
    )
    if choice != ahead:
        other = OTHER[choice]
        why = phrase(
            "why.ruled_out", why=why, other=FAMILY_NAMES[other], veto=pair["vetoes"][other][0]
        )
    return phrase("choice.family", dataset=dataset, family=FAMILY_NAMES[choice], why=why)


def _why(own: list[str], others: list[str], other: str, *, outvoted: bool) -> Text:
    """On what the chosen family wins, and the other; ``outvoted`` where the weights chose."""
    if own and others:
        key = "why.opposed" if outvoted else "why.both"
        return phrase(key, own=axis_names(own), other=other, others=axis_names(others))
    if own:
        return phrase("why.unopposed" if outvoted else "why.unopposed_but", own=axis_names(own))
    if others:
        return phrase("why.only_other", other=other, others=axis_names(others))
    return phrase("why.neither")


def _why_open(pair: Pair) -> Text:
    seeds = max(len(pair["axes"][axis]["seeds"]) for axis in PRIMARY)
    if seeds < MINIMUM_PAIRS:
        why = phrase("why.too_few", pairs=counted_pairs(seeds), more=more_seeds(seeds))
    else:
        why = phrase("why.no_floor", pairs=counted_pairs(seeds))
    return clauses([why, *_faults(pair)])


def _why_neither(pair: Pair, ahead: str) -> Text:
    faults = _faults(pair)
    if len(faults) == 1:
        faults.append(phrase("why.behind", family=FAMILY_NAMES[OTHER[ahead]]))
    return clauses(faults)


def _faults(pair: Pair) -> list[Text]:
    return [
        phrase("why.veto", family=FAMILY_NAMES[family], vetoes=listed(pair["vetoes"][family]))
        for family in FAMILIES
        if pair["vetoes"][family]
    ]


def _reasons(
    pair: Pair, weights: Mapping[str, float], won: Mapping[str, float], choice: str
) -> list[Text]:
    """What speaks for the choice, then against it, then what says nothing, then the weights."""
    order = [choice, OTHER[choice]] if choice in FAMILIES else [*FAMILIES]
    found = []
    for family in order:
        for axis in _wins(pair, family):
            sentence = pair["axes"][axis]["sentence"]
            against = choice in FAMILIES and family != choice
            found.append(phrase("reason.against", sentence=sentence) if against else sentence)
    for family in FAMILIES:
        for veto in pair["vetoes"][family]:
            found.append(phrase("reason.veto", family=FAMILY_NAMES[family], veto=veto))
    for decision, key in (("tie", "reason.tied_axes"), ("inconclusive", "reason.open_axes")):
        axes = _wins(pair, decision)
        if axes:
            found.append(phrase(key, axes=axis_names(axes)))
    told = [
        phrase("weighed.axis", axis=phrase(f"axis.{axis}"), weight=f"{weights[axis]:g}")
        for axis in AXES
    ]
    totals = {family: f"{won[family]:g}" for family in FAMILIES}
    return [*found, phrase("weighed.axes", weights=listed(told), **totals)]


def _won_on(family: str, axes: list[str]) -> Text:
    return phrase("why.only_other", other=FAMILY_NAMES[family], others=axis_names(axes))


def _wins(pair: Pair, decision: str) -> list[str]:
    return [axis for axis, result in pair["axes"].items() if result["decision"] == decision]

"""From the axes of one pair of recipes to a choice and the sentence that opens the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from whichgen.comparison.cells import FAMILIES, Cell
from whichgen.comparison.memorisation import MINIMUM_PAIRS
from whichgen.comparison.wording import AXIS_NAMES, FAMILY_NAMES, counted, listed

# What a generator is for comes first; cost and stability decide where these tie.
PRIMARY = ("quality", "diversity", "type_control")
SECONDARY = ("cost", "stability")
_OTHER = {"gan": "dgn", "dgn": "gan"}


def vetoes(cells: Sequence[Cell], memorisation: Mapping[str, Any]) -> list[str]:
    """What rules a recipe out whatever its scores: copied images, or half its runs failed."""
    found = []
    if memorisation["decision"] == "flagged":
        found.append("it copies its training images")
    failed = sum(cell.failed for cell in cells)
    if 2 * failed >= len(cells):
        found.append(f"{failed} of its {len(cells)} runs failed")
    return found


def choose(dataset: str, pair: Mapping[str, Any] | None) -> dict[str, str]:
    """The choice and its sentence.

    ``choice`` is "gan", "dgn", "tie" (no axis separates them), "split" (each wins where it
    matters), "inconclusive" (too few paired seeds) or "none" (ruled out by a veto).
    """
    if pair is None:
        return {
            "choice": "inconclusive",
            "sentence": f"No answer for {dataset}: runs of one family only, nothing to compare.",
        }
    decisions = {axis: result["decision"] for axis, result in pair["axes"].items()}
    ahead = _ahead(decisions)
    ruled_out = [family for family in FAMILIES if pair["vetoes"][family]]
    choice = _with_vetoes(ahead, ruled_out)
    return {"choice": choice, "sentence": _sentence(dataset, pair, ahead, choice)}


def _ahead(decisions: Mapping[str, str]) -> str:
    """Who is ahead before any veto."""
    if all(decisions[axis] == "inconclusive" for axis in PRIMARY):
        return "inconclusive"
    for axes in (PRIMARY, SECONDARY):
        winners = {decisions[axis] for axis in axes} & set(FAMILIES)
        if winners:
            return winners.pop() if len(winners) == 1 else "split"
    return "tie"


def _with_vetoes(ahead: str, ruled_out: list[str]) -> str:
    if len(ruled_out) == 2 or ahead in ruled_out:
        return "none"
    if ruled_out and ahead in ("tie", "split"):
        return _OTHER[ruled_out[0]]
    return ahead


def _sentence(dataset: str, pair: Mapping[str, Any], ahead: str, choice: str) -> str:
    if choice == "none":
        return _none_sentence(dataset, pair, ahead)
    if choice == "inconclusive":
        return _inconclusive_sentence(dataset, pair)
    if choice == "tie":
        return f"Either will do for {dataset}: no axis separates the GAN from the DGN."
    wins = {family: _won(pair, family) for family in FAMILIES}
    if choice == "split":
        return (
            f"It depends what you need from {dataset}: the GAN wins on {listed(wins['gan'])}, "
            f"the DGN on {listed(wins['dgn'])}."
        )
    other = _OTHER[choice]
    reason = f"it wins on {listed(wins[choice])}" if wins[choice] else "the two tie"
    if wins[other]:
        reason += f", the {FAMILY_NAMES[other]} on {listed(wins[other])}"
    if choice != ahead:
        reason += f", and the {FAMILY_NAMES[other]} is ruled out: {pair['vetoes'][other][0]}"
    elif not wins[other]:
        reason += " and loses on none"
    return f"Train a {FAMILY_NAMES[choice]} for {dataset}: {reason}."


def _inconclusive_sentence(dataset: str, pair: Mapping[str, Any]) -> str:
    seeds = max(len(pair["axes"][axis]["seeds"]) for axis in PRIMARY)
    text = f"No answer yet for {dataset}: {counted(seeds, 'paired seed')}"
    missing = MINIMUM_PAIRS - seeds
    if missing > 0:
        text += f", at least {missing} more {'is' if missing == 1 else 'are'} needed"
    else:
        text += ", but no floor to judge them by"
    for family in FAMILIES:
        if pair["vetoes"][family]:
            text += f"; the {FAMILY_NAMES[family]} is ruled out, {listed(pair['vetoes'][family])}"
    return f"{text}."


def _none_sentence(dataset: str, pair: Mapping[str, Any], ahead: str) -> str:
    faults = [
        f"the {FAMILY_NAMES[family]} is ruled out, {listed(pair['vetoes'][family])}"
        for family in FAMILIES
        if pair["vetoes"][family]
    ]
    text = f"Neither can be recommended for {dataset}: {'; '.join(faults)}"
    if len(faults) == 1:
        text += f"; the {FAMILY_NAMES[_OTHER[ahead]]} is behind, take it only if that is enough"
    return f"{text}."


def _won(pair: Mapping[str, Any], family: str) -> list[str]:
    return [
        AXIS_NAMES[axis] for axis, result in pair["axes"].items() if result["decision"] == family
    ]

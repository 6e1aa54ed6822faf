"""May the challenger take the champion's place? By the verdict's rule, over paired seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from whichgen.comparison.axes import AXES, BySeed
from whichgen.comparison.cells import Cell
from whichgen.comparison.judgement import Judgement, effect_of, judge, measure
from whichgen.comparison.judges import confirmed, second_judge, second_opinions
from whichgen.comparison.memorisation import MINIMUM_PAIRS, memorisation
from whichgen.comparison.phrases import Nouns
from whichgen.comparison.recommendation import vetoes
from whichgen.comparison.wording import number

_SIDES = {"first": "champion", "second": "challenger"}


@dataclass(frozen=True)
class Gate:
    """What the gate says.

    Attributes:
        passed: whether the challenger may be champion. reasons: sentences, what decided first.
        axes: axis → decision ("champion", "challenger", "tie", "inconclusive"), `effect` and
            `interval` (a ratio champion / challenger, or a difference), `p_holm`, `seeds`.
    """

    passed: bool
    reasons: list[str]
    axes: dict[str, Any]


def compare(
    champion: BySeed,
    challenger: BySeed,
    served: tuple[Cell, Cell],
    weights: Mapping[str, float],
    nouns: Nouns,
) -> Gate:
    """Whether the challenger wins, on equal test images and by the same judges.

    It wins if the axes that its recipe surely wins weigh more than those that the champion's does,
    and if, besides, the one generator that would be served is not itself behind the one that is: a
    recipe may be better and this seed of it not. Where neither weighs more, a champion that a veto
    rules out gives way; any other stays.

    Args:
        champion, challenger: the cells of either recipe. served: the two registered ones of them.
        weights: what each axis counts, as in the verdict. nouns: what the samples are called.
    """
    axes = _axes(champion, challenger)
    won = {side: _weight(axes, side, weights) for side in ("champion", "challenger")}
    reasons = [_sentence(axis, found) for axis, found in axes.items() if found["decision"] in won]
    former = [*champion.values()]
    faults = [veto.en for veto in vetoes(former, memorisation(former), nouns)]
    behind = _behind(*served, weights)
    level = math.isclose(won["challenger"], won["champion"])
    ahead = not level and won["challenger"] > won["champion"]
    if behind and (ahead or (level and faults)):
        reasons.insert(0, f"this seed's own generator is behind the champion's on {behind}")
    elif level and not faults:
        reasons.insert(0, _undecided(axes, weights))
    if faults:
        reasons.append(f"of the champion on the present data: {', '.join(faults)}")
    return Gate((ahead or (level and bool(faults))) and not behind, reasons, axes)


def _axes(champion: BySeed, challenger: BySeed) -> dict[str, Any]:
    cells = [*champion.values(), *challenger.values()]
    opinions = second_opinions(champion, challenger, second_judge(cells))
    return {
        axis: _result(judgement, opinions.get(axis))
        for axis, judgement in judge(measure(champion, challenger)).items()
    }


def _result(judgement: Judgement, opinion: Judgement | None) -> dict[str, Any]:
    decision, paired = judgement.decision, judgement.paired
    if not confirmed(decision, opinion.decision if opinion else None):
        decision = "tie"
    effect, interval = effect_of(judgement)
    return {
        "decision": _SIDES.get(decision, decision),
        "metric": paired.metric,
        "log": paired.log,
        "champion": paired.first,
        "challenger": paired.second,
        "effect": effect,
        "interval": interval,
        "p_holm": judgement.p_holm,
        "seeds": len(paired.seeds),
    }


def _weight(axes: Mapping[str, Any], side: str, weights: Mapping[str, float]) -> float:
    return sum(weights[axis] for axis, result in axes.items() if result["decision"] == side)


def _behind(champion: Cell, challenger: Cell, weights: Mapping[str, float]) -> str:
    """On which axes, that outweigh those it leads on, the one generator is behind the other.

    Each by more than the floor allows; empty where it is not behind. Of one generator there is no
    cost and no stability to speak of.
    """
    found = measure({0: champion}, {0: challenger})
    lead = {
        axis: math.copysign(1.0, paired.shift)
        for axis, paired in found.items()
        if axis not in ("cost", "stability") and abs(paired.shift) > paired.margin
    }
    if sum(weights[axis] * sign for axis, sign in lead.items()) >= 0:
        return ""
    return ", ".join(axis.replace("_", " ") for axis, sign in lead.items() if sign < 0)


def _undecided(axes: Mapping[str, Any], weights: Mapping[str, float]) -> str:
    weighed = [axes[axis] for axis in AXES if weights[axis]]
    pairs = max(result["seeds"] for result in weighed)
    if pairs < MINIMUM_PAIRS:
        return f"paired seeds: {pairs}, and it takes {MINIMUM_PAIRS} to decide"
    return "nothing that weighs separates it from the champion"


def _sentence(axis: str, result: Mapping[str, Any]) -> str:
    low, high = (number(end) for end in result["interval"])
    kind = "ratio" if result["log"] else "difference"
    return (
        f"{axis.replace('_', ' ')} goes to the {result['decision']}: {result['metric']} "
        f"{number(result['challenger'])} (challenger) and {number(result['champion'])} (champion), "
        f"{kind} {number(result['effect'])} ({low} to {high}), {result['seeds']} paired seeds"
    )

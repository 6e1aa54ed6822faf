"""The result of one axis as a sentence in plain English."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from whichgen.comparison.wording import FAMILY_NAMES, counted, number, p_value

_OTHER = {"gan": "dgn", "dgn": "gan"}
_GAINS = {
    "quality": "comes closer to the real images",
    "diversity": "is more diverse",
    "type_control": "makes the type asked for more reliably",
    "cost": "is cheaper to train",
    "stability": "is steadier over seeds",
}


def axis_sentence(axis: str, result: Mapping[str, Any], reasons: list[str]) -> str:
    """One sentence or two that say who is ahead, by how much, and how sure that is.

    ``reasons`` are the conditions of the rule that were not met.
    """
    decision, pairs = result["decision"], len(result["seeds"])
    if not pairs:
        return "Inconclusive: not measured for both families at any shared seed."
    subject = decision if decision in _OTHER else "gan"
    statement = f"{_statement(result, subject)} ({_evidence(result, subject)})"
    if decision in _OTHER:
        return f"The {FAMILY_NAMES[decision]} {_GAINS[axis]}: {statement}."
    if decision == "tie":
        advice = "" if axis in ("cost", "stability") else " Choose by cost or stability."
        return f"Tie: {statement}; {' and '.join(reasons)}.{advice}"
    return f"Inconclusive: {'; '.join(reasons)}. So far {statement}."


def _statement(result: Mapping[str, Any], subject: str) -> str:
    """What was found, with the subject as "its" where it won and by name where it did not."""
    metric, other = result["metric"], _OTHER[subject]
    one, two = FAMILY_NAMES[subject], FAMILY_NAMES[other]
    whose = "its" if result["decision"] == subject else f"the {one}'s"
    if metric == "fd":
        return f"{whose} Fréchet distance is {_ratio(result, subject)} times the {two}'s"
    if metric == "flops_to_common_target":
        return (
            f"{whose} training FLOPs to the distance that both reach are "
            f"{_ratio(result, subject)} times the {two}'s"
        )
    if metric == "failed_runs":
        runs = len(result["seeds"])
        return (
            f"{result[subject]:.0f} of {runs} {one} runs failed, "
            f"{result[other]:.0f} of {runs} {two} runs"
        )
    if metric == "fd_spread":
        return (
            f"{whose} log distance strays from its median by {number(result[subject])} on "
            f"average, the {two}'s by {number(result[other])}"
        )
    gain = result["effect"] if subject == "dgn" else -result["effect"]
    direction = "above" if gain > 0 else "below"
    name = "coverage" if metric == "coverage" else "type agreement"
    if not gain:
        return f"{whose} {name} equals the {two}'s"
    return f"{whose} {name} is {number(abs(gain))} {direction} the {two}'s"


def _evidence(result: Mapping[str, Any], subject: str) -> str:
    pairs = counted(len(result["seeds"]), "paired seed")
    low, high = _bounds(result, subject)
    if not math.isfinite(low):
        return pairs
    p = f"p = {p_value(result['p_sign_flip'])}".replace("= <", "<")
    return f"95 % interval {number(low)} to {number(high)}, {pairs}, {p}"


def _bounds(result: Mapping[str, Any], subject: str) -> tuple[float, float]:
    """The interval's bounds as seen from the subject of the sentence."""
    low, high = result["interval"]
    if result["log"]:
        return (low, high) if subject == "gan" else (1 / high, 1 / low)
    if result["metric"] in ("fd_spread", "failed_runs"):
        return (low, high) if subject == "gan" else (-high, -low)
    return (low, high) if subject == "dgn" else (-high, -low)


def _ratio(result: Mapping[str, Any], subject: str) -> str:
    return number(result["effect"] if subject == "gan" else 1 / result["effect"])

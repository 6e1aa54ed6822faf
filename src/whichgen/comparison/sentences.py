"""The result of one axis as a sentence, in both languages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from whichgen.comparison.memorisation import MINIMUM_PAIRS
from whichgen.comparison.phrases import Nouns, Text, clauses, moreover, phrase
from whichgen.comparison.wording import FAMILY_NAMES, in_unit, number, p_value

OTHER = {"gan": "dgn", "dgn": "gan"}


def axis_sentence(axis: str, result: Mapping[str, Any], unmet: Sequence[str], nouns: Nouns) -> Text:
    """One sentence or two that say who is ahead, by how much, and how sure that is.

    ``unmet`` names the conditions of the rule that were not met, as `Judgement.unmet` does, and
    "judges_disagree" or "judge_not_sure" where the second judge took a win back.
    """
    decision = result["decision"]
    if not result["seeds"]:
        return phrase("axis.unmeasured")
    subject = decision if decision in OTHER else "gan"
    told = {"found": _found(result, subject, nouns), "evidence": _evidence(result, subject)}
    if decision in OTHER:
        gain = phrase(f"gain.{axis}", **nouns)
        return phrase("axis.win", family=FAMILY_NAMES[decision], gain=gain, **told)
    reasons = [_reason(name, result) for name in unmet]
    if decision == "inconclusive":
        return phrase("axis.open", reasons=clauses(reasons), **told)
    choose = "axis.tie" if axis in ("cost", "stability") else "axis.tie_choose"
    return phrase(choose, reasons=moreover(reasons), **told)


def counted_pairs(count: int) -> Text:
    """1 paired seed; 2 paired seeds."""
    return phrase("count.pair" if count == 1 else "count.pairs", count=count)


def more_seeds(pairs: int) -> Text:
    """How many seeds are missing for a decision."""
    missing = MINIMUM_PAIRS - pairs
    return phrase("more_seeds.one" if missing == 1 else "more_seeds.many", count=missing)


def compared(p: float | None) -> str:
    """A p-value with its sign: "= 0.03", "< 0.0001"."""
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"


def _found(result: Mapping[str, Any], subject: str, nouns: Nouns) -> Text:
    """What was found, with the subject as "its" where it won and by name where it did not."""
    metric, other = result["metric"], FAMILY_NAMES[OTHER[subject]]
    won = result["decision"] == subject
    whose = phrase("whose.its") if won else phrase("whose.named", family=FAMILY_NAMES[subject])
    if result["log"]:
        return phrase(f"found.{metric}", whose=whose, other=other, ratio=_ratio(result, subject))
    own, others = result[subject], result[OTHER[subject]]
    if metric == "failed_runs":
        return phrase(
            "found.failed_runs",
            one=FAMILY_NAMES[subject],
            other=other,
            own=f"{own:.0f}",
            others=f"{others:.0f}",
            runs=len(result["seeds"]),
        )
    if metric == "fd_spread":
        return phrase(
            "found.fd_spread", whose=whose, other=other, own=number(own), others=number(others)
        )
    return _share_found(result, subject, whose, nouns)


def _share_found(result: Mapping[str, Any], subject: str, whose: Text, nouns: Nouns) -> Text:
    """How far a share is above or below the other's."""
    names = {"whose": whose, "metric": phrase(f"metric.{result['metric']}", **nouns)}
    other = FAMILY_NAMES[OTHER[subject]]
    above = result["effect"] if subject == "dgn" else -result["effect"]
    if result["metric"] == "memorisation":  # whose difference is positive where the GAN's is higher
        above = -above
    if not above:
        return phrase("found.equal", other=other, **names)
    direction = "found.above" if above > 0 else "found.below"
    return phrase(direction, other=other, gap=number(abs(above)), **names)


def _evidence(result: Mapping[str, Any], subject: str) -> Text:
    pairs = counted_pairs(len(result["seeds"]))
    low, high = _bounds(result, subject)
    if not math.isfinite(low):
        return pairs
    return phrase(
        "evidence.interval",
        low=number(low),
        high=number(high),
        pairs=pairs,
        p=compared(result["p_sign_flip"]),
    )


def _reason(name: str, result: Mapping[str, Any]) -> Text:
    """A condition that is not met, as a clause."""
    pairs = len(result["seeds"])
    if name == "too_few":
        return phrase("reason.too_few", pairs=counted_pairs(pairs), more=more_seeds(pairs))
    if name == "includes_none":
        return phrase("reason.includes_none", none=1 if result["log"] else 0)
    if name == "holm":
        return phrase("reason.holm", tests=result["tests"], p=compared(result["p_holm"]))
    if name == "margin":
        shift, limit = (in_unit(result["metric"], result[key]) for key in ("shift", "floor_margin"))
        return phrase("reason.margin", shift=shift.removeprefix("-"), limit=limit)
    if name == "judges_disagree":
        return phrase("reason.judges_disagree", family=FAMILY_NAMES[result["second"]])
    return phrase(f"reason.{name}")


def _bounds(result: Mapping[str, Any], subject: str) -> tuple[float, float]:
    """The interval's bounds as seen from the subject of the sentence."""
    low, high = result["interval"]
    if result["log"]:
        return (low, high) if subject == "gan" else (1 / high, 1 / low)
    lower_is_better = result["metric"] in ("fd_spread", "failed_runs", "memorisation")
    return (low, high) if (subject == "gan") == lower_is_better else (-high, -low)


def _ratio(result: Mapping[str, Any], subject: str) -> str:
    return number(result["effect"] if subject == "gan" else 1 / result["effect"])

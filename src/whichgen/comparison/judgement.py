"""The rule by which one recipe wins an axis over another.

It wins only if, over six or more paired seeds, the 95 % t interval excludes zero, the exact
sign-flip test gives p < .05, the t test's p stays below .05 after Holm's correction, and the effect
exceeds what the real-against-real floor allows. Otherwise the axis is a tie, and with fewer seeds
it is inconclusive.

Holm's correction is on the t test: six seeds cannot give an exact sign-flip p below .031, which
no correction over two or more axes would leave below .05. The sign-flip test is the guard that
needs no normal distribution.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from whichgen.comparison.axes import AXES, Array, BySeed, Paired
from whichgen.comparison.memorisation import LEVEL, MINIMUM_PAIRS
from whichgen.comparison.statistics.intervals import Interval, paired_interval
from whichgen.comparison.statistics.significance import holm, paired_t_p, sign_flip_p

Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True, eq=False)
class Judgement:
    """One axis of one pair of recipes, tested.

    Attributes:
        interval: of the mean of ``paired.differences``; positive speaks for the second recipe.
        p, p_sign_flip: of the t test and of the exact test. p_holm: the first, corrected.
        tests: over how many tests it was corrected.
    """

    paired: Paired
    interval: Interval
    p: float
    p_sign_flip: float
    p_holm: float
    tests: int

    @property
    def unmet(self) -> list[str]:
        """The conditions of the rule that are not met, by name; those that decide come first."""
        if len(self.paired.seeds) < MINIMUM_PAIRS:
            return ["too_few"]
        if math.isnan(self.paired.margin):
            return ["no_floor"]
        return [*self._in_doubt(), *(["margin"] if not self._exceeds_margin() else [])]

    @property
    def decision(self) -> str:
        """ "first", "second", "tie" or "inconclusive"."""
        unmet = self.unmet
        if not unmet:
            return self.ahead
        return "inconclusive" if unmet[0] in ("too_few", "no_floor") else "tie"

    @property
    def ahead(self) -> str:
        """Whom the mean difference speaks for, however surely: "first" or "second"."""
        return "second" if self.interval.mean > 0 else "first"

    def _in_doubt(self) -> Iterator[str]:
        if not self.interval.excludes_zero:
            yield "includes_none"
        elif not self.p_sign_flip < LEVEL:
            yield "sign_flip"
        elif not self.p_holm < LEVEL:
            yield "holm"

    def _exceeds_margin(self) -> bool:
        return math.copysign(1.0, self.interval.mean) * self.paired.shift > self.paired.margin


def judge(
    measured: Mapping[Name, Paired], strata: Mapping[Name, Sequence[Array]] | None = None
) -> dict[Name, Judgement]:
    """Test what was measured, by any name, with one correction over all that has enough seeds.

    ``strata`` divides each one's differences by dataset; without it they are of one.
    """
    groups = strata or {name: [paired.differences] for name, paired in measured.items()}
    p_values = [
        paired_t_p(*groups[name]) if len(paired.seeds) >= MINIMUM_PAIRS else math.nan
        for name, paired in measured.items()
    ]
    tests = sum(not math.isnan(p) for p in p_values)
    return {
        name: Judgement(
            paired=paired,
            interval=paired_interval(*groups[name]),
            p=p,
            p_sign_flip=sign_flip_p(*groups[name]),
            p_holm=p_holm,
            tests=tests,
        )
        for (name, paired), p, p_holm in zip(
            measured.items(), p_values, holm(p_values), strict=True
        )
    }


def effect_of(judgement: Judgement) -> tuple[float, list[float]]:
    """The effect and its interval: a ratio first / second for log-ratios, else a difference."""
    interval = judgement.interval
    bounds = [interval.mean, interval.low, interval.high]
    effect, *ends = np.exp(bounds) if judgement.paired.log else bounds
    return float(effect), [float(end) for end in ends]


def measure(first: BySeed, second: BySeed) -> dict[str, Paired]:
    """Every axis of two recipes' cells by seed."""
    return {axis: axis_of(first, second) for axis, axis_of in AXES.items()}

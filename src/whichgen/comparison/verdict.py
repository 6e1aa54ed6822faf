"""From scored cells to a verdict: per pair of recipes and axis, then over all of them.

A family wins an axis only if, over six or more paired seeds, the 95 % t interval excludes zero,
the exact sign-flip test gives p < .05, the t test's p stays below .05 after Holm's correction
over the axes, and the effect exceeds what the real-against-real floor allows. Otherwise the axis
is a "tie", and with fewer seeds it is "inconclusive".

Holm's correction is on the t test: six seeds cannot give an exact sign-flip p below .031, which
no correction over two or more axes would leave below .05. The sign-flip test is the guard that
needs no normal distribution.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from whichgen.comparison.axes import AXES, BySeed, Paired, median
from whichgen.comparison.caveats import caveats, confidence
from whichgen.comparison.cells import FAMILIES, Cell, LeftOut, by_seed, recipes_of
from whichgen.comparison.curves import best_validation, crossings, median_curve
from whichgen.comparison.intervals import holm, paired_interval, paired_t_p, sign_flip_p
from whichgen.comparison.memorisation import LEVEL, MINIMUM_PAIRS, memorisation
from whichgen.comparison.recommendation import choose, vetoes
from whichgen.comparison.sentences import axis_sentence
from whichgen.comparison.wording import counted, in_unit, p_value
from whichgen.errors import WhichgenError


def decide(cells: Sequence[Cell], *, left_out: Iterable[LeftOut] = ()) -> dict[str, Any]:
    """The verdict over the comparable cells of one dataset, as plain JSON-able values.

    Deterministic: the same cells give the same mapping; it holds no time, date or measured
    second. Unknown numbers are None. Keys: ``dataset``, ``judge``, ``images``, ``budget_flops``,
    ``information`` ("labels", "no labels" or "unequal"), ``pairs`` ("<gan> vs <dgn>" → axes,
    memorisation, vetoes, crossings), ``headline`` (the pair that the recommendation is about),
    ``recommendation`` (``choice``, ``sentence``, ``confidence``, ``caveats``), ``failed`` and
    ``left_out``.

    Raises:
        WhichgenError: there are no cells at all.
    """
    if not cells:
        raise WhichgenError("no scored cells to compare: run `dvc repro` or the evaluation first")
    pairs = {
        f"{gan} vs {dgn}": _judge_pair(by_seed(cells, gan), by_seed(cells, dgn))
        for gan in recipes_of(cells, "gan")
        for dgn in recipes_of(cells, "dgn")
    }
    headline = _headline(cells)
    first = next((cell for cell in cells if not cell.failed), cells[0])
    result: dict[str, Any] = {
        "dataset": first.dataset,
        "judge": first.judge,
        "images": first.n,
        "budget_flops": first.budget_flops,
        "information": information(cells),
        "headline": headline,
        "pairs": pairs,
        "failed": [
            {"recipe": c.recipe, "seed": c.seed, "error": c.error or "unknown"}
            for c in cells
            if c.failed
        ],
        "left_out": [vars(item) for item in left_out],
    }
    pair = pairs.get(headline or "")
    result["recommendation"] = {
        **choose(first.dataset, pair),
        "confidence": confidence(pair),
        "caveats": caveats(cells, result),
    }
    plain: dict[str, Any] = _plain(result)
    return plain


def information(cells: Iterable[Cell]) -> str:
    """Whether all compared cells were given labels: "labels", "no labels" or "unequal"."""
    used = {cell.uses_labels for cell in cells}
    return "unequal" if len(used) > 1 else "labels" if used == {True} else "no labels"


def _judge_pair(gan: BySeed, dgn: BySeed) -> dict[str, Any]:
    measured = {axis: measure(gan, dgn) for axis, measure in AXES.items()}
    p_values = [
        paired_t_p(paired.differences) if len(paired.seeds) >= MINIMUM_PAIRS else math.nan
        for paired in measured.values()
    ]
    corrected = holm(p_values)
    tests = sum(not math.isnan(p) for p in p_values)
    copies = {"gan": memorisation([*gan.values()]), "dgn": memorisation([*dgn.values()])}
    curves = [median_curve([*side.values()]) for side in (gan, dgn)]
    return {
        "gan": next(iter(gan.values())).recipe,
        "dgn": next(iter(dgn.values())).recipe,
        "axes": {
            axis: _axis(axis, paired, p_holm, tests)
            for (axis, paired), p_holm in zip(measured.items(), corrected, strict=True)
        },
        "memorisation": copies,
        "vetoes": {
            family: vetoes([*side.values()], copies[family])
            for family, side in zip(FAMILIES, (gan, dgn), strict=True)
        },
        "crossings_flops": crossings(*curves, along="flops"),
    }


def _axis(axis: str, paired: Paired, p_holm: float, tests: int) -> dict[str, Any]:
    interval = paired_interval(paired.differences)
    bounds = [interval.mean, interval.low, interval.high]
    effect, low, high = np.exp(bounds) if paired.log else bounds
    result: dict[str, Any] = {
        "metric": paired.metric,
        "log": paired.log,
        "effect": float(effect),
        "interval": [float(low), float(high)],
        "p_sign_flip": sign_flip_p(paired.differences),
        "p_holm": p_holm,
        "tests": tests,
        "seeds": list(paired.seeds),
        "gan": paired.gan,
        "dgn": paired.dgn,
        "shift": paired.shift,
        "floor_margin": paired.margin,
    }
    reasons = _reasons(result, clear=interval.excludes_zero, side=np.sign(interval.mean))
    if len(paired.seeds) < MINIMUM_PAIRS or math.isnan(paired.margin):
        result["decision"] = "inconclusive"
    elif reasons:
        result["decision"] = "tie"
    else:
        result["decision"] = "dgn" if interval.mean > 0 else "gan"
    return {**result, "sentence": axis_sentence(axis, result, reasons)}


def _reasons(result: Mapping[str, Any], *, clear: bool, side: float) -> list[str]:
    """The conditions of the rule that are not met, as clauses; those that decide come first."""
    pairs, margin = len(result["seeds"]), result["floor_margin"]
    if pairs < MINIMUM_PAIRS:
        return [f"{counted(pairs, 'paired seed')} cannot give p < 0.05, {_more_seeds(pairs)}"]
    if math.isnan(margin):
        return ["there is no floor to compare the difference with"]
    reasons = []
    if not clear:
        reasons.append(f"the interval includes {'1' if result['log'] else '0'}")
    elif not result["p_sign_flip"] < LEVEL:
        reasons.append("the exact sign-flip test does not give p < 0.05")
    elif not result["p_holm"] < LEVEL:
        reasons.append(
            f"after Holm's correction over {result['tests']} axes p = {p_value(result['p_holm'])}"
        )
    if not side * result["shift"] > margin:
        shift, limit = (in_unit(result["metric"], x) for x in (abs(result["shift"]), margin))
        reasons.append(f"the mean difference of {shift} is within the margin of {limit}")
    return reasons


def _more_seeds(pairs: int) -> str:
    missing = MINIMUM_PAIRS - pairs
    return f"at least {missing} more {'is' if missing == 1 else 'are'} needed"


def _headline(cells: Sequence[Cell]) -> str | None:
    """The pair to recommend from: each family's best recipe by median validation distance.

    Chosen on validation, never on the published test scores; unknown distances come last.
    """
    names = []
    for family in FAMILIES:
        recipes = recipes_of(cells, family)
        if not recipes:
            return None
        names.append(min(recipes, key=lambda recipe: (_validation(cells, recipe), recipe)))
    return " vs ".join(names)


def _validation(cells: Sequence[Cell], recipe: str) -> float:
    finished = [cell for cell in by_seed(cells, recipe).values() if not cell.failed]
    value = median(np.array([best_validation(cell) for cell in finished]))
    return math.inf if math.isnan(value) else value


def _plain(value: Any) -> Any:
    """Mappings and lists of plain values: NaN and infinities as None, six significant digits."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float | np.floating):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value

"""From scored cells to a verdict: per pair of recipes and axis, then over all of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

import numpy as np

from whichgen.comparison.axes import AXES, BySeed, median
from whichgen.comparison.caveats import caveats, confidence
from whichgen.comparison.cells import FAMILIES, Cell, LeftOut, by_seed, recipes_of
from whichgen.comparison.curves import best_validation, crossing_points
from whichgen.comparison.judgement import Judgement, effect_of, judge, measure
from whichgen.comparison.judges import (
    agreement,
    confirmed,
    judges,
    second_judge,
    second_opinions,
)
from whichgen.comparison.matrix import pairwise
from whichgen.comparison.memorisation import memorisation
from whichgen.comparison.phrases import Nouns, Text, nouns_of
from whichgen.comparison.recommendation import WEIGHTS, choose, vetoes
from whichgen.comparison.sentences import axis_sentence
from whichgen.comparison.standings import pareto, rank_table, values_by_seed
from whichgen.comparison.summaries import best_of_n, improvements, interquartile_means
from whichgen.errors import WhichgenError

_NAMES = {"first": "gan", "second": "dgn"}


def decide(
    cells: Sequence[Cell],
    *,
    left_out: Iterable[LeftOut] = (),
    weights: Mapping[str, float] = WEIGHTS,
    info: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:
    """The verdict over the comparable cells of one dataset, as plain JSON-able values.

    Deterministic: the same cells give the same mapping; it holds no time, date or measured
    second. Unknown numbers are None; sentences are {"en": …, "zh": …}. ``docs/verdict-json.md``
    lists the keys.

    Args:
        weights: what each axis counts in the recommendation, by its name; none below 0.
        info: the dataset's ``info.json``, which says what its samples are called: images where it
            names no modality.

    Raises:
        WhichgenError: there are no cells at all.
    """
    if not cells:
        raise WhichgenError("no scored cells to compare: run `dvc repro` or the evaluation first")
    second, nouns = second_judge(cells), nouns_of(info)
    pairs = {
        f"{gan} vs {dgn}": _judge_pair(by_seed(cells, gan), by_seed(cells, dgn), second, nouns)
        for gan in recipes_of(cells, "gan")
        for dgn in recipes_of(cells, "dgn")
    }
    headline = _headline(cells)
    pair = pairs.get(headline or "")
    first = next((cell for cell in cells if not cell.failed), cells[0])
    agree = {axis: result["judges_agree"] for axis, result in pair["axes"].items()} if pair else {}
    result: dict[str, Any] = {
        "dataset": first.dataset,
        "judge": first.judge,
        "images": first.n,
        "budget_flops": first.budget_flops,
        "information": information(cells),
        "weights": {axis: float(weights[axis]) for axis in AXES},
        "headline": headline,
        "pairs": pairs,
        "judges": judges(cells, second, agree),
        "crossings": _crossings(cells),
        "failed": [
            {"recipe": c.recipe, "seed": c.seed, "error": c.error or "unknown"}
            for c in cells
            if c.failed
        ],
        "left_out": [vars(item) for item in left_out],
    }
    result["recommendation"] = {
        **choose(first.dataset, pair, weights),
        "confidence": confidence(pair),
        "caveats": caveats(cells, result, nouns),
    }
    written: dict[str, Any] = plain(result | _over_all(cells, second))
    return written


def information(cells: Iterable[Cell]) -> str:
    """Whether all compared cells were given labels: "labels", "no labels" or "unequal"."""
    used = {cell.uses_labels for cell in cells}
    return "unequal" if len(used) > 1 else "labels" if used == {True} else "no labels"


def _judge_pair(gan: BySeed, dgn: BySeed, second: str | None, nouns: Nouns) -> dict[str, Any]:
    judged, opinions = judge(measure(gan, dgn)), second_opinions(gan, dgn, second)
    copies = {"gan": memorisation([*gan.values()]), "dgn": memorisation([*dgn.values()])}
    return {
        "gan": next(iter(gan.values())).recipe,
        "dgn": next(iter(dgn.values())).recipe,
        "axes": {
            axis: _axis(axis, judgement, opinions.get(axis), nouns)
            for axis, judgement in judged.items()
        },
        "memorisation": copies,
        "vetoes": {
            family: vetoes([*side.values()], copies[family], nouns)
            for family, side in zip(FAMILIES, (gan, dgn), strict=True)
        },
    }


def _axis(
    axis: str, judgement: Judgement, opinion: Judgement | None, nouns: Nouns
) -> dict[str, Any]:
    paired, decision = judgement.paired, judgement.decision
    second = opinion.decision if opinion else None
    unmet = judgement.unmet
    agree = agreement(decision, second)
    if not confirmed(decision, second):
        unmet.append("judge_not_sure" if second == "tie" else "judges_disagree")
        decision = "tie"
    effect, interval = effect_of(judgement)
    result: dict[str, Any] = {
        "decision": _NAMES.get(decision, decision),
        "metric": paired.metric,
        "log": paired.log,
        "effect": effect,
        "interval": interval,
        "p_sign_flip": judgement.p_sign_flip,
        "p_holm": judgement.p_holm,
        "tests": judgement.tests,
        "seeds": list(paired.seeds),
        "gan": paired.first,
        "dgn": paired.second,
        "shift": paired.shift,
        "floor_margin": paired.margin,
        "second": None if second is None else _NAMES.get(second, second),
        "judges_agree": agree,
    }
    return {**result, "sentence": axis_sentence(axis, result, unmet, nouns)}


def _crossings(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """Where the median validation curves of each GAN and DGN recipe cross along the FLOPs."""
    return [
        {"first": gan, "second": dgn, "along": "flops", **point}
        for gan in recipes_of(cells, "gan")
        for dgn in recipes_of(cells, "dgn")
        for point in crossing_points(by_seed(cells, gan), by_seed(cells, dgn), along="flops")
    ]


def _over_all(cells: Sequence[Cell], second: str | None) -> dict[str, Any]:
    """What is said of all recipes at once."""
    values, matrix = values_by_seed(cells), pairwise(cells, second)
    return {
        "values": values,
        "pairwise": matrix,
        "ranks": rank_table(values, matrix, np.random.default_rng(0)),
        "pareto": pareto(values, np.random.default_rng(0)),
        "iqm": interquartile_means(cells),
        "improvement": improvements(cells),
        "best_of_n": best_of_n(cells),
    }


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


def plain(value: Any) -> Any:
    """Mappings and lists of plain values: NaN and infinities as None, six significant digits."""
    if isinstance(value, Text):
        return asdict(value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item) for item in value]
    if isinstance(value, float | np.floating):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value

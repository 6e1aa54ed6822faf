"""Every pair of recipes on every axis, corrected over all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from whichgen.comparison.axes import Paired
from whichgen.comparison.cells import Cell, by_seed, recipe_names
from whichgen.comparison.judgement import Judgement, effect_of, judge, measure
from whichgen.comparison.judges import confirmed, second_opinions

Key = tuple[str, str, str]  # first, second, axis


def pairwise(cells: Sequence[Cell], judge_name: str | None) -> list[dict[str, Any]]:
    """An entry for every pair of recipes and axis: effect, interval, p, corrected p and winner.

    Holm's correction is over the whole matrix, so that the chance of any false win in it is at
    most .05. With two recipes it is the correction of their pair.
    """
    sides = {recipe: by_seed(cells, recipe) for recipe in recipe_names(cells)}
    measured: dict[Key, Paired] = {}
    opinions: dict[Key, str] = {}
    for first, second in combinations(sides, 2):
        for axis, paired in measure(sides[first], sides[second]).items():
            measured[first, second, axis] = paired
        for axis, opinion in second_opinions(sides[first], sides[second], judge_name).items():
            opinions[first, second, axis] = opinion.decision
    judged = judge(measured)
    return [_entry(key, judgement, opinions.get(key)) for key, judgement in judged.items()]


def rank_bounds(entries: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, list[int]]:
    """Lowest and highest rank of each recipe on one axis, by who surely beats whom.

    All at once they hold with the confidence of the matrix. Source: Mohamad, Goeman and van Zwet
    (2019), "Simultaneous confidence intervals for ranks".

    Args:
        entries: one axis of `pairwise`. names: the recipes.
    """
    wins = {
        (e["winner"], e["second"] if e["winner"] == e["first"] else e["first"])
        for e in entries
        if e["winner"] in (e["first"], e["second"])
    }
    return {
        name: [
            1 + sum((other, name) in wins for other in names),
            len(names) - sum((name, other) in wins for other in names),
        ]
        for name in names
    }


def _entry(key: Key, judgement: Judgement, opinion: str | None) -> dict[str, Any]:
    first, second, axis = key
    paired, decision = judgement.paired, judgement.decision
    effect, interval = effect_of(judgement)
    names = {"first": first, "second": second}
    winner = names.get(decision, decision)
    return {
        "axis": axis,
        "first": first,
        "second": second,
        "metric": paired.metric,
        "log": paired.log,
        "effect": effect,
        "interval": interval,
        "p": judgement.p,
        "p_holm": judgement.p_holm,
        "winner": winner if confirmed(decision, opinion) else "tie",
        "second_judge": None if opinion is None else names.get(opinion, opinion),
        "seeds": len(paired.seeds),
        "differences": [float(value) for value in paired.differences],
        "shift": paired.shift,
        "floor_margin": paired.margin,
    }

"""The second judge: how far it orders the runs as the first does, and whether it confirms a win."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import stats

from whichgen.comparison.axes import AXES, BySeed, median_score
from whichgen.comparison.cells import Cell
from whichgen.comparison.judgement import Judgement, judge

# The axes that a judge's features decide, and the scores behind them.
JUDGED = ("quality", "diversity")
METRICS = ("fd", "coverage")


def second_judge(cells: Iterable[Cell]) -> str | None:
    """The name of the second judge, the most common one if there are several; None without one.

    One that failed its gates (``gated`` is false) is not asked.
    """
    seen = [cell.second for cell in cells if cell.second.get("gated", True)]
    names = Counter(second["judge"] for second in seen if second.get("judge"))
    return max(names, key=lambda name: (names[name], name)) if names else None


def seen_by(cell: Cell, judge_name: str) -> Cell:
    """The cell with the second judge's scores and floors; with none where it did not judge."""
    seen = cell.second if cell.second.get("judge") == judge_name else {}
    return replace(cell, scores=seen.get("scores") or {}, floors=seen.get("floors") or {})


def second_opinions(first: BySeed, second: BySeed, judge_name: str | None) -> dict[str, Judgement]:
    """What the second judge says of each axis that is judged by features; empty without one.

    It confirms, so it is not corrected for the number of axes.
    """
    if judge_name is None:
        return {}
    sides = [
        {seed: seen_by(cell, judge_name) for seed, cell in side.items()} for side in (first, second)
    ]
    return {axis: judge({axis: AXES[axis](*sides)})[axis] for axis in JUDGED}


def confirmed(decision: str, opinion: str | None) -> bool:
    """Whether a win stands: the second judge gives it to the same side, or cannot say."""
    return decision in ("tie", "inconclusive") or opinion in (None, "inconclusive", decision)


def agreement(decision: str, opinion: str | None) -> bool | None:
    """Whether both judges decide alike; None where one of them cannot say."""
    if opinion is None or "inconclusive" in (decision, opinion):
        return None
    return decision == opinion


def judges(
    cells: Sequence[Cell], second: str | None, agree: Mapping[str, bool | None]
) -> dict[str, Any]:
    """Both judges' names, their rank agreement on each score, and whether they decide alike.

    ``not_asked`` names a second judge that is there but failed its gates.
    """
    finished = [cell for cell in cells if not cell.failed]
    refused = {cell.second["judge"] for cell in finished if cell.second.get("gated") is False}
    seen = [seen_by(cell, second) for cell in finished] if second else []
    found = {metric: rank_agreement(finished, seen, metric) for metric in METRICS} if second else {}
    return {
        "first": next((cell.judge for cell in [*finished, *cells]), ""),
        "second": second,
        "not_asked": sorted(refused),
        "n": found["fd"]["cells"]["n"] if found else 0,
        "rank_agreement": found,
        "agree": {axis: agree.get(axis) for axis in JUDGED},
    }


def rank_agreement(
    cells: Sequence[Cell], seen: Sequence[Cell], metric: str
) -> dict[str, dict[str, float]]:
    """Kendall's tau-b and Spearman's rho of both judges' scores, over cells and over recipes.

    Args:
        cells, seen: the same cells in the same order, with either judge's scores.
    """
    names = sorted({cell.recipe for cell in cells})
    by_recipe = [
        [median_score((c for c in group if c.recipe == name), metric) for name in names]
        for group in (cells, seen)
    ]
    return {
        "cells": _correlations(
            *([cell.score(metric) for cell in group] for group in (cells, seen))
        ),
        "recipes": _correlations(*by_recipe),
    }


def _correlations(first: Sequence[float], second: Sequence[float]) -> dict[str, float]:
    pairs = np.array([first, second], dtype=np.float64)
    pairs = pairs[:, np.isfinite(pairs).all(0)]
    n = pairs.shape[1]
    if n < 2 or not np.ptp(pairs, axis=1).all():
        return {"kendall": math.nan, "spearman": math.nan, "n": n}
    return {
        "kendall": float(stats.kendalltau(*pairs).statistic),
        "spearman": float(stats.spearmanr(*pairs).statistic),
        "n": n,
    }

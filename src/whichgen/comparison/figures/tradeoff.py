"""One metric against another: who is better on both?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from whichgen.comparison.axes import median_score
from whichgen.comparison.cells import FAMILIES, Cell, by_seed, recipes_of
from whichgen.comparison.figures.chart import COLOURS, INK, MARKERS, Chart, new_chart
from whichgen.comparison.wording import METRICS, number

_FEW = 6  # recipes that are all named; of more, only the headline pair


def tradeoff(cells: Sequence[Cell], x: str, y: str, headline: Sequence[str] = ()) -> Chart | None:
    """A faint dot a seed, a full one a recipe's median, and the Pareto front of the medians.

    The metrics must have a better side, lower or higher. None where nothing was measured.
    """
    recipes = [recipe for family in FAMILIES for recipe in recipes_of(cells, family)]
    chart = new_chart(f"{METRICS[y].name} against {METRICS[x].name}")
    medians: list[tuple[float, float]] = []
    for recipe in recipes:
        group = [*by_seed(cells, recipe).values()]
        middle = median_score(group, x), median_score(group, y)
        if not all(map(math.isfinite, middle)):
            continue
        medians.append(middle)
        _draw(chart, group, x, y, middle, named=len(recipes) <= _FEW or recipe in headline)
    if not medians:
        return None
    front = sorted(p for p in medians if not any(_beats(q, p, x, y) for q in medians))
    chart.axes.plot(*zip(*front, strict=True), color=INK, lw=1.2, ls="-", alpha=0.6, zorder=1)
    for axis, metric in (("x", x), ("y", y)):
        words = METRICS[metric]
        chart.axes.set(**{f"{axis}label": f"{words.name} ({words.better} is better)"})
    chart.axes.margins(0.12)
    return chart


def _draw(
    chart: Chart, group: Sequence[Cell], x: str, y: str, middle: tuple[float, float], *, named: bool
) -> None:
    family, recipe = group[0].family, group[0].recipe
    style: dict[str, Any] = {"color": COLOURS[family], "marker": MARKERS[family], "lw": 0}
    for cell in group:
        point = cell.score(x), cell.score(y)
        if not cell.failed and all(map(math.isfinite, point)):
            chart.axes.scatter(*point, s=26, alpha=0.35, **style)
            chart.mark(*point, f"{recipe}, seed {cell.seed}: {_words(point, x, y)}")
    chart.axes.scatter(*middle, s=80, zorder=3, **style)
    chart.mark(*middle, f"{recipe}, median: {_words(middle, x, y)}")
    if named:
        chart.axes.annotate(
            recipe, middle, (8, 6), textcoords="offset points", color=COLOURS[family], fontsize=10
        )


def _words(point: tuple[float, float], x: str, y: str) -> str:
    return f"{METRICS[x].name} {number(point[0])}, {METRICS[y].name} {number(point[1])}"


def _beats(one: tuple[float, float], other: tuple[float, float], x: str, y: str) -> bool:
    """Whether one point is at least as good as the other on both metrics, and not the same."""
    signs = [1 if METRICS[metric].better == "lower" else -1 for metric in (x, y)]
    ahead = [s * (b - a) >= 0 for s, a, b in zip(signs, one, other, strict=True)]
    return all(ahead) and one != other

"""A dot for every seed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from whichgen.comparison.axes import floor_of
from whichgen.comparison.cells import FAMILIES, Cell, by_seed, recipes_of
from whichgen.comparison.figures.chart import COLOURS, INK, MARKERS, Chart, new_chart
from whichgen.comparison.phrases import Nouns, english
from whichgen.comparison.wording import METRICS, number

HEADLINE = ("fd", "coverage", "type_agreement", "memorisation")
_FEW = 6  # recipes that get roomy rows


def seed_dots(cells: Sequence[Cell], metric: str, nouns: Nouns) -> Chart | None:
    """A dot a seed for each recipe, its median as a bar, the floor as a dotted line.

    None where no cell has the metric.
    """
    if not any(math.isfinite(cell.score(metric)) for cell in cells):
        return None
    recipes = [recipe for family in FAMILIES for recipe in recipes_of(cells, family)]
    row = 0.5 if len(recipes) <= _FEW else 0.3
    words = METRICS[metric]
    chart = new_chart(
        f"{words.name}: {english(words.meaning, nouns)}", height=1.15 + row * len(recipes)
    )
    for index, recipe in enumerate(recipes):
        _draw_seeds(chart, [*by_seed(cells, recipe).values()], metric, row=index)
    _draw_floor(chart, floor_of([*cells], metric))
    axes = chart.axes
    axes.set_yticks(range(len(recipes)), recipes)
    axes.set_ylim(len(recipes) - 0.45, -0.55)
    axes.margins(x=0.12)
    axes.set_xlabel(f"{words.name} ({words.better} is better)")
    axes.grid(visible=False, axis="y")
    return chart


def _draw_floor(chart: Chart, floor: float) -> None:
    if not math.isfinite(floor):
        return
    chart.axes.axvline(floor, color=INK, ls=":", lw=1.4)
    chart.axes.annotate(
        f"floor {number(floor)}",
        (floor, 1.02),
        xycoords=chart.axes.get_xaxis_transform(),
        ha="center",
        va="bottom",
        color=INK,
        fontsize=9,
    )


def _draw_seeds(chart: Chart, group: Sequence[Cell], metric: str, *, row: int) -> None:
    scored = [c for c in group if not c.failed and math.isfinite(c.score(metric))]
    if not scored:
        return
    values = np.array([cell.score(metric) for cell in scored])
    heights = row + np.linspace(-0.2, 0.2, len(values)) * (len(values) > 1)
    family = group[0].family
    colour, marker = COLOURS[family], MARKERS[family]
    axes = chart.axes
    axes.scatter(values, heights, s=34, color=colour, marker=marker, alpha=0.75, lw=0, zorder=3)
    axes.vlines(np.median(values), row - 0.34, row + 0.34, color=colour, lw=2.2)
    for cell, value, height in zip(scored, values, heights, strict=True):
        chart.mark(value, height, f"{cell.recipe}, seed {cell.seed}: {number(value)}")

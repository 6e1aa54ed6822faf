"""Validation distance against what it cost, and against how many runs were tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from whichgen.comparison.cells import FAMILIES, Cell, by_seed, recipes_of
from whichgen.comparison.curves import median_curve, validation_curve
from whichgen.comparison.figures.chart import (
    COLOURS,
    LINES,
    MARKERS,
    Chart,
    label_decades,
    label_ends,
    new_chart,
)
from whichgen.comparison.wording import FAMILY_NAMES, amount, counted, number

_FEW = 4  # recipes that are all named at their line's end; of more, only the headline pair


def distance_over_flops(cells: Sequence[Cell], headline: Sequence[str] = ()) -> Chart | None:
    """Validation distance against training FLOPs: a thin line a seed, the median in bold.

    None where nothing was validated.
    """
    caption = "Validation distance against training FLOPs, the budget"
    return _curves(cells, headline, along="flops", caption=caption)


def distance_over_seconds(cells: Sequence[Cell], headline: Sequence[str] = ()) -> Chart | None:
    """Validation distance against training seconds, drawn alike; measured, so never decisive."""
    caption = "The same against seconds on the machine it ran on"
    return _curves(cells, headline, along="seconds", caption=caption)


def best_of_n(families: Mapping[str, Mapping[str, Any]]) -> Chart | None:
    """The best validation distance to expect of n runs, with its 95 % band, by family."""
    if not families:
        return None
    chart = new_chart("The best validation distance to expect from n training runs")
    ends = []
    for family, tried in families.items():
        n, expected = np.array(tried["n"]), np.array(tried["expected"], dtype=float)
        low, high = (np.array(tried[side], dtype=float) for side in ("low", "high"))
        style: dict[str, Any] = {
            "color": COLOURS[family],
            "ls": LINES[family],
            "marker": MARKERS[family],
            "ms": 4,
        }
        chart.axes.fill_between(n, low, high, color=COLOURS[family], alpha=0.15, lw=0)
        chart.axes.plot(n, expected, lw=2.2, **style)
        for x, y in zip(n, expected, strict=True):
            if np.isfinite(y):
                chart.mark(x, y, f"{FAMILY_NAMES[family]}, best of {x}: {number(y)}")
        if np.isfinite(expected).any():
            last = expected[np.isfinite(expected)][-1]
            ends.append((float(last), FAMILY_NAMES[family], COLOURS[family]))
    if not ends:
        return None
    chart.axes.set_xlabel("training runs tried")
    chart.axes.set_ylabel("best validation Fréchet distance")
    chart.axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    label_ends(chart.axes, ends)
    return chart


def _curves(
    cells: Sequence[Cell], headline: Sequence[str], *, along: str, caption: str
) -> Chart | None:
    chart = new_chart(caption)
    recipes = [recipe for family in FAMILIES for recipe in recipes_of(cells, family)]
    named = recipes if len(recipes) <= _FEW else headline
    ends = []
    for recipe in recipes:
        group = [*by_seed(cells, recipe).values()]
        last = _draw_recipe(chart, group, along=along, bold=recipe in named)
        if last is not None and recipe in named:
            ends.append((last, recipe, COLOURS[group[0].family]))
    axes = chart.axes
    if not axes.lines:
        return None
    axes.set_xscale("log")
    axes.set_yscale("log")
    label_decades(axes.xaxis)
    label_decades(axes.yaxis)
    label_ends(axes, ends)
    axes.set_xlabel(f"training {'FLOPs' if along == 'flops' else along}")
    axes.set_ylabel("validation Fréchet distance")
    return chart


def _draw_recipe(chart: Chart, group: Sequence[Cell], *, along: str, bold: bool) -> float | None:
    """Draw every seed and the median; the median's last distance, if there is one."""
    colour, axes = COLOURS[group[0].family], chart.axes
    for cell in group:
        curve = validation_curve(cell).dropna(subset=[along])
        if not len(curve):
            continue
        axes.plot(curve[along], curve["fd"], color=colour, lw=0.8, alpha=0.35 if bold else 0.12)
        if cell.failed:
            x, y = curve[along].iloc[-1], curve["fd"].iloc[-1]
            axes.plot(x, y, "x", color=colour)
            chart.mark(x, y, f"{cell.recipe}, seed {cell.seed}: failed here")
    median = median_curve(group).dropna(subset=[along])
    if not len(median):
        return None
    family, recipe = group[0].family, group[0].recipe
    style: dict[str, Any] = {
        "color": colour,
        "ls": LINES[family],
        "marker": MARKERS[family],
        "ms": 4,
    }
    axes.plot(median[along], median["fd"], lw=2.4, alpha=1 if bold else 0.35, **style)
    runs = counted(sum(not cell.failed for cell in group), "run")
    for x, y in zip(median[along], median["fd"], strict=True):
        chart.mark(x, y, f"{recipe}, median of {runs}: {number(y)} at {amount(along, x)}")
    return float(median["fd"].iloc[-1])

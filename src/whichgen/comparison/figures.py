"""The report's figures: matplotlib Figures without pyplot's state.

Each family has one colour throughout (a pair that colour-blind readers tell apart, legible on
light and dark), one marker and one line style; ``INK`` is the colour of text and axes.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from whichgen.comparison.axes import floor_of
from whichgen.comparison.cells import FAMILIES, Cell, by_seed, recipes_of
from whichgen.comparison.curves import median_curve, validation_curve
from whichgen.comparison.wording import METRICS, number, scaled

COLOURS: Mapping[str, str] = {"gan": "#d9601a", "dgn": "#2b83c9"}
MARKERS: Mapping[str, str] = {"gan": "o", "dgn": "s"}
LINES: Mapping[str, str] = {"gan": "--", "dgn": "-"}
INK = "#4d5560"
HEADLINE = ("fd", "coverage", "type_agreement", "memorisation")


def seed_dots(cells: Sequence[Cell], metric: str) -> Figure:
    """A dot a seed for each recipe, its median as a bar, the floor as a dotted line."""
    recipes = [recipe for family in FAMILIES for recipe in recipes_of(cells, family)]
    figure, axes = _figure(width=5.2, height=1.15 + 0.5 * len(recipes))
    for row, recipe in enumerate(recipes):
        _draw_seeds(axes, [*by_seed(cells, recipe).values()], metric, row=row)
    floor = floor_of([*cells], metric)
    if math.isfinite(floor):
        axes.axvline(floor, color=INK, ls=":", lw=1.4)
        axes.annotate(
            f"floor {number(floor)}",
            (floor, 1.02),
            xycoords=axes.get_xaxis_transform(),
            ha="center",
            va="bottom",
            color=INK,
            fontsize=8.5,
        )
    axes.set_yticks(range(len(recipes)), recipes)
    axes.set_ylim(len(recipes) - 0.45, -0.55)
    axes.margins(x=0.12)
    axes.set_xlabel(f"{METRICS[metric].name} ({METRICS[metric].better} is better)")
    axes.grid(axis="x", color=INK, alpha=0.15)
    return figure


def distance_over_flops(cells: Sequence[Cell]) -> Figure:
    """Validation distance against training FLOPs: a thin line a seed, the median in bold."""
    return _curves(cells, along="flops", label="training FLOPs")


def distance_over_seconds(cells: Sequence[Cell]) -> Figure:
    """Validation distance against training seconds, drawn alike; measured, so never decisive."""
    return _curves(cells, along="seconds", label="training seconds")


def encode(figure: Figure, form: Literal["png", "svg"] = "png") -> bytes:
    """The figure as ``png`` (150 dots an inch, on white) or ``svg`` (on nothing).

    Equal figures give equal bytes.
    """
    buffer = io.BytesIO()
    metadata = {"Date": None} if form == "svg" else {"Software": None}
    with matplotlib.rc_context({"svg.hashsalt": "whichgen"}):
        figure.savefig(buffer, format=form, dpi=150, transparent=form == "svg", metadata=metadata)
    return buffer.getvalue()


def _draw_seeds(axes: Axes, group: Sequence[Cell], metric: str, *, row: int) -> None:
    values = np.array([cell.score(metric) for cell in group if not cell.failed])
    values = values[np.isfinite(values)]
    if not len(values):
        return
    heights = row + np.linspace(-0.16, 0.16, len(values))
    family = group[0].family
    colour, marker = COLOURS[family], MARKERS[family]
    axes.scatter(values, heights, s=34, color=colour, marker=marker, alpha=0.75, lw=0, zorder=3)
    axes.vlines(np.median(values), row - 0.32, row + 0.32, color=colour, lw=2.2)


def _curves(cells: Sequence[Cell], *, along: str, label: str) -> Figure:
    figure, axes = _figure(width=5.2, height=3.7)
    drawn = 0
    for family in FAMILIES:
        for order, recipe in enumerate(recipes_of(cells, family)):
            group = [*by_seed(cells, recipe).values()]
            drawn += _draw_recipe(axes, group, along=along, alpha=1 / (1 + 0.6 * order))
    if drawn:
        axes.set_xscale("log")
        axes.set_yscale("log")
        _label_decades(axes.xaxis)
        _label_decades(axes.yaxis)
        axes.legend(frameon=False, labelcolor=INK, fontsize=9)
    else:
        axes.annotate(
            "no validation history",
            (0.5, 0.5),
            xycoords="axes fraction",
            ha="center",
            va="center",
            color=INK,
        )
    axes.set_xlabel(label)
    axes.set_ylabel("validation Fréchet distance")
    axes.grid(color=INK, alpha=0.15)
    return figure


def _label_decades(axis: Axis) -> None:
    """Label a logarithmic axis at 1, 2 and 5 of every decade, in words people use."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: scaled(value, digits=1)))
    axis.set_minor_formatter(NullFormatter())


def _draw_recipe(axes: Axes, group: Sequence[Cell], *, along: str, alpha: float) -> int:
    """Draw every seed and the median; how many seeds had a curve."""
    family, recipe, drawn = group[0].family, group[0].recipe, 0
    for cell in group:
        curve = validation_curve(cell).dropna(subset=[along])
        if not len(curve):
            continue
        drawn += 1
        axes.plot(curve[along], curve["fd"], color=COLOURS[family], lw=0.8, alpha=0.35 * alpha)
        if cell.failed:
            axes.plot(curve[along].iloc[-1], curve["fd"].iloc[-1], "x", color=COLOURS[family])
    median = median_curve(group).dropna(subset=[along])
    axes.plot(
        median[along],
        median["fd"],
        color=COLOURS[family],
        ls=LINES[family],
        lw=2.4,
        alpha=alpha,
        marker=MARKERS[family],
        ms=4,
        label=recipe,
    )
    return drawn


def _figure(*, width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_facecolor("none")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(INK)
    axes.tick_params(which="both", colors=INK, labelsize=9)
    axes.xaxis.label.set_color(INK)
    axes.yaxis.label.set_color(INK)
    return figure, axes

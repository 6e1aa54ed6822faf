"""The report's figures: one drawing each, for the page (SVG, with values to hover) and as PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from whichgen.comparison.cells import Cell
from whichgen.comparison.figures.chart import (
    COLOURS,
    INK,
    Chart,
    encode,
    inline_svg,
)
from whichgen.comparison.figures.curves import (
    best_of_n,
    distance_over_flops,
    distance_over_seconds,
)
from whichgen.comparison.figures.dots import HEADLINE, seed_dots
from whichgen.comparison.figures.tradeoff import tradeoff
from whichgen.comparison.figures.types import type_shares
from whichgen.comparison.phrases import Nouns

__all__ = [
    "COLOURS",
    "HEADLINE",
    "INK",
    "Chart",
    "best_of_n",
    "distance_over_flops",
    "distance_over_seconds",
    "draw_charts",
    "encode",
    "inline_svg",
    "seed_dots",
    "tradeoff",
    "type_shares",
]


def draw_charts(
    cells: Sequence[Cell], verdict: Mapping[str, Any], names: Sequence[str], nouns: Nouns
) -> dict[str, Chart]:
    """Every figure of the report by name; one for which nothing was measured is left out.

    ``names`` are those of the types, ``nouns`` what the samples are called.
    """
    pair = verdict["pairs"].get(verdict["headline"] or "", {})
    headline = [pair[family] for family in ("gan", "dgn") if family in pair]
    drawn = {metric: seed_dots(cells, metric, nouns) for metric in HEADLINE}
    drawn |= {
        "fd_over_flops": distance_over_flops(cells, headline),
        "fd_over_seconds": distance_over_seconds(cells, headline),
        "best_of_n": best_of_n(verdict["best_of_n"]),
        "tradeoff": tradeoff(cells, "coverage", "fd", headline),
        "types": type_shares(cells, headline, names, nouns),
    }
    return {name: chart for name, chart in drawn.items() if chart}

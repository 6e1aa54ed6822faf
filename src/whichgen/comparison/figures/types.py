"""How often each type is made, beside how often it occurs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from whichgen.comparison.cells import Cell, by_seed
from whichgen.comparison.figures.chart import COLOURS, INK, MARKERS, Chart, new_chart
from whichgen.comparison.phrases import Nouns
from whichgen.comparison.wording import number

_MOST = 40  # types that can be told apart in a figure


def type_shares(
    cells: Sequence[Cell], headline: Sequence[str], names: Sequence[str], nouns: Nouns
) -> Chart | None:
    """Bars: the real share of each type. Markers: each recipe's median share over seeds.

    None where types were not measured, or are more than forty (the table has them). ``nouns`` is
    what samples are called.
    """
    measured = [c for c in cells if not c.failed and c.per_type.get("share")]
    if not measured or not 0 < len(names) <= _MOST:
        return None
    several = nouns["nouns"].en
    chart = new_chart(f"Share of each type: bars are real {several}, markers the recipes' medians",
                      width=max(4.7, 0.3 * len(names)), height=2.8)  # fmt: skip
    axes, places = chart.axes, np.arange(len(names))
    real = _array(measured[0], "real_share")
    axes.bar(places, real, width=0.75, color=INK, alpha=0.25, lw=0)
    for order, recipe in enumerate(headline):
        runs = list(by_seed(measured, recipe).values())
        if not runs:
            continue
        shares = np.median([_array(cell, "share") for cell in runs], axis=0)
        family, across = runs[0].family, places + 0.26 * (order - (len(headline) - 1) / 2)
        axes.scatter(across, shares, s=36, color=COLOURS[family], marker=MARKERS[family], lw=0,
                     label=recipe, zorder=3)  # fmt: skip
        for x, share, name, known in zip(across, shares, names, real, strict=True):
            chart.mark(x, share, f"{recipe}, type {name}: {number(share)}, real {number(known)}")
    axes.set_xticks(places, names, rotation=0 if max(map(len, names)) < 4 else 40,
                    ha="center" if max(map(len, names)) < 4 else "right")  # fmt: skip
    axes.set_ylim(bottom=0)
    axes.set_ylabel(f"share of {several}")
    axes.grid(visible=False, axis="x")
    axes.legend(frameon=False, labelcolor="linecolor", fontsize=10, ncols=2,
                loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0)  # fmt: skip
    return chart


def _array(cell: Cell, key: str) -> npt.NDArray[np.float64]:
    return np.array(cell.per_type[key], dtype=np.float64)

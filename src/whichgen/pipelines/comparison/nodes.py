"""Compare all scored cells of a dataset and write the report."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from whichgen.errors import WhichgenError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from torch import Tensor

    from whichgen.comparison.cells import Cell

PACKAGES = ("whichgen", "torch", "numpy", "scipy", "scikit-learn", "kedro", "mlflow", "dvc")


def gather_cells(
    every: list[Cell], gan: dict[str, Any], dgn: dict[str, Any]
) -> tuple[list[Cell], list[Any]]:
    """The cells that can be compared, and those left out, each with the reason.

    `gan` and `dgn`, the scores of this run's cells, make sure that these are there to be read.

    Raises:
        WhichgenError: if this run's two cells do not share data, judge and budget.
    """
    from whichgen.comparison.cells import comparable

    for key in ("data_hash", "extractor_hash", "budget_flops"):
        if gan[key] != dgn[key]:
            raise WhichgenError(
                f"{gan['recipe']} and {dgn['recipe']} on {gan['dataset']} differ in {key} "
                f"({gan[key]} and {dgn[key]}); train both alike: kedro run "
                f"--params dataset={gan['dataset']},seed={gan['seed']}"
            )
    return comparable(every)


def decide_verdict(
    cells: list[Cell], left_out: list[Any], weights: dict[str, float]
) -> dict[str, Any]:
    """Which family to choose on each axis and by the weights, and how sure that is."""
    from whichgen.comparison.verdict import decide

    return decide(cells, left_out=left_out, weights=weights)


def tabulate_scores(cells: list[Cell]) -> pd.DataFrame:
    """Median, spread and floor of every score and cost, by recipe."""
    from whichgen.comparison.table import score_table

    return score_table(cells)


def draw_figures(cells: list[Cell]) -> dict[str, Figure]:
    """The report's figures by file name."""
    from whichgen.comparison.figures import (
        HEADLINE,
        distance_over_flops,
        distance_over_seconds,
        seed_dots,
    )

    figures = {f"{metric}.png": seed_dots(cells, metric) for metric in HEADLINE}
    return figures | {
        "fd_over_flops.png": distance_over_flops(cells),
        "fd_over_seconds.png": distance_over_seconds(cells),
    }


def write_report(
    cells: list[Cell], verdict: dict[str, Any], info: dict[str, Any], test: dict[str, Tensor]
) -> str:
    """The report as one self-contained HTML page."""
    from whichgen.comparison.report import render_report

    provenance = {
        "git_revision": _git("rev-parse", "HEAD"),
        "dirty": bool(_git("status", "--porcelain")),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "command": "dvc repro",
    }
    return render_report(
        cells=cells,
        verdict=verdict,
        info=info,
        provenance=provenance,
        real=test["images"].numpy(),
    )


def _git(*arguments: str) -> str:
    """What git says; empty where there is no git or no repository."""
    try:
        asked = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return asked.stdout.strip()

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
    from whichgen.comparison.comparable import comparable

    for key in ("data_hash", "extractor_hash", "budget_flops"):
        if gan[key] != dgn[key]:
            raise WhichgenError(
                f"{gan['recipe']} and {dgn['recipe']} on {gan['dataset']} differ in {key} "
                f"({gan[key]} and {dgn[key]}); train both alike: kedro run "
                f"--params dataset={gan['dataset']},seed={gan['seed']}"
            )
    return comparable(every)


def decide_verdict(
    cells: list[Cell], left_out: list[Any], weights: dict[str, float], info: dict[str, Any]
) -> dict[str, Any]:
    """Which family to choose on each axis and by the weights, and how sure that is."""
    from whichgen.comparison.verdict import decide

    return decide(cells, left_out=left_out, weights=weights, info=info)


def tabulate_scores(cells: list[Cell]) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Median, spread and floor of every score and cost, by recipe; the medians that decide."""
    from whichgen.comparison.table import axis_medians, score_table

    table = score_table(cells)
    return table, axis_medians(table)


def write_report(
    cells: list[Cell],
    verdict: dict[str, Any],
    info: dict[str, Any],
    train: dict[str, Tensor],
    test: dict[str, Tensor],
    gates: dict[str, Any] | None = None,
) -> tuple[str, str, dict[str, Any], dict[str, str], dict[str, Figure]]:
    """The comparison as a page, as Markdown and as data; a model card a recipe; the figures.

    Args:
        gates: what the judges were asked before they judged, where they were.
    """
    from whichgen.comparison.figures import draw_charts
    from whichgen.comparison.machine import machine_report
    from whichgen.comparison.model_cards import model_cards
    from whichgen.comparison.phrases import nouns_of
    from whichgen.comparison.report import (
        render_markdown,
        render_page,
        report_content,
        type_names,
    )

    made = _provenance()
    content = report_content(cells=cells, verdict=verdict, info=info, provenance=made, gates=gates)
    charts = draw_charts(cells, verdict, type_names(info), nouns_of(info))
    n = len(test["types"])  # no neighbour is sought further on in the training split
    splits = [{name: split[name][:n].numpy() for name in split} for split in (train, test)]
    page = render_page(
        content, cells=cells, info=info, charts=charts, train=splits[0], test=splits[1]
    )
    return (
        page,
        render_markdown(content, charts),
        machine_report(cells, verdict, info, made, gates),
        model_cards(cells, verdict, info, made),
        {f"{name}.png": chart.figure for name, chart in charts.items()},
    )


def _provenance() -> dict[str, Any]:
    """What it takes to make this report again."""
    return {
        "git_revision": _git("rev-parse", "HEAD"),
        "dirty": bool(_git("status", "--porcelain")),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "command": "dvc repro",
    }


def _git(*arguments: str) -> str:
    """What git says; empty where there is no git or no repository."""
    try:
        asked = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return asked.stdout.strip()

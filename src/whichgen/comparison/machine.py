"""The comparison as data: the report for machines, and what the page's script draws from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from whichgen.comparison.axes import floor_of
from whichgen.comparison.cells import Cell
from whichgen.comparison.phrases import Nouns, english
from whichgen.comparison.table import measured_table, score_table
from whichgen.comparison.wording import COSTS, MEASURED, METRICS

_OF_A_CELL = (
    "recipe", "family", "seed", "status", "error", "uses_labels", "scores", "p_values", "floors",
    "c2st", "cost", "measured", "per_type", "missing",
)  # fmt: skip


def machine_report(
    cells: Sequence[Cell],
    verdict: Mapping[str, Any],
    info: Mapping[str, Any],
    provenance: Mapping[str, Any],
    gates: Mapping[str, Any] | None,
) -> Any:
    """Everything that the report says, as plain values; an unknown number is None.

    Keys: ``verdict`` (as in verdict.json), ``dataset`` (info.json), ``cells`` (a mapping a run,
    failed ones included), ``table`` and ``measured`` (a row a recipe and metric), ``gates`` (None
    where the judges were not gated) and ``provenance``.
    """
    return plain(
        {
            "verdict": verdict,
            "dataset": info,
            "cells": [{name: getattr(cell, name) for name in _OF_A_CELL} for cell in cells],
            "table": score_table(cells).to_dict("records"),
            "measured": measured_table(cells).to_dict("records"),
            "gates": gates,
            "provenance": provenance,
        }
    )


def script_data(cells: Sequence[Cell], names: Sequence[str], nouns: Nouns) -> Any:
    """What can be put on an axis (``axes``) and every finished cell's values (``runs``).

    ``types`` are their names, ``noun`` is what a sample is called.
    """
    axes: dict[str, dict[str, Any]] = {
        metric: {"name": words.name, "better": words.better, "floor": floor_of([*cells], metric)}
        for metric, words in METRICS.items()
    }
    for metric, name in {**COSTS, **MEASURED}.items():
        better = "higher" if metric == "images_per_second" else "lower"
        axes[metric] = {"name": english(name, nouns), "better": better, "floor": math.nan}
    runs = [
        {
            "recipe": cell.recipe,
            "family": cell.family,
            "seed": cell.seed,
            "values": {key: _value(cell, key) for key in axes},
        }
        for cell in cells
        if not cell.failed
    ]
    kept = {
        key: axis for key, axis in axes.items() if any(_value(c, key) is not None for c in cells)
    }
    return plain({"axes": kept, "runs": runs, "types": list(names), "noun": nouns["noun"].en})


def plain(value: Any) -> Any:
    """Values that JSON can hold: NaN and infinities become None, NumPy's numbers Python's."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def _value(cell: Cell, key: str) -> float | None:
    source = next(s for s in (cell.scores, cell.cost, cell.measured, {key: None}) if key in s)
    value = source[key]
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")

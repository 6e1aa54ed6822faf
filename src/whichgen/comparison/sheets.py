"""Samples for the page's script: a sheet of small pictures for every cell, within a size limit.

The script cuts them apart, to show one type, another seed, or a sample's nearest images.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from whichgen.comparison.cells import Cell
from whichgen.comparison.pictures import (
    SHOWN,
    SHOWN_PER_TYPE,
    Split,
    can_show_neighbours,
    picture_uri,
    walks_uri,
)
from whichgen.forms import Form, Samples

COLUMNS = 16
_MOST = 256  # samples a sheet
LIMIT = 9_000_000  # characters of all pictures of a page, which stays below 10 MB


def real_sheet(test: Split, form: Form) -> dict[str, Any] | None:
    """Held-out samples to set beside generated ones; None where none can be shown alone."""
    if not form.alone or not len(test.get("images", ())):
        return None
    rows = _rows(test["types"])
    return {
        "count": len(rows),
        "types": test["types"][rows].tolist(),
        "samples": _sheet_uri(test["images"][rows], form),
    }


def cell_sheets(
    cells: Sequence[Cell],
    train: Split,
    test: Split,
    form: Form,
    *,
    first: Sequence[str],
    limit: int,
) -> list[dict[str, Any]]:
    """Sheets of the finished cells, in the order of their use, until the limit is reached.

    The recipes in ``first`` come first, and every recipe's first seed before any second one. Each
    item has ``recipe``, ``family``, ``seed``, ``count``, ``types`` (asked for, one a sample; empty
    for a generator that takes none), ``samples``, and where known ``train``, ``held_out``
    (nearest images, in the same places), ``to_train``, ``to_held_out`` (distances), ``strips``.
    None where a sample alone is no picture.
    """
    if not form.alone:
        return []
    at_hand = [c for c in cells if not c.failed and c.samples is not None and len(c.samples)]
    ordered = sorted(at_hand, key=lambda c: (c.seed, c.recipe not in first, c.recipe))
    sheets, spent = [], 0
    for cell in ordered:
        sheet = _cell_sheet(cell, train, test, form)
        spent += sum(len(value) for value in sheet.values() if isinstance(value, str))
        if spent > limit:
            break
        sheets.append(sheet)
    return sheets


def _cell_sheet(cell: Cell, train: Split, test: Split, form: Form) -> dict[str, Any]:
    assert cell.samples is not None
    asked = cell.sample_types
    if asked is None or (cell.family == "gan" and not cell.uses_labels):
        asked = np.empty(0, np.int64)
    rows = _rows(asked if len(asked) else np.zeros(len(cell.samples), np.int64))
    sheet: dict[str, Any] = {
        "recipe": cell.recipe,
        "family": cell.family,
        "seed": cell.seed,
        "count": len(rows),
        "types": asked[rows].tolist() if len(asked) else [],
        "samples": _sheet_uri(cell.samples[rows], form),
    }
    if cell.strips is not None and len(cell.strips):
        sheet["strips"] = walks_uri(cell.strips, form)
    if can_show_neighbours(cell, train, test, form):
        for name, split in (("train", train), ("held_out", test)):
            sheet[name] = _sheet_uri(split["images"][cell.neighbours[name][rows]], form)
            distances = cell.neighbours[f"to_{name}"][rows].astype(float)
            sheet[f"to_{name}"] = [float(f"{distance:.3g}") for distance in distances]
    return sheet


def _rows(types: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """The first 64 rows and the first 16 of every type, in order."""
    first = [np.flatnonzero(types == index)[:SHOWN_PER_TYPE] for index in np.unique(types)]
    return np.unique(np.concatenate([np.arange(min(SHOWN, len(types))), *first]))[:_MOST]


def _sheet_uri(samples: Samples, form: Form) -> str:
    return picture_uri(form.tiles(samples, COLUMNS), lossless=form.exact(samples))

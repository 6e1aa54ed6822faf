"""Validation curves with a known shape."""

import math

import numpy as np
import pandas as pd
import pytest

from whichgen.comparison.cells import Cell
from whichgen.comparison.curves import (
    best_validation,
    crossings,
    flops_to_reach,
    median_curve,
    validation_curve,
    validation_spacing,
)

from .conftest import history


def test_only_validated_rows_count_and_times_are_joined(make_cell):
    curve = validation_curve(make_cell("gan", 0))
    assert list(curve["step"]) == list(range(100, 1001, 100))
    assert list(curve["seconds"]) == [step / 50 for step in range(100, 1001, 100)]


def test_targets_are_read_at_the_first_validation_that_reaches_them(make_cell):
    cell = make_cell("gan", 0, curve={"start": 100.0, "final": 10.0})  # fd = 10,000 / step
    assert best_validation(cell) == pytest.approx(10)
    assert flops_to_reach(cell, 50.1) == 200e9
    assert flops_to_reach(cell, 49.9) == 300e9
    assert math.isnan(flops_to_reach(cell, 9))
    assert validation_spacing(cell) == 100e9


@pytest.mark.parametrize(
    "table", [None, pd.DataFrame({"step": [1], "flops": [2.0]}), history(final=1, start=2).head(0)]
)
def test_no_validation_gives_an_empty_curve(make_cell, table):
    cell = Cell(
        **{**vars(make_cell("gan", 0)), "history": pd.DataFrame() if table is None else table}
    )
    assert len(validation_curve(cell)) == 0
    assert len(median_curve([cell])) == 0
    assert math.isnan(best_validation(cell))
    assert math.isnan(flops_to_reach(cell, 1.0))
    assert math.isnan(validation_spacing(cell))


def test_untimed_cells_still_have_a_curve(make_cell):
    cell = Cell(**{**vars(make_cell("gan", 0)), "timing": pd.DataFrame()})
    assert len(validation_curve(cell)) == 10
    assert validation_curve(cell)["seconds"].isna().all()


def test_the_median_curve_is_over_finished_cells(make_cell):
    finals = (10.0, 20.0, 40.0)
    cells = [make_cell("gan", s, curve={"final": f}) for s, f in enumerate(finals)]
    cells.append(make_cell("gan", 3, status="failed", curve={"final": 0.001}))
    curve = median_curve(cells)
    assert curve["fd"].iloc[-1] == pytest.approx(20)
    assert curve["flops"].iloc[-1] == 1000e9


def test_power_laws_cross_where_they_must():
    x = np.geomspace(1, 1000, 13)
    first = pd.DataFrame({"flops": x, "fd": 100 / x})
    second = pd.DataFrame({"flops": x, "fd": 20 / np.sqrt(x)})  # equal at x = 25
    assert crossings(first, second, along="flops") == [(pytest.approx(25), False)]
    assert crossings(first, first, along="flops") == []
    assert crossings(first, first.assign(fd=first["fd"] * 2), along="flops") == []
    assert crossings(first, first.head(0), along="flops") == []

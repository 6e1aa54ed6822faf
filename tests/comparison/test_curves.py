"""Validation curves with a known shape."""

import math

import numpy as np
import pandas as pd
import pytest

from whichgen.comparison.cells import Cell
from whichgen.comparison.curves import (
    best_validation,
    crossing_bounds,
    crossing_points,
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
    assert (curve["q1"].iloc[-1], curve["q3"].iloc[-1]) == pytest.approx((15, 30))


def test_power_laws_cross_where_they_must():
    x = np.geomspace(1, 1000, 13)
    first = pd.DataFrame({"flops": x, "fd": 100 / x})
    second = pd.DataFrame({"flops": x, "fd": 20 / np.sqrt(x)})  # equal at x = 25
    assert crossings(first, second, along="flops") == [(pytest.approx(25), False)]
    assert crossings(first, first, along="flops") == []
    assert crossings(first, first.assign(fd=first["fd"] * 2), along="flops") == []
    assert crossings(first, first.head(0), along="flops") == []


def family(make_cell, name, *, slopes, at=4e11, level=20.0):
    """Cells whose curves are power laws of these slopes through ``level`` at ``at`` FLOPs."""
    return {
        seed: make_cell(
            name,
            seed,
            curve={"start": level * (at / 1e11) ** slope, "final": level * (at / 1e12) ** slope},
        )
        for seed, slope in enumerate(slopes)
    }


@pytest.mark.parametrize("along", ["flops", "seconds"])
def test_curves_that_all_cross_at_one_point_cross_surely_there(make_cell, along):
    at = {"flops": 4e11, "seconds": 8.0}[along]  # 1e9 FLOPs and 1 / 50 s a step
    gan = family(make_cell, "gan", slopes=np.linspace(0.9, 1.1, 6))
    dgn = family(make_cell, "dgn", slopes=np.linspace(0.4, 0.5, 6))
    (point,) = crossing_points(gan, dgn, along=along)
    assert point["at"] == pytest.approx(at)
    assert (point["before"], point["after"]) == ("dgn", "gan")
    assert point["low"] == pytest.approx(at, rel=0.02)
    assert point["high"] == pytest.approx(at, rel=0.02)
    (mirrored,) = crossing_points(dgn, gan, along=along)
    assert mirrored == pytest.approx(point)


def test_seeds_that_cross_elsewhere_widen_the_crossing(make_cell):
    points = np.geomspace(2e11, 8e11, 6)
    gan = {s: family(make_cell, "gan", slopes=[1.0] * 6, at=x)[s] for s, x in enumerate(points)}
    dgn = {s: family(make_cell, "dgn", slopes=[0.3] * 6, at=x)[s] for s, x in enumerate(points)}
    (point,) = crossing_points(gan, dgn, along="flops")
    assert point["at"] == pytest.approx(4e11, rel=0.1)
    assert point["low"] == pytest.approx(2e11, rel=0.02)
    assert point["high"] == pytest.approx(8e11, rel=0.02)


def test_a_crossing_of_few_seeds_is_open_on_both_sides(make_cell):
    gan = family(make_cell, "gan", slopes=[1.0] * 5)
    dgn = family(make_cell, "dgn", slopes=[0.4] * 5)
    (point,) = crossing_points(gan, dgn, along="flops")
    assert (point["low"], point["high"]) == (None, None)


def test_curves_that_do_not_cross_or_are_not_there_have_no_crossing(make_cell):
    gan = family(make_cell, "gan", slopes=[1.0] * 6)
    worse = family(make_cell, "dgn", slopes=[1.0] * 6, level=40.0)
    assert crossing_points(gan, worse, along="flops") == []
    untimed = {s: Cell(**{**vars(c), "timing": pd.DataFrame()}) for s, c in gan.items()}
    assert crossing_points(untimed, worse, along="seconds") == []


def test_the_bounds_of_a_crossing_cover_it_as_often_as_they_must():
    """Differences that rise through zero at the truth, with a noise of their own a seed."""
    rng, draws, rate = np.random.default_rng(0), 1500, 1 - 2 / 2**6
    grid = np.linspace(-4, 4, 401)
    hits = 0
    for noise in rng.normal(0, 1, (draws, 6, 1)):
        ratios = grid + noise  # of a slope so even that the true crossing's bounds are one stretch
        low, high = crossing_bounds(np.exp(grid), ratios, float(np.exp(-np.median(noise))))
        hits += (low is None or low <= 1) and (high is None or high >= 1)
    assert abs(hits / draws - rate) < 3.3 * math.sqrt(rate * (1 - rate) / draws)

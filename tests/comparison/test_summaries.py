"""A recipe's runs in one figure, one run against another, and the best of several."""

import math

import numpy as np
import pytest

from whichgen.comparison.cells import Cell
from whichgen.comparison.summaries import best_of_n, improvements, interquartile_means


def with_fd(cells, distances):
    return [
        Cell(**{**vars(c), "scores": {**c.scores, "fd": float(fd)}})
        for c, fd in zip(cells, distances, strict=True)
    ]


def failing(cell):
    return Cell(**{**vars(cell), "status": "failed", "scores": {}, "floors": {}})


def test_the_interquartile_mean_stands_beside_what_real_images_get(make_cells):
    cells = [c for c in make_cells() if c.family == "gan"]
    found = interquartile_means(with_fd(cells, [1, 2, 4, 4, 8, 99]))["gan"]["fd"]
    assert (found["iqm"], found["n"]) == (4.5, 6)
    assert found["normalised"] == pytest.approx((1 / 2 + 1 / 4 + 1 / 4 + 1 / 8) / 4)  # floor 1
    assert found["interval"][0] < 4.5 < found["interval"][1]
    share = interquartile_means(make_cells(noise=0))["dgn"]["coverage"]
    assert share["normalised"] == pytest.approx(0.80 / 0.96)


def test_failed_and_unmeasured_runs_leave_the_mean_open(make_cells):
    cells = [failing(c) for c in make_cells(seeds=2)]
    assert math.isnan(interquartile_means(cells)["gan"]["fd"]["iqm"])
    assert improvements(cells) == []


def test_a_run_that_is_always_better_improves_with_certainty_and_an_honest_interval(make_cells):
    (distance, coverage, _) = improvements(make_cells(gan={"fd": 30.0, "coverage": 0.9}))
    assert (distance["probability"], coverage["probability"]) == (0, 1)
    assert distance["interval"] == [0, pytest.approx(0.310769, abs=1e-6)]
    assert (distance["first"], distance["second"], distance["n"]) == ("gan", "dgn", [6, 6])


def test_a_failed_run_loses_against_every_finished_one(make_cells):
    cells = make_cells(seeds=2, gan={"fd": 1.0}, noise=0)
    cells = [failing(c) if (c.family, c.seed) == ("gan", 0) else c for c in cells]
    assert improvements(cells)[0]["probability"] == 0.5


def test_the_expected_best_is_over_all_runs_of_the_family(make_cell):
    finals = {"gan": (8.0, 4.0), "gan_b": (2.0, 6.0)}
    cells = [
        make_cell("gan", seed, recipe=recipe, curve={"final": final, "start": 100.0})
        for recipe, values in finals.items()
        for seed, final in enumerate(values)
    ]
    found = best_of_n([*cells, failing(cells[0])])
    assert set(found) == {"gan"}
    found = found["gan"]
    assert (found["trials"], found["failed"], found["n"]) == (5, 1, [1, 2, 3, 4, 5])
    assert found["expected"][0] == pytest.approx(5)
    assert found["expected"][-1] == pytest.approx(2)
    assert found["budget_flops"] == [n * 1e12 for n in (1, 2, 3, 4, 5)]
    assert np.isfinite(found["low"]).tolist() == [True, True, False, False, False]
    assert found["low"][0] < found["expected"][0] < found["high"][0]

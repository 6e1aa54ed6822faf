"""Values by seed, ranks and fronts of any number of recipes."""

import math

import numpy as np
import pytest

from whichgen.comparison.cells import Cell
from whichgen.comparison.matrix import pairwise
from whichgen.comparison.standings import OBJECTIVES, pareto, rank_table, values_by_seed


def table(cells):
    values = values_by_seed(cells)
    return values, rank_table(values, pairwise(cells, None), np.random.default_rng(0))


def test_values_are_those_of_the_cells_at_the_seeds_that_all_ran(make_cell, make_cells):
    cells = [*make_cells(seeds=3), make_cell("gan", 9)]
    values = values_by_seed(cells)
    assert values["seeds"] == [0, 1, 2]
    own = [c.score("fd") for c in cells if c.family == "dgn"]
    assert values["axes"]["quality"]["dgn"].tolist() == own


def test_cost_is_to_the_distance_that_all_recipes_reach(make_cells):
    # The DGN's distance is 10,000 / step: 20 at step 500, where the GAN ends at 20.1.
    cells = make_cells(curves={"gan": {"final": 20.1}, "dgn": {"final": 10.0}})
    cost = values_by_seed(cells)["axes"]["cost"]
    assert (cost["gan"].tolist(), cost["dgn"].tolist()) == ([1000e9] * 6, [500e9] * 6)


def test_the_better_recipe_is_first_and_surely_so(make_cells):
    _, ranks = table(make_cells(gan={"fd": 30.0, "coverage": 0.6}))
    for axis in ("quality", "diversity"):
        assert ranks[axis]["dgn"] == {"rank": 1, "interval": [1, 1], "first": 1}
        assert ranks[axis]["gan"] == {"rank": 2, "interval": [2, 2], "first": 0}


def test_equal_recipes_share_their_rank_and_each_is_first_half_the_time(make_cells):
    _, ranks = table(make_cells(noise=0))
    for axis in ranks:
        for recipe in ("gan", "dgn"):
            assert ranks[axis][recipe] == {"rank": 1.5, "interval": [1, 2], "first": 0.5}


def test_a_coin_toss_is_first_in_about_half_of_the_draws():
    better = np.array([1.0, -1.0, 2.0, -2.0, 3.0, -3.0])
    values = {"seeds": [*range(6)], "axes": {"quality": {"a": 10 + better, "b": 10 - better}}}
    shares = rank_table(values, [], np.random.default_rng(0))["quality"]
    assert shares["a"]["first"] == pytest.approx(0.5, abs=3.3 * 0.5 / math.sqrt(2000))
    assert shares["a"]["first"] + shares["b"]["first"] == pytest.approx(1)


def test_failed_runs_rank_last_and_few_seeds_have_no_share(make_cells):
    cells = make_cells(seeds=3, gan={"fd": 1.0})
    cells = [
        Cell(**{**vars(c), "status": "failed", "scores": {}}) if c.family == "gan" and c.seed else c
        for c in cells
    ]
    values, ranks = table(cells)
    assert np.isnan(values["axes"]["quality"]["gan"]).tolist() == [False, True, True]
    assert (ranks["quality"]["gan"]["rank"], ranks["quality"]["dgn"]["rank"]) == (2, 1)
    assert math.isnan(ranks["quality"]["dgn"]["first"])


def test_what_nobody_measured_is_not_ranked(make_cells):
    cells = make_cells(gan={"type_agreement": math.nan}, dgn={"type_agreement": math.nan})
    assert "type_control" not in table(cells)[1]
    one = make_cells(gan={"type_agreement": math.nan})
    assert set(table(one)[1]["type_control"]) == {"dgn"}


def test_the_front_is_what_no_recipe_beats_in_everything(make_cells):
    cells = make_cells(gan={"fd": 5.0, "coverage": 0.7}, dgn={"fd": 9.0, "coverage": 0.9})
    third = [
        Cell(**{**vars(c), "recipe": "dgn_b", "scores": {**c.scores, "fd": 12.0, "coverage": 0.6}})
        for c in cells
        if c.family == "dgn"
    ]
    found = pareto(values_by_seed([*cells, *third]), np.random.default_rng(0))
    assert found["fronts"]["all"] == ["gan", "dgn"]
    assert found["fronts"]["quality, cost"] == ["gan"]
    assert found["fronts"]["quality, diversity"] == ["gan", "dgn"]
    assert found["on_front"] == {"gan": 1, "dgn": 1, "dgn_b": 0}
    assert list(found["points"]["dgn_b"]) == list(OBJECTIVES)
    assert found["points"]["dgn_b"]["diversity"] == pytest.approx(0.6)


def test_an_unknown_objective_is_last_and_unknown(make_cells):
    cells = make_cells(gan={"coverage": math.nan}, noise=0)
    found = pareto(values_by_seed(cells), np.random.default_rng(0))
    assert math.isnan(found["points"]["gan"]["diversity"])
    assert found["fronts"]["all"] == ["dgn"]


def test_no_shared_seed_leaves_nothing_to_rank(make_cell):
    cells = [make_cell("gan", 0), make_cell("dgn", 1)]
    values, ranks = table(cells)
    assert (values["seeds"], ranks) == ([], {})
    assert pareto(values, np.random.default_rng(0))["on_front"].keys() == {"gan", "dgn"}

"""Which cells are compared, and what becomes of the others."""

import math

import pytest

from whichgen.comparison.cells import Cell, by_seed
from whichgen.comparison.comparable import comparable
from whichgen.errors import WhichgenError

from .conftest import scores_file


def test_equal_cells_are_all_kept_in_order(make_cells):
    cells = make_cells(seeds=3)
    kept, left_out = comparable(reversed(cells))
    assert [(c.recipe, c.seed) for c in kept] == [
        ("dgn", 0), ("dgn", 1), ("dgn", 2), ("gan", 0), ("gan", 1), ("gan", 2),
    ]  # fmt: skip
    assert left_out == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("data_hash", "other"),
        ("extractor_hash", "other"),
        ("budget_flops", 5e11),
        ("n", 100),
        ("dataset", "fashion_mnist"),
    ],
)
def test_a_stale_cell_is_left_out_with_its_reason(make_cells, make_cell, key, value):
    cells = [*make_cells(seeds=2), make_cell("gan", 7, **{key: value})]
    kept, left_out = comparable(cells)
    assert len(kept) == 4
    assert [(item.recipe, item.seed) for item in left_out] == [("gan", 7)]
    assert f"its {key} is {value}" in left_out[0].reason


def test_the_majority_decides_and_a_draw_goes_to_the_larger_budget(make_cell):
    small = [make_cell("gan", s, budget_flops=1e9) for s in range(2)]
    large = [make_cell("dgn", s, budget_flops=2e9) for s in range(2)]
    assert comparable([*small, *large])[0] == large
    third = make_cell("dgn", 2, budget_flops=1e9)
    assert comparable([*small, *large, third])[0] == [third, *small]


def test_a_failed_cell_is_kept_unless_it_is_stale(make_cells):
    content = scores_file("gan", 5, status="failed", error="loss is not finite")
    for key in ("scores", "floors", "extractor_hash", "n", "judge", "per_type", "p_values"):
        del content[key]
    failed = Cell.from_scores(content)
    stale = Cell.from_scores(content | {"budget_flops": 1.0, "seed": 6})
    kept, left_out = comparable([*make_cells(seeds=2), failed, stale])
    assert failed in kept
    assert [item.seed for item in left_out] == [6]


def test_a_second_cell_of_one_seed_is_left_out(make_cell):
    kept, left_out = comparable([make_cell("gan", 0), make_cell("gan", 0)])
    assert len(kept) == 1
    assert left_out[0].reason == "a second cell of the same recipe and seed"


def test_no_cells_at_all():
    assert comparable([]) == ([], [])


def test_missing_and_null_scores_are_nan(make_cell):
    cell = make_cell("gan", 0, scores={"fd": None})
    assert math.isnan(cell.score("fd"))
    assert math.isnan(cell.score("unheard_of"))
    assert math.isnan(cell.p_value("fd"))
    assert cell.floor("coverage") == 0.96


def test_the_second_judge_of_a_scores_file_is_read_and_may_be_missing():
    second = {"judge": "fd_selfsup_1", "scores": {"fd": 2.0}, "floors": {"fd": 1.0}}
    assert Cell.from_scores(scores_file("gan", 0, second=second)).second == second
    assert Cell.from_scores(scores_file("gan", 0, second=None)).second == {}
    assert Cell.from_scores(scores_file("gan", 0)).second == {}


def test_a_scores_file_without_a_key_is_refused_by_name():
    content = scores_file("gan", 3)
    del content["data_hash"]
    with pytest.raises(WhichgenError, match=r"digits/gan/3 lacks data_hash"):
        Cell.from_scores(content)


def test_an_unknown_family_is_refused_by_name():
    with pytest.raises(WhichgenError, match=r"family is 'vae', not one of gan, dgn"):
        Cell.from_scores(scores_file("gan", 0) | {"family": "vae"})


def test_by_seed_picks_one_recipe_in_rising_order(make_cell):
    cells = [make_cell("gan", 2), make_cell("gan", 0), make_cell("dgn", 1)]
    assert list(by_seed(cells, "gan")) == [0, 2]

"""The tables, against numbers worked out by hand."""

import json
import math

import pytest

from whichgen.comparison.cells import Cell
from whichgen.comparison.table import axis_medians, markdown_table, measured_table, score_table


def pick(table, recipe, metric):
    rows = table[(table["recipe"] == recipe) & (table["metric"] == metric)]
    assert len(rows) == 1
    return rows.iloc[0]


def test_medians_quartiles_worst_and_floor(make_cell):
    cells = [make_cell("gan", s, scores={"fd": fd, "coverage": fd / 100}) for s, fd in
             enumerate((10.0, 20.0, 30.0, 40.0, 50.0))]  # fmt: skip
    cells.append(make_cell("gan", 5, status="failed", scores={"fd": 1.0}))
    row = pick(score_table(cells), "gan", "fd")
    assert (row["median"], row["q1"], row["q3"], row["iqr"]) == (30, 20, 40, 20)
    assert (row["worst"], row["floor"], row["n"], row["failed"]) == (50, 1, 5, 1)
    assert pick(score_table(cells), "gan", "coverage")["worst"] == pytest.approx(0.1)


def test_the_worst_of_a_metric_with_a_target_is_the_furthest_from_it(make_cell):
    values = {"c_t": (0.5, -2.0, 1.0), "vendi_ratio": (0.9, 1.2, 1.0)}
    cells = [make_cell("gan", s, scores={k: v[s] for k, v in values.items()}) for s in range(3)]
    table = score_table(cells)
    assert pick(table, "gan", "c_t")["worst"] == -2.0
    assert pick(table, "gan", "vendi_ratio")["worst"] == 1.2


def test_the_medians_that_decide_by_metric_and_recipe(make_cell):
    cells = [make_cell("gan", s, scores={"fd": fd}) for s, fd in enumerate((10.0, 30.0))]
    cells.append(make_cell("dgn", 0, status="failed"))
    medians = axis_medians(score_table(cells))
    assert list(medians) == ["fd", "coverage", "type_agreement", "memorisation"]
    assert list(medians["fd"].items()) == [("gan", 20.0), ("dgn", None)]
    json.dumps(medians, allow_nan=False)


def test_costs_are_in_the_score_table_and_seconds_are_not(make_cells):
    table = score_table(make_cells(seeds=2))
    assert pick(table, "gan", "training_parameters")["median"] == 80_000
    assert pick(table, "dgn", "training_parameters")["median"] == 40_000
    assert set(table["kind"]) == {"score", "cost"}
    assert "seconds" not in set(table["metric"])
    assert pick(measured_table(make_cells(seeds=2)), "dgn", "seconds")["median"] == 20


def test_markdown_has_a_column_a_recipe_gan_first_and_the_floor_last(make_cells):
    table = score_table(make_cells(seeds=1, gan={"fd": 3.0}, dgn={"fd": 4.0}, noise=0))
    header, _, first, *_ = markdown_table(table).splitlines()
    assert header == "| metric | gan | dgn | floor |"
    assert first.split("|")[1:4] == [" fd ", " 3 ", " 4 "]


def test_a_recipe_whose_runs_all_failed_has_rows_without_numbers(make_cell):
    cell = Cell(**{**vars(make_cell("gan", 0)), "status": "failed"})
    row = pick(score_table([cell]), "gan", "fd")
    assert math.isnan(row["median"])
    assert (row["n"], row["failed"]) == (0, 1)


def test_a_missing_metric_counts_only_where_it_was_measured(make_cell):
    cells = [make_cell("gan", 0), make_cell("gan", 1, scores={"fd": None})]
    assert pick(score_table(cells), "gan", "fd")["n"] == 1
    assert pick(score_table(cells), "gan", "kid")["n"] == 2

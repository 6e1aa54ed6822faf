"""All pairs of recipes: who surely beats whom, and which ranks that leaves."""

import numpy as np
import pytest

from whichgen.comparison.axes import AXES
from whichgen.comparison.cells import Cell
from whichgen.comparison.matrix import pairwise, rank_bounds
from whichgen.comparison.verdict import decide


def with_scores(cell, recipe, **scores):
    return Cell(**{**vars(cell), "recipe": recipe, "scores": {**cell.scores, **scores}})


@pytest.fixture
def recipes(make_cells):
    """Four recipes whose distances are 40, 20 and twice 10, of two families."""
    rng = np.random.default_rng(0)
    distances = {"gan_a": 40.0, "gan_b": 20.0, "dgn_a": 10.0, "dgn_b": 10.0}
    return [
        with_scores(c, recipe, fd=distance * np.exp(0.03 * rng.normal()))
        for recipe, distance in distances.items()
        for c in make_cells(noise=0)
        if recipe.startswith(c.family)
    ]


def test_every_pair_meets_on_every_axis_whatever_the_family(recipes):
    entries = pairwise(recipes, None)
    assert len(entries) == 6 * len(AXES)
    pairs = {(e["first"], e["second"]) for e in entries}
    assert {("gan_a", "gan_b"), ("dgn_a", "dgn_b"), ("gan_b", "dgn_a")} <= pairs


def test_winners_effects_and_ranks_are_those_that_were_put_in(recipes):
    entries = [e for e in pairwise(recipes, None) if e["axis"] == "quality"]
    found = {(e["first"], e["second"]): e for e in entries}
    assert found["gan_a", "gan_b"]["winner"] == "gan_b"
    assert found["gan_a", "dgn_b"]["winner"] == "dgn_b"
    assert found["dgn_a", "dgn_b"]["winner"] == "tie"
    assert found["gan_a", "gan_b"]["effect"] == pytest.approx(2, rel=0.1)
    assert rank_bounds(entries, ["gan_a", "gan_b", "dgn_a", "dgn_b"]) == {
        "gan_a": [4, 4], "gan_b": [3, 3], "dgn_a": [1, 2], "dgn_b": [1, 2],
    }  # fmt: skip


def test_two_recipes_are_corrected_as_their_pair_is(make_cells):
    verdict = decide(make_cells(gan={"fd": 20.0, "coverage": 0.7}))
    axes = verdict["pairs"]["gan vs dgn"]["axes"]
    for entry in verdict["pairwise"]:
        pair = axes[entry["axis"]]
        assert (entry["p_holm"], entry["effect"]) == (pair["p_holm"], pair["effect"])
        assert entry["winner"] == pair["decision"]


def test_more_recipes_make_the_correction_harder(make_cells, recipes):
    def corrected(cells):
        return next(
            e["p_holm"] for e in pairwise(cells, None)
            if (e["axis"], e["first"], e["second"]) == ("quality", "gan_b", "dgn_a")
        )  # fmt: skip

    two = [c for c in recipes if c.recipe in ("gan_b", "dgn_a")]
    assert corrected(recipes) > corrected(two)


def test_ranks_hold_all_at_once_for_recipes_that_are_equal(make_cells):
    """Of four equal recipes every rank is possible: an interval that leaves one out is wrong."""
    rng, wrong, draws = np.random.default_rng(1), 0, 8
    base = [c for c in make_cells(noise=0) if c.family == "dgn"]
    names = [f"dgn_{i}" for i in range(4)]
    for _ in range(draws):
        cells = [
            with_scores(c, name, fd=float(np.exp(rng.normal(5, 0.4))), coverage=0.5)
            for name in names
            for c in base
        ]
        entries = [e for e in pairwise(cells, None) if e["axis"] == "quality"]
        wrong += any(bounds != [1, 4] for bounds in rank_bounds(entries, names).values())
    assert wrong <= 2  # at α = .05, more than 2 of 8 come about once in 170 tests

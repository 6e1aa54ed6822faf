"""A card a recipe, with what a user of the model must know, whatever went wrong."""

import re

import numpy as np
import pytest

from whichgen.comparison.cells import Cell
from whichgen.comparison.model_cards import model_cards
from whichgen.comparison.verdict import decide
from whichgen.forms import measure_form

# The sections of Mitchell et al. 2019 that apply to a generator.
SECTIONS = [
    "Model details", "Intended use", "Data", "Training", "Metrics", "Limits",
    "Caveats of the comparison", "Provenance",
]  # fmt: skip


@pytest.fixture
def cards_of(info, provenance):
    return lambda cells, **changes: model_cards(
        cells,
        decide(cells, info=changes.get("info", info)),
        **{"info": info, "provenance": provenance} | changes,
    )


def without(cell, **changes):
    return Cell(**{**vars(cell), **changes})


def test_each_recipe_has_its_own_card_with_all_sections(make_cells, cards_of):
    cards = cards_of(make_cells(gan={"fd": 20.0}, dgn={"fd": 10.0}, noise=0))
    assert set(cards) == {"gan", "dgn"}
    for recipe, distance in (("gan", "20"), ("dgn", "10")):
        card = cards[recipe]
        assert re.findall(r"^## (.*)$", card, re.M) == SECTIONS
        assert card.startswith(f"# Model card: {recipe} on digits\n")
        assert f"| Fréchet distance (lower is better) | {distance} | 1 |" in card
        assert "seeds 0, 1, 2, 3, 4 and 5; none of them failed" in card
        assert "Budget: 1.00 TFLOPs a run" in card
        assert "1,077 train, 360 validation and 360 test" in card
        assert "Git revision: 0123abc" in card
        assert "Apache-2.0" in card
    assert "against a discriminator" in cards["gan"]
    assert "without a discriminator" in cards["dgn"]


def test_a_card_of_points_speaks_of_points(make_cells, info, cards_of):
    of_points = info | measure_form("points", np.zeros((3, 2), np.float32))
    for card in cards_of(make_cells(), info=of_points).values():
        assert "image" not in card.lower()
        assert "- To draw points like those of digits" in card
        assert "- digits: points of 2 numbers, labelled, 10 types. Points: 1,077 train" in card


def test_a_recipe_that_copies_is_ruled_out_on_its_card_alone(make_cells, cards_of):
    cells = make_cells(gan={"memorisation": 0.8})
    cards = cards_of(cells)
    ruled_out = (
        "- Ruled out: its samples lean on training images as if a tenth or more were copies."
    )
    assert ruled_out in cards["gan"]
    assert "- Memorisation: flagged; 0.80" in cards["gan"]
    assert "Ruled out: " not in cards["dgn"].split("## Caveats")[0]


def test_failures_and_gaps_are_on_the_card(make_cells, cards_of):
    cells = make_cells(seeds=2, uses_labels=False, per_type={})
    cells[0] = without(cells[0], status="failed", error="loss is not finite", scores={}, cost={})
    cells[1] = without(cells[1], missing={"gan_train": "the generator takes no types"})
    cards = cards_of(cells, info={}, provenance={})
    assert "1 of them failed" in cards["gan"]
    assert "seed 0 failed: loss is not finite" in cards["gan"]
    assert "- Not measured: gan: GAN-train: the generator takes no types" in cards["gan"]
    assert "No labels were used" in cards["gan"]
    assert "without a choice of type" in cards["gan"]
    assert "of a chosen type" in cards["dgn"]
    assert "failed:" not in cards["dgn"].split("## Caveats")[0]
    assert not {"None", "nan"} & set(cards["gan"].split())

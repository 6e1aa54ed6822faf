"""Who may take the champion's place."""

from dataclasses import replace

import pytest

from tests.comparison.conftest import make_cell, make_cells  # noqa: F401
from whichgen.comparison.cells import by_seed
from whichgen.comparison.phrases import nouns_of
from whichgen.comparison.recommendation import WEIGHTS
from whichgen.comparison.verdict import decide
from whichgen.registry.gate import compare

GOOD = {"fd": 3.0, "coverage": 0.93, "type_agreement": 0.95}


@pytest.fixture
def gate(make_cells):  # noqa: F811
    """`gate(champion, challenger, …)`: of the GAN's cells against the DGN's."""

    def decided(*, served=0, weights=WEIGHTS, worst=None, **options):
        cells = make_cells(noise=0.2, **options)
        champion, challenger = by_seed(cells, "gan"), by_seed(cells, "dgn")
        if worst is not None:
            old = challenger[served]
            challenger[served] = replace(old, scores=dict(old.scores) | worst)
        pair = champion[served], challenger[served]
        return compare(champion, challenger, pair, weights, nouns_of({}))

    return decided


def test_a_better_challenger_passes_and_a_worse_one_does_not(gate):
    better, worse = gate(dgn=GOOD), gate(gan=GOOD)
    assert (better.passed, worse.passed) == (True, False)
    assert better.axes["quality"]["decision"] == "challenger"
    assert worse.axes["quality"]["decision"] == "champion"
    assert any(r.startswith("quality goes to the challenger: fd 3") for r in better.reasons)
    assert any(r.startswith("quality goes to the champion: fd") for r in worse.reasons)


def test_a_tie_leaves_the_champion(gate):
    tied = gate()
    assert not tied.passed
    assert tied.reasons[0] == "nothing that weighs separates it from the champion"


def test_few_seeds_cannot_unseat_a_champion_however_large_the_difference(gate):
    few = gate(dgn=GOOD, seeds=5)
    assert not few.passed
    assert few.reasons == ["paired seeds: 5, and it takes 6 to decide"]


def test_weights_decide_between_axes(gate):
    given = {"gan": {"coverage": 0.95}, "dgn": {"fd": 3.0, "type_agreement": 0.80}}
    none = dict.fromkeys(WEIGHTS, 0.0)
    assert gate(weights=none | {"quality": 1.0}, **given).passed
    assert not gate(weights=none | {"quality": 1.0, "diversity": 2.0}, **given).passed


def test_the_rule_and_its_figures_are_the_verdicts(gate, make_cells):  # noqa: F811
    verdict = decide(make_cells(noise=0.2, dgn=GOOD))["pairs"]["gan vs dgn"]["axes"]
    names = {"gan": "champion", "dgn": "challenger"}
    for axis, found in gate(dgn=GOOD).axes.items():
        told = verdict[axis]
        assert found["decision"] == names.get(told["decision"], told["decision"])
        assert found["effect"] == pytest.approx(told["effect"], rel=1e-5)
        assert found["interval"] == pytest.approx(told["interval"], rel=1e-5)


def test_a_bad_seed_of_a_better_recipe_is_not_served(gate):
    bad = {"fd": 11.5, "coverage": 0.75, "type_agreement": 0.87}
    found = gate(dgn=GOOD, seeds=8, worst=bad)
    assert found.axes["quality"]["decision"] == "challenger"
    assert not found.passed
    assert found.reasons[0] == (
        "this seed's own generator is behind the champion's on quality, diversity, type control"
    )


def test_a_champion_that_copies_gives_way_to_an_equal_but_not_to_a_worse(gate):
    copies = {"memorisation": 0.7}
    equal = gate(gan=copies, weights=WEIGHTS)
    assert equal.passed
    assert "of the champion on the present data: " in equal.reasons[-1]
    assert not gate(gan=GOOD | copies).passed

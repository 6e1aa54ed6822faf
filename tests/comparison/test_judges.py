"""Two judges: how far they agree, and what a disagreement does to the verdict."""

import math

import numpy as np
import pytest

from whichgen.comparison.cells import Cell
from whichgen.comparison.judges import (
    agreement,
    confirmed,
    judges,
    rank_agreement,
    second_judge,
    seen_by,
)
from whichgen.comparison.verdict import decide

NAME = "fd_selfsup_12345678"


def seen(cells, fd, coverage=lambda cell: 0.8, judge=NAME):
    """The cells with a second judge whose scores are these functions of a cell."""
    return [
        Cell(
            **{
                **vars(cell),
                "second": {
                    "judge": judge,
                    "scores": {"fd": fd(cell), "coverage": coverage(cell)},
                    "floors": {"fd": 1.0, "coverage": 0.96},
                },
            }
        )
        for cell in cells
    ]


def quality(verdict):
    return verdict["pairs"]["gan vs dgn"]["axes"]["quality"]


def test_the_second_judge_is_named_and_its_scores_are_read(make_cells):
    cells = seen(make_cells(seeds=1), fd=lambda cell: 3.0)
    assert second_judge(cells) == NAME
    view = seen_by(cells[0], NAME)
    assert (view.score("fd"), view.score("coverage"), view.floor("fd")) == (3, 0.8, 1)
    assert math.isnan(seen_by(cells[0], "another").score("fd"))
    assert second_judge(make_cells(seeds=1)) is None


def test_judges_that_order_alike_agree_and_ones_that_order_the_other_way_do_not(make_cells):
    cells = make_cells(gan={"fd": 20.0})
    finished = [c for c in cells if not c.failed]
    alike = rank_agreement(finished, seen(cells, lambda c: 2 * c.score("fd")), "fd")
    views = [seen_by(c, NAME) for c in seen(cells, lambda c: 2 * c.score("fd"))]
    against = [seen_by(c, NAME) for c in seen(cells, lambda c: -c.score("fd"))]
    assert rank_agreement(cells, views, "fd")["cells"] == pytest.approx(
        {"kendall": 1, "spearman": 1, "n": 12}
    )
    assert rank_agreement(cells, against, "fd")["cells"]["kendall"] == pytest.approx(-1)
    assert alike["recipes"]["n"] == 2
    constant = rank_agreement(cells, views, "coverage")["cells"]
    assert (constant["n"], math.isnan(constant["kendall"])) == (12, True)


def test_unrelated_judges_have_no_rank_agreement(make_cells):
    rng = np.random.default_rng(0)
    cells = make_cells(seeds=8) * 6
    scored = seen(cells, lambda c: rng.normal())
    tau = judges(scored, NAME, {})["rank_agreement"]["fd"]["cells"]["kendall"]
    assert abs(tau) < 3.3 * math.sqrt(2 * (2 * 96 + 5) / (9 * 96 * 95))  # Kendall's null variance


@pytest.mark.parametrize(
    ("decision", "opinion", "agree", "stands"),
    [
        ("second", "second", True, True), ("second", "first", False, False),
        ("second", "tie", False, False), ("tie", "first", False, True), ("tie", "tie", True, True),
        ("second", "inconclusive", None, True), ("second", None, None, True),
        ("inconclusive", "first", None, True),
    ],
)  # fmt: skip
def test_a_win_stands_only_if_the_second_judge_does_not_object(decision, opinion, agree, stands):
    assert agreement(decision, opinion) is agree
    assert confirmed(decision, opinion) is stands


def test_a_confirmed_win_is_a_win(make_cells):
    cells = make_cells(gan={"fd": 20.0})
    verdict = decide(seen(cells, lambda c: 2 * c.score("fd")))
    assert (quality(verdict)["decision"], quality(verdict)["second"]) == ("dgn", "dgn")
    assert verdict["judges"]["agree"] == {"quality": True, "diversity": True}
    assert (verdict["judges"]["second"], verdict["judges"]["n"]) == (NAME, 12)
    assert not any("disagree" in c["en"] for c in verdict["recommendation"]["caveats"])


@pytest.mark.parametrize(
    ("fd", "said"),
    [
        (lambda c: 400 / c.score("fd"), "the second judge sees the GAN ahead"),
        (lambda c: 9.0 + c.seed, "the second judge shows no difference"),
    ],
)
def test_a_win_that_the_second_judge_does_not_see_is_a_tie(make_cells, fd, said):
    verdict = decide(seen(make_cells(gan={"fd": 20.0}), fd))
    assert quality(verdict)["decision"] == "tie"
    assert quality(verdict)["judges_agree"] is False
    assert said in quality(verdict)["sentence"]["en"]
    assert verdict["judges"]["agree"]["quality"] is False
    (entry,) = (e for e in verdict["pairwise"] if e["axis"] == "quality")
    assert entry["winner"] == "tie"
    caveats = [c["en"] for c in verdict["recommendation"]["caveats"]]
    assert any("The judges disagree on quality" in c for c in caveats)
    assert verdict["recommendation"]["choice"] == "tie"


def test_without_a_second_judge_nothing_is_claimed_of_it(make_cells):
    verdict = decide(make_cells(gan={"fd": 20.0}))
    assert quality(verdict)["decision"] == "dgn"
    assert quality(verdict)["second"] is None
    assert verdict["judges"] == {
        "first": "classifier_eeeeeeee",
        "second": None,
        "not_asked": [],
        "n": 0,
        "rank_agreement": {},
        "agree": {"quality": None, "diversity": None},
    }
    assert "by one judge (classifier_eeeeeeee)" in verdict["recommendation"]["caveats"][-1]["en"]


def test_a_second_judge_that_saw_too_few_runs_decides_nothing(make_cells):
    cells = make_cells(gan={"fd": 20.0})
    cells = seen(cells[:5], lambda c: 1 / c.score("fd")) + cells[5:]
    verdict = decide(cells)
    assert quality(verdict)["decision"] == "dgn"
    assert quality(verdict)["second"] == "inconclusive"
    assert verdict["judges"]["agree"]["quality"] is None


def test_a_second_judge_that_failed_its_gates_is_not_asked_and_that_is_said(make_cells):
    cells = seen(make_cells(gan={"fd": 20.0}), lambda c: 1 / c.score("fd"), judge="x, not gated")
    cells = [Cell(**{**vars(c), "second": {**c.second, "gated": False}}) for c in cells]
    verdict = decide(cells)
    assert quality(verdict)["decision"] == "dgn"
    assert (verdict["judges"]["second"], verdict["judges"]["not_asked"]) == (None, ["x, not gated"])
    caveats = [c["en"] for c in verdict["recommendation"]["caveats"]]
    assert "The second judge x, not gated did not pass its gates and was not asked." in caveats

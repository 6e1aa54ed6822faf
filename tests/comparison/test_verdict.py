"""Verdicts whose answer is known beforehand."""

import json
import math
import random
from dataclasses import replace

import numpy as np
import pytest

from whichgen.comparison.cells import Cell
from whichgen.comparison.comparable import comparable
from whichgen.comparison.recommendation import WEIGHTS
from whichgen.comparison.verdict import decide
from whichgen.errors import WhichgenError


def only_pair(verdict):
    (pair,) = verdict["pairs"].values()
    return pair


def decisions(verdict):
    return {axis: result["decision"] for axis, result in only_pair(verdict)["axes"].items()}


def caveats_of(verdict):
    return [caveat["en"] for caveat in verdict["recommendation"]["caveats"]]


def failing(cell):
    return Cell(**{**vars(cell), "status": "failed", "error": "loss is not finite", "scores": {}})


def test_equal_families_tie_on_every_axis(make_cells):
    verdict = decide(make_cells())
    assert set(decisions(verdict).values()) == {"tie"}
    assert verdict["recommendation"]["choice"] == "tie"
    assert "no axis separates" in verdict["recommendation"]["sentence"]["en"]


@pytest.mark.parametrize(("winner", "loser"), [("gan", "dgn"), ("dgn", "gan")])
def test_a_clear_winner_wins_with_six_seeds(make_cells, winner, loser):
    better = {"fd": 10.0, "coverage": 0.9, "type_agreement": 0.97}
    worse = {"fd": 20.0, "coverage": 0.7, "type_agreement": 0.80}
    verdict = decide(make_cells(**{winner: better, loser: worse}))
    found = decisions(verdict)
    assert (found["quality"], found["diversity"], found["type_control"]) == (winner,) * 3
    assert found["cost"] == "tie"
    assert verdict["recommendation"]["choice"] == winner
    quality = only_pair(verdict)["axes"]["quality"]
    assert quality["p_sign_flip"] == 0.03125
    # The wobbles telescope: their mean log-ratio over six seeds is (0 + .02) / 6.
    sign = 1 if winner == "dgn" else -1
    assert quality["effect"] == pytest.approx(math.exp(sign * math.log(2) + 0.02 / 6), rel=1e-5)
    assert quality["seeds"] == list(range(6))


def test_fewer_than_six_seeds_are_inconclusive_whatever_the_difference(make_cells):
    verdict = decide(make_cells(seeds=5, gan={"fd": 90.0, "coverage": 0.2}))
    assert set(decisions(verdict).values()) == {"inconclusive"}
    assert only_pair(verdict)["axes"]["quality"]["p_sign_flip"] == 0.0625
    assert "at least 1 more is needed" in only_pair(verdict)["axes"]["quality"]["sentence"]["en"]
    assert verdict["recommendation"]["choice"] == "inconclusive"


def test_a_difference_within_the_floor_is_a_tie_however_certain(make_cells):
    # 0.9 apart at a floor of 1; coverage .03 apart at a margin of .04.
    cells = make_cells(gan={"fd": 10.9, "coverage": 0.77}, noise=0.02)
    axes = only_pair(decide(cells))["axes"]
    for axis in ("quality", "diversity"):
        assert axes[axis]["p_holm"] < 0.001
        assert axes[axis]["decision"] == "tie"
        assert "within the margin" in axes[axis]["sentence"]["en"]


def test_one_seed_against_the_rest_ties_by_the_exact_test(make_cells):
    cells = make_cells(dgn={"coverage": 0.90}, noise=0.1)
    odd = next(c for c in cells if c.family == "dgn" and c.seed == 3)
    cells.remove(odd)
    cells.append(Cell(**{**vars(odd), "scores": {**odd.scores, "coverage": 0.795}}))
    diversity = only_pair(decide(cells))["axes"]["diversity"]
    assert diversity["interval"][0] > 0
    assert diversity["p_sign_flip"] == 0.0625
    assert diversity["decision"] == "tie"
    assert "the exact sign-flip test does not give p < 0.05" in diversity["sentence"]["en"]


def test_holm_takes_back_what_one_axis_alone_would_show(make_cells):
    cells = make_cells(noise=0.1)
    gains = dict(enumerate((0.01, 0.02, 0.05, 0.12, 0.15, 0.16)))
    cells = [
        Cell(**{**vars(c), "scores": {**c.scores, "coverage": 0.7 + gains[c.seed]}})
        if c.family == "dgn"
        else Cell(**{**vars(c), "scores": {**c.scores, "coverage": 0.7}})
        for c in cells
    ]
    diversity = only_pair(decide(cells))["axes"]["diversity"]
    assert diversity["interval"][0] > 0
    assert diversity["p_sign_flip"] == 0.03125
    assert diversity["p_holm"] > 0.05
    assert diversity["decision"] == "tie"
    assert "after Holm's correction over 6 axes" in diversity["sentence"]["en"]


def test_the_cheaper_family_wins_cost_by_flops_never_by_seconds(make_cells):
    cells = make_cells(curves={"gan": {"flops_per_step": 2e9}})
    cost = only_pair(decide(cells))["axes"]["cost"]
    assert cost["decision"] == "dgn"
    assert cost["effect"] == pytest.approx(2)
    slow = [
        Cell(**{**vars(c), "timing": c.timing.assign(seconds=c.timing["seconds"] * 9)})
        if c.family == "dgn"
        else c
        for c in cells
    ]
    assert decide(slow) == decide(cells)


def test_cost_is_to_the_worse_of_the_two_final_distances(make_cells):
    # The DGN's distance is 10,000 / step: 20 at step 500, where the GAN ends at 20.1.
    cells = make_cells(curves={"gan": {"final": 20.1}, "dgn": {"final": 10.0}})
    cost = only_pair(decide(cells))["axes"]["cost"]
    assert (cost["gan"], cost["dgn"]) == (1000e9, 500e9)
    assert cost["decision"] == "dgn"


def test_a_ruling_on_cost_decides_between_families_that_tie(make_cells):
    verdict = decide(make_cells(curves={"dgn": {"flops_per_step": 3e9}}))
    assert verdict["recommendation"]["choice"] == "gan"
    assert "wins on cost" in verdict["recommendation"]["sentence"]["en"]


def test_families_that_each_win_something_are_split(make_cells):
    verdict = decide(make_cells(gan={"fd": 5.0}, dgn={"coverage": 0.95}))
    assert verdict["recommendation"]["choice"] == "split"
    assert "the GAN wins on quality" in verdict["recommendation"]["sentence"]["en"]
    assert "the DGN on diversity" in verdict["recommendation"]["sentence"]["en"]


def test_the_steadier_family_wins_stability(make_cells):
    offsets = (-1.0, 1.0, -1.1, 1.1, -0.9, 0.9)
    cells = [
        Cell(**{**vars(c), "scores": {**c.scores, "fd": 20 * math.exp(offsets[c.seed])}})
        if c.family == "gan"
        else c
        for c in make_cells(dgn={"fd": 20.0}, noise=0.1)
    ]
    stability = only_pair(decide(cells))["axes"]["stability"]
    assert stability["metric"] == "fd_spread"
    assert stability["gan"] == pytest.approx(1.0)
    assert stability["decision"] == "dgn"


def test_failed_runs_decide_stability_and_are_named(make_cells):
    cells = [failing(c) if c.family == "gan" else c for c in make_cells()]
    verdict = decide(cells)
    stability = only_pair(verdict)["axes"]["stability"]
    assert (stability["metric"], stability["gan"], stability["dgn"]) == ("failed_runs", 6, 0)
    assert stability["decision"] == "dgn"
    assert [item["seed"] for item in verdict["failed"]] == list(range(6))
    assert verdict["recommendation"]["choice"] == "inconclusive"
    assert "6 of its 6 runs failed" in verdict["recommendation"]["sentence"]["en"]


def test_runs_that_their_rule_stopped_are_compared_and_named(make_cells):
    """The budget is what a run may spend; what it did spend is in its cost and in a caveat."""
    cells = []
    for cell in make_cells():
        if cell.family == "dgn" and cell.seed < 3:
            ended = {"because": "rule", "budget_share": 0.1 * (cell.seed + 2)}
            cost = {**cell.cost, "training_flops": ended["budget_share"] * cell.budget_flops}
            cell = replace(cell, ended=ended, cost=cost)
        cells.append(cell)
    verdict = decide(cells)
    assert verdict["left_out"] == []
    named = [c["en"] for c in verdict["recommendation"]["caveats"] if "own rule" in c["en"]]
    assert named == [
        "dgn stopped by its own rule in 3 of 6 runs, after 30% of the budget in the median: it has "
        "spent less than it might."
    ]


def test_one_failed_run_counts_but_decides_nothing(make_cells):
    cells = make_cells(seeds=7)
    cells[0] = failing(cells[0])
    verdict = decide(cells)
    axes = only_pair(verdict)["axes"]
    assert axes["stability"]["decision"] == "tie"
    assert "1 of 7 GAN runs failed, 0 of 7 DGN runs" in axes["stability"]["sentence"]["en"]
    assert axes["quality"]["seeds"] == [1, 2, 3, 4, 5, 6]
    assert any("1 of 14 runs failed (gan seed 0)" in c for c in caveats_of(verdict))


def test_memorisation_vetoes_the_winner(make_cells):
    cells = make_cells(gan={"fd": 20.0}, dgn={"fd": 5.0, "memorisation": 0.7})
    verdict = decide(cells)
    assert decisions(verdict)["quality"] == "dgn"
    assert only_pair(verdict)["memorisation"]["dgn"]["decision"] == "flagged"
    assert only_pair(verdict)["memorisation"]["gan"]["decision"] == "clear"
    assert verdict["recommendation"]["choice"] == "none"
    assert "as if a tenth or more were copies" in verdict["recommendation"]["sentence"]["en"]


def test_a_small_but_sure_share_is_a_caveat_and_no_veto(make_cells):
    verdict = decide(make_cells(gan={"fd": 20.0}, dgn={"fd": 5.0, "memorisation": 0.53}))
    assert only_pair(verdict)["memorisation"]["dgn"]["decision"] == "leaning"
    assert verdict["recommendation"]["choice"] == "dgn"
    assert any("look for copies" in c for c in caveats_of(verdict))


def test_memorisation_breaks_a_tie(make_cells):
    verdict = decide(make_cells(gan={"memorisation": 0.7}))
    assert verdict["recommendation"]["choice"] == "dgn"
    assert "the GAN is ruled out" in verdict["recommendation"]["sentence"]["en"]


def test_a_share_above_chance_but_not_above_its_floor_is_clear(make_cells):
    from .conftest import FLOORS

    cells = make_cells(gan={"memorisation": 0.6}, floors=dict(FLOORS, memorisation=0.62))
    result = only_pair(decide(cells))["memorisation"]["gan"]
    assert (result["decision"], result["limit"]) == ("clear", 0.62)


@pytest.mark.parametrize(("binomial", "decision"), [(1e-9, "flagged"), (0.2, "inconclusive")])
def test_few_seeds_are_flagged_only_by_their_own_exact_tests(make_cells, binomial, decision):
    cells = make_cells(seeds=1, gan={"memorisation": 0.8}, p_values={"memorisation": binomial})
    memorisation = only_pair(decide(cells))["memorisation"]
    assert memorisation["gan"]["decision"] == decision
    assert memorisation["dgn"]["decision"] == "inconclusive"


def test_pairs_are_by_seed(make_cell):
    cells = [make_cell("gan", s) for s in range(4)] + [make_cell("dgn", s) for s in range(2, 9)]
    assert only_pair(decide(cells))["axes"]["quality"]["seeds"] == [2, 3]


def test_the_verdict_is_the_same_bytes_whatever_the_order(make_cells):
    cells = make_cells(gan={"fd": 20.0})
    cells[1] = failing(cells[1])
    shuffled = random.Random(0).sample(cells, len(cells))
    texts = [
        json.dumps(decide(kept, left_out=left_out), allow_nan=False)
        for kept, left_out in (comparable(cells), comparable(shuffled))
    ]
    assert texts[0] == texts[1]


def test_a_missing_metric_leaves_its_axis_open_and_the_others_decided(make_cells):
    cells = make_cells(gan={"fd": 20.0, "type_agreement": math.nan})
    found = decisions(decide(cells))
    assert (found["type_control"], found["quality"]) == ("inconclusive", "dgn")
    sentence = only_pair(decide(cells))["axes"]["type_control"]["sentence"]["en"]
    assert "not measured for both families" in sentence


def test_a_missing_floor_leaves_its_axis_open(make_cells):
    verdict = decide(make_cells(gan={"fd": 20.0}, floors={}))
    assert decisions(verdict)["quality"] == "inconclusive"
    assert "no floor" in only_pair(verdict)["axes"]["quality"]["sentence"]["en"]


def test_one_family_alone_is_no_comparison(make_cell):
    verdict = decide([make_cell("gan", s) for s in range(6)])
    assert (verdict["pairs"], verdict["headline"]) == ({}, None)
    assert verdict["recommendation"]["choice"] == "inconclusive"
    assert "one family only" in verdict["recommendation"]["sentence"]["en"]


def test_no_cells_are_refused():
    with pytest.raises(WhichgenError, match="no scored cells"):
        decide([])


def test_the_headline_pair_is_chosen_on_validation_not_on_the_published_score(
    make_cells, make_cell
):
    tempting = [
        make_cell("gan", s, recipe="gan_b", scores={"fd": 0.1}, curve={"final": 50.0})
        for s in range(6)
    ]
    verdict = decide([*make_cells(), *tempting])
    assert verdict["headline"] == "gan vs dgn"
    assert set(verdict["pairs"]) == {"gan vs dgn", "gan_b vs dgn"}
    assert any("2 pairs of recipes" in c for c in caveats_of(verdict))


@pytest.mark.parametrize(
    ("labels", "information"),
    [((True, True), "labels"), ((False, False), "no labels"), ((True, False), "unequal")],
)
def test_information_is_stated(make_cell, labels, information):
    cells = [make_cell(f, 0, uses_labels=u) for f, u in zip(("gan", "dgn"), labels, strict=True)]
    verdict = decide(cells)
    assert verdict["information"] == information
    unfair = any("not fair" in c for c in caveats_of(verdict))
    assert unfair == (information == "unequal")


def test_missing_types_and_crossing_curves_are_caveats(make_cells):
    curves = {"gan": {"start": 300.0, "final": 5.0}, "dgn": {"start": 100.0, "final": 10.0}}
    caveats = caveats_of(decide(make_cells(gan={"types_covered": 0.8}, curves=curves, noise=0)))
    assert any("The GAN misses types: it makes 80% of them" in c for c in caveats)
    assert any("curves cross" in c for c in caveats)


@pytest.mark.parametrize(
    ("weights", "choice", "said"),
    [
        ({}, "split", "the weights leave these level"),
        ({"quality": 2}, "gan", "it wins on quality, the DGN on diversity, which weigh less"),
        ({"diversity": 2}, "dgn", "it wins on diversity, the GAN on quality, which weigh less"),
        ({"quality": 0}, "dgn", "it wins on diversity, the GAN on quality, which weigh less"),
        ({"quality": 0, "diversity": 0}, "tie", "Choose by quality and diversity"),
    ],
)
def test_the_weights_decide_between_families_that_each_win_something(
    make_cells, weights, choice, said
):
    cells = make_cells(gan={"fd": 5.0}, dgn={"coverage": 0.95})
    recommendation = decide(cells, weights={**WEIGHTS, **weights})["recommendation"]
    assert recommendation["choice"] == choice
    assert said in recommendation["sentence"]["en"]
    given = {**WEIGHTS, **weights}
    assert recommendation["weighed"] == {"gan": given["quality"], "dgn": given["diversity"]}


def test_cost_outweighs_quality_only_for_who_says_so(make_cells):
    cells = make_cells(gan={"fd": 5.0}, curves={"gan": {"flops_per_step": 3e9}})
    assert decide(cells)["recommendation"]["choice"] == "gan"
    thrifty = decide(cells, weights={**WEIGHTS, "cost": 1.5})
    assert thrifty["recommendation"]["choice"] == "dgn"


def test_memorisation_is_an_axis_that_counts_where_it_has_a_weight(make_cells):
    cells = make_cells(gan={"memorisation": 0.53}, dgn={"memorisation": 0.505})
    assert decisions(decide(cells))["memorisation"] == "dgn"
    told = decide(cells)["recommendation"]
    assert told["choice"] == "tie"
    assert "Choose by memorisation: the DGN wins on memorisation" in told["sentence"]["en"]
    asked = decide(cells, weights={**WEIGHTS, "memorisation": 1.0})["recommendation"]
    assert asked["choice"] == "dgn"


def test_the_reasons_say_what_speaks_for_the_choice_and_what_against(make_cells):
    better = {"fd": 5.0, "type_agreement": 0.97}
    verdict = decide(make_cells(gan=better, dgn={"coverage": 0.95}))
    reasons = [reason["en"] for reason in verdict["recommendation"]["reasons"]]
    assert verdict["recommendation"]["choice"] == "gan"
    assert reasons[0] == only_pair(verdict)["axes"]["quality"]["sentence"]["en"]
    assert reasons[2].startswith("Against it: The DGN is more diverse")
    assert reasons[3] == "No difference could be shown on memorisation, cost and stability."
    assert reasons[4].startswith("Weights of the axes won: 2 for the GAN, 1 for the DGN (quality 1")


def test_too_few_seeds_are_a_caveat(make_cells):
    few = caveats_of(decide(make_cells(seeds=4)))
    assert "Too few seeds: 4 paired seeds, and 6 are the least that can decide" in few[0]
    assert not any("Too few seeds" in caveat for caveat in caveats_of(decide(make_cells())))


def test_the_crossing_is_told_with_its_sides(make_cells):
    curves = {"gan": {"start": 300.0, "final": 5.0}, "dgn": {"start": 100.0, "final": 10.0}}
    verdict = decide(make_cells(curves=curves))
    (crossing,) = verdict["crossings"]
    assert (crossing["before"], crossing["after"]) == ("dgn", "gan")
    (told,) = (c for c in caveats_of(verdict) if "cross" in c)
    assert "below that the dgn is ahead, above it the gan" in told
    assert "the seeds agree below" in told


@pytest.mark.slow
def test_twenty_recipes_are_compared(make_cell):
    rng = np.random.default_rng(0)
    cells = [
        make_cell(
            family,
            seed,
            recipe=f"{family}_{index}",
            scores={"fd": (5.0 + index) * math.exp(0.05 * rng.normal())},
        )
        for family in ("gan", "dgn")
        for index in range(10)
        for seed in range(6)
    ]
    verdict = decide(cells)
    assert len(verdict["pairs"]) == 100
    assert len(verdict["pairwise"]) == 190 * 6
    ranks = verdict["ranks"]["quality"]
    assert ranks["gan_9"]["interval"][0] > 10 > ranks["dgn_0"]["interval"][1]
    assert set(verdict["pareto"]["fronts"]["quality, diversity"]) <= {"gan_0", "dgn_0"}

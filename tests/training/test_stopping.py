"""A recipe's rule to stop: at the first validation that meets it, on validation figures alone."""

import pytest
import torch

from tests.training.conftest import DGN, GAN
from whichgen.errors import WhichgenError
from whichgen.metrics import c2st
from whichgen.networks import to_uint8
from whichgen.parameters import Bound, parse_parameters
from whichgen.training.cell import train_cell
from whichgen.training.checkpoints import Checkpoints
from whichgen.training.seeding import stream

BOTH = pytest.mark.parametrize("recipe", [GAN, DGN], ids=["gan", "dgn"])


def stopping(recipe, **rule):
    training = type(recipe.training).model_validate(
        recipe.training.model_dump() | {"stop_when": rule}
    )
    return recipe.model_copy(update={"training": training})


@pytest.fixture
def run(splits, info, extractor, tmp_path):
    def go(spec, name="cell"):
        return train_cell(
            spec,
            train_split=splits["train"],
            validation_split=splits["val"],
            info=info,
            extractor=extractor,
            live=tmp_path / name,
            checkpoints=Checkpoints(tmp_path / name / "checkpoints", spec.identity()),
        )

    return go


def looks(trained):
    return [row for row in trained.history if "validation_fd" in row]


@BOTH
def test_the_first_validation_that_meets_the_rule_is_the_last_and_its_weights_are_kept(
    recipe, spec, run
):
    whole = looks(run(spec(recipe, budget=1e9), "whole")[0])
    between = (whole[0]["validation_fd"] + whole[1]["validation_fd"]) / 2
    assert whole[1]["validation_fd"] < between < whole[0]["validation_fd"]
    rule = {"validation_fd": {"at_most": between}, "validation_spread": {"at_least": 0.0}}
    trained, record, measured = run(spec(stopping(recipe, **rule), budget=1e9))
    assert trained.history[-1] == whole[1]  # the same training up to there
    assert trained.best_step == record["best_step"] == whole[1]["step"]
    assert record["status"] == "ok"
    assert record["ended"] == {
        "because": "rule",
        "step": whole[1]["step"],
        "budget_share": whole[1]["flops"] / 1e9,
        "stop_when": rule,
        "reached": {name: whole[1][name] for name in rule},
    }
    assert record["cost"]["training_flops"] == whole[1]["flops"] < 0.7e9
    assert measured["seconds"] == trained.seconds[-1]


def test_a_rule_that_is_never_met_ends_with_the_budget(spec, run):
    rule = {"validation_fd": {"at_most": 1e9}, "validation_coverage": {"at_least": 1.1}}
    trained, record, _ = run(spec(stopping(DGN, **rule)))
    assert record["ended"]["because"] == "budget"
    assert record["ended"]["budget_share"] > 0.9
    assert (
        record["ended"]["reached"]["validation_coverage"]
        == looks(trained)[-1]["validation_coverage"]
    )


def test_without_a_rule_nothing_stops(spec, run):
    _, record, _ = run(spec(GAN, budget=5e8))
    assert (record["ended"]["because"], record["ended"]["stop_when"]) == ("budget", {})


def test_a_training_that_was_stopped_by_its_rule_goes_on_no_further(spec, run):
    cell = spec(stopping(DGN, validation_fd={"at_most": 1e9}), budget=1e9)
    first, again = run(cell), run(cell)
    assert len(looks(first[0])) == len(looks(again[0])) == 1
    assert first[1] == again[1]
    weights = [r[0].generator.state_dict() for r in (first, again)]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_a_rule_may_ask_that_samples_cannot_be_told_from_real_ones(spec, run, splits, extractor):
    """By the two-sample test on the validation split, with its power beside it."""
    rule = {
        "validation_c2st_p": {"at_least": 0.05},
        "validation_c2st_detectable": {"at_most": 0.7},
    }
    trained, record, _ = run(spec(stopping(GAN, **rule), budget=5e8))
    images, types = splits["val"]["images"], splits["val"]["types"]
    generated, _ = trained.generator.sample(60, stream(0, "validation"), types)
    real, fake = (extractor.judge(x)[0].numpy() for x in (images, to_uint8(generated)))
    test, row = (
        c2st(real, fake),
        next(row for row in looks(trained) if row["step"] == trained.best_step),
    )
    assert row["validation_c2st_p"] == pytest.approx(test["p"], rel=1e-6)
    assert row["validation_c2st_detectable"] == test["detectable"]
    told_apart = test["p"] < 0.05
    assert record["ended"]["because"] == ("budget" if told_apart else "rule")


def test_figures_that_no_rule_asks_for_are_not_computed(spec, run):
    trained, _, _ = run(spec(DGN, budget=5e8))
    assert not any("c2st" in name for row in trained.history for name in row)


@pytest.mark.parametrize(
    ("figure", "at_most", "at_least", "holds"),
    [
        (1.0, 1.0, None, True),
        (1.1, 1.0, None, False),
        (0.9, None, 0.9, True),
        (0.8, None, 0.9, False),
        (0.5, 0.6, 0.4, True),
        (float("nan"), 1.0, None, False),
    ],
)
def test_bounds_include_their_ends(figure, at_most, at_least, holds):
    assert Bound(at_most=at_most, at_least=at_least).holds(figure) is holds


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"test_fd": {"at_most": 1}}, "stop_when.test_fd"),
        ({"validation_fd": {}}, "stop_when: a figure needs at_most or at_least"),
        ({"validation_fd": {"below": 1}}, "stop_when.validation_fd.below: no parameter"),
    ],
)
def test_a_rule_on_other_than_validation_figures_is_refused(rule, said, raw_parameters):
    raw_parameters["recipes"]["dgn"]["training"]["stop_when"] = rule
    with pytest.raises(WhichgenError, match=said):
        parse_parameters(raw_parameters)

"""When there is a reason to train."""

import pytest

from whichgen.datasets.drift import Drift
from whichgen.retraining.inputs import Inputs
from whichgen.retraining.plan import UNCHANGED, make_plan, reasons_to_train
from whichgen.retraining.state import State


def drift(*reasons: str) -> Drift:
    return Drift(
        new=7, distance=0.2, p_value=0.001, shares=None, shares_p=None, disagreement=None,
        disagreement_p=None, reasons=reasons,
    )  # fmt: skip


RAW, CONFIGURATION = "the raw data changed, 7 images are new", "the configuration changed"


@pytest.mark.parametrize(
    ("when", "changed", "measured", "reasons"),
    [
        ("changed", ["raw"], drift(), [RAW]),
        ("changed", ["raw"], drift("x"), [RAW, "the raw data drifted: x"]),
        ("changed", ["raw"], None, ["the raw data changed"]),
        ("changed", ["configuration"], drift("x"), [CONFIGURATION]),
        ("changed", ["raw", "configuration"], drift(), [CONFIGURATION, RAW]),
        ("drifted", ["raw"], drift(), []),
        ("drifted", ["raw"], drift("x", "y"), [f"the raw data drifted: {w}" for w in "xy"]),
        ("drifted", ["raw"], None, ["the raw data changed"]),  # it cannot be measured: so train
        ("drifted", ["configuration"], drift(), [CONFIGURATION]),
    ],
)
def test_reasons(options, when, changed, measured, reasons):
    chosen = options.model_copy(update={"when": when})
    assert reasons_to_train(changed, False, measured, chosen) == reasons


def test_the_first_retraining_needs_no_other_reason(options):
    found = reasons_to_train(["raw", "configuration"], True, None, options)
    assert found == ["the first retraining"]


def test_with_nothing_changed_not_even_the_raw_data_are_read(tmp_path, parameters):
    same = Inputs(raw="a", configuration="b")  # of files that are not there
    plan = make_plan(tmp_path, parameters, "my_images", same, State(trained=same), force=False)
    assert (plan.train, plan.reasons, plan.drift) == (False, [UNCHANGED], None)


def test_force_trains_though_nothing_changed(tmp_path, parameters):
    same = Inputs(raw="a", configuration="b")
    plan = make_plan(tmp_path, parameters, "digits", same, State(trained=same), force=True)
    assert (plan.train, plan.reasons) == (True, ["it was asked for by --force"])

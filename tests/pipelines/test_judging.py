"""The nodes around the judges: what a cell's record says of them, and when they are refused."""

import logging

import pytest
import torch

from tests.digits import NAMES, digit_splits
from whichgen.errors import WhichgenError
from whichgen.parameters import Dataset
from whichgen.pipelines.evaluation.nodes import extract_features, score_cell
from whichgen.pipelines.extractor.nodes import (
    check_gates,
    extract_real_features,
    fit_judges,
    measure_floors,
    rebuild_extractor,
    rebuild_second_judge,
)

SCORES = {"fd", "kid", "precision", "recall", "density", "coverage"}
INFO = {
    "name": "digits", "channels": 1, "resolution": 8, "labelled": True, "data_hash": "d",
    "types": {"names": NAMES},
}  # fmt: skip
CELL = {
    "dataset": "digits", "recipe": "dgn", "family": "dgn", "seed": 0, "status": "ok",
    "error": None, "uses_labels": True, "configuration_hash": "c", "data_hash": "d",
    "extractor_hash": "e", "budget_flops": 1e9, "cost": {"steps": 1},
    "ended": {"because": "budget", "budget_share": 1.0},
}  # fmt: skip
DATASET = Dataset.model_validate(
    {
        "source": {"name": "digits"},
        "split": {"validation": 0.25, "test": 0.25, "seed": 0},
        "extractor": {
            "width": 8, "features": 16, "images_seen": 3000, "batch": 64, "rate": 3e-3, "seed": 0,
        },
        "trunk": {"width": 16, "blocks": 1},
        "budget": 1e9,
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def splits():
    return digit_splits()


@pytest.fixture(scope="module")
def judged(splits):
    """All that the extractor pipeline makes of digits, by its names in the catalog."""
    weights, second_weights, card = fit_judges(DATASET, INFO, splits["train"], "cpu")
    extractor = rebuild_extractor(weights, card, INFO, DATASET)
    second = rebuild_second_judge(second_weights, card, INFO, DATASET)
    held_out = splits["validation"], splits["test"]
    gates = check_gates(extractor, second, card, *held_out, INFO)
    real = extract_real_features(extractor, second, splits["train"], *held_out)
    floors, second_floors = measure_floors(real, splits["validation"], INFO)
    return {
        "weights": weights, "card": card, "extractor": extractor, "second_judge": second,
        "gates": gates, "real": real, "floors": floors, "second_floors": second_floors,
    }  # fmt: skip


def scored(judged, samples, **changes):
    names = ("real", "floors", "second_floors", "gates", "card")
    features = extract_features(samples, judged["extractor"], judged["second_judge"])
    given = {name: judged[name] for name in names} | {"cell": CELL, "info": INFO} | changes
    return score_cell(samples=samples, features=features, **given)


def test_a_cells_record_has_both_judges_scores_beside_their_floors(judged, splits):
    record = scored(judged, splits["validation"])  # real images in the place of generated ones
    second, card = record["second"], judged["card"]
    assert (record["judge"], record["gated"]) == (card["judge"], True)
    assert (second["judge"], second["gated"]) == (f"fd_{card['second']}", True)
    assert set(second["scores"]) == set(second["floors"]) == SCORES
    assert second["scores"] == second["floors"]  # these images are what the floors are made of
    assert record["scores"] == record["floors"]
    spoilt = {"images": 255 - splits["validation"]["images"], "types": splits["test"]["types"]}
    worse = scored(judged, spoilt)["second"]["scores"]
    assert worse["fd"] > 20 * second["scores"]["fd"]
    assert worse["coverage"] < 0.2 < 0.9 < second["scores"]["coverage"]


def test_the_gates_are_of_both_judges_by_name(judged):
    assert set(judged["gates"]) == {judged["card"]["judge"], judged["card"]["second"]}
    for gate in judged["gates"].values():
        checks = {check["corruption"]: check for check in gate["checks"]}
        assert set(checks) == {"noise", "blur", "masking", "dropped class"}
        assert gate["passed"] is all(check["passed"] for check in checks.values()) is True


def test_a_judge_that_failed_its_gates_is_told_and_its_scores_say_so(judged, splits, caplog):
    class Blind:
        def look(self, images):
            return torch.zeros(len(images), 3)

    card = judged["card"] | {"second": "autoencoder_00000000"}
    second = {card["second"]: Blind()}
    held_out = splits["validation"], splits["test"]
    with caplog.at_level(logging.WARNING, "whichgen"):
        gates = check_gates(judged["extractor"], second, card, *held_out, INFO)
    assert caplog.messages == [
        "judge autoencoder_00000000 does not see: noise, blur, masking, dropped class; "
        "its scores say so"
    ]
    real = extract_real_features(judged["extractor"], second, splits["train"], *held_out)
    _, second_floors = measure_floors(real, splits["validation"], INFO)
    changed = judged | {
        "card": card, "second_judge": second, "gates": gates, "real": real,
        "second_floors": second_floors,
    }  # fmt: skip
    record = scored(changed, splits["validation"])
    assert record["gated"] is True
    assert record["second"]["gated"] is False
    assert record["second"]["judge"] == "fd_autoencoder_00000000, not gated"


def test_without_a_second_judge_and_for_a_failed_run_second_is_null(judged, splits):
    alone = judged | {"second_judge": {}, "card": judged["card"] | {"second": None}}
    assert scored(alone, splits["validation"])["second"] is None
    failed = scored(judged, splits["validation"], cell=CELL | {"status": "failed"})
    assert failed["second"] is None
    assert "scores" not in failed


@pytest.mark.parametrize(
    ("info", "dataset"),
    [
        (INFO | {"data_hash": "other"}, DATASET),
        (INFO, DATASET.model_copy(update={"autoencoder": DATASET.extractor.model_copy(
            update={"seed": 1})})),
    ],
)  # fmt: skip
def test_judges_of_other_data_or_settings_are_refused(judged, info, dataset):
    with pytest.raises(WhichgenError, match=r"kedro run --pipelines=extractor --params dataset="):
        rebuild_extractor(judged["weights"], judged["card"], info, dataset)

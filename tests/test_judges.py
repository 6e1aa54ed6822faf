"""Which judges a dataset gets, that labels reach only one of them, and that they load again."""

import hashlib

import pytest
import torch

from tests.digits import GREY, NAMES, digit_splits
from whichgen.errors import WhichgenError
from whichgen.evaluation import score_second
from whichgen.gates import check_judge
from whichgen.judges import distance_name, fit_judges, rebuild_second_judge
from whichgen.networks import Classifier, TypedExtractor, judge_from_weights, modality_of
from whichgen.parameters import Dataset

OPTIONS = {"width": 16, "features": 32, "images_seen": 12_000, "batch": 64, "rate": 3e-3, "seed": 0}
CPU = torch.device("cpu")


def dataset(**changes):
    return Dataset.model_validate(
        {
            "source": {"name": "digits"},
            "split": {"validation": 0.25, "test": 0.25, "seed": 0},
            "extractor": OPTIONS,
            "autoencoder": OPTIONS | {"batch": 128, "rate": 2e-3},
            "trunk": {"width": 16, "blocks": 1},
            "budget": 1e9,
            **changes,
        }
    )


def info(labelled=True):
    return {
        "name": "digits", "channels": 1, "resolution": 8, "labelled": labelled,
        "types": {"names": NAMES}, "data_hash": "d",
    }  # fmt: skip


@pytest.fixture(scope="module")
def splits():
    return digit_splits()


@pytest.fixture(scope="module")
def fitted(splits):
    return fit_judges(dataset(), info(), splits["train"], CPU)


@pytest.fixture(scope="module")
def judges(fitted):
    weights, second, card = fitted
    (other,) = rebuild_second_judge(second, card["second"], dataset(), info()).values()
    return judge_from_weights(weights, modality_of(info())), other


def test_with_labels_the_classifier_judges_and_the_autoencoder_is_second(fitted, judges):
    weights, second, card = fitted
    assert card["judge"] == f"classifier_{card['extractor_hash'][:8]}"
    assert card["second"].startswith("autoencoder_")
    assert isinstance(judges[0], Classifier)
    assert set(weights) > set(second)  # the same layers; the classifier has a head too


def test_permuted_labels_change_the_classifier_and_not_a_byte_of_the_autoencoder(fitted, splits):
    rng = torch.Generator().manual_seed(0)
    train = splits["train"]
    types = train["types"][torch.randperm(len(train["types"]), generator=rng)]
    _, second, card = fit_judges(dataset(), info(), train | {"types": types}, CPU)
    assert card["second"] == fitted[2]["second"]
    assert all(torch.equal(second[name], fitted[1][name]) for name in second)
    assert card["judge"] != fitted[2]["judge"]


def test_loaded_again_they_see_what_they_saw(fitted, judges, splits):
    again = judge_from_weights(fitted[0], modality_of(info()))
    images = splits["test"]["images"]
    for mine, theirs in zip(again.judge(images), judges[0].judge(images), strict=True):
        assert torch.equal(mine, theirs)


def test_without_labels_the_autoencoder_judges_and_the_classifier_only_names_types(
    fitted, judges, splits
):
    weights, second, card = fit_judges(dataset(), info(labelled=False), splits["train"], CPU)
    assert card["judge"] == f"autoencoder_{card['extractor_hash'][:8]}"
    assert (second, card["second"]) == ({}, None)
    assert rebuild_second_judge(second, None, dataset(), info(labelled=False)) == {}
    judge = judge_from_weights(weights, modality_of(info()))
    assert isinstance(judge, TypedExtractor)
    features, types = judge.judge(splits["test"]["images"])
    assert torch.equal(features, judges[1].look(splits["test"]["images"]))
    assert torch.equal(types, judges[0].judge(splits["test"]["images"])[1])


def test_both_pass_their_gates_and_tell_a_missing_digit_better_than_an_untrained_network(
    judges, splits
):
    def check(look):
        return check_judge(
            look,
            reference=splits["test"]["images"],
            images=splits["validation"]["images"],
            types=splits["validation"]["types"],
            names=NAMES,
            corruptions=GREY.corruptions,
        )

    def contrast(gates):
        dropped = gates["checks"][-1]
        return min(dropped["fd"]) / dropped["floor"]

    classifier, autoencoder = judges
    gates = [check(look) for look in (lambda images: classifier.judge(images)[0], autoencoder.look)]
    assert [gate["passed"] for gate in gates] == [True, True]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        untrained = type(autoencoder)(GREY, width=16, features=32)
    untrained.freeze(splits["train"]["images"])
    weak = contrast(check(untrained.look))
    assert min(contrast(gate) for gate in gates) > 1.2 * weak


def test_fresh_real_images_get_the_second_judges_floors(judges, splits):
    _, autoencoder = judges
    halves = torch.cat([splits["test"]["images"], splits["validation"]["images"]]).split(300)
    first, second, third = (autoencoder.look(half).numpy() for half in halves)
    floors, fresh = (score_second(rows, third)["scores"] for rows in (first, second))
    assert fresh["fd"] == pytest.approx(floors["fd"], rel=0.5)
    assert fresh["kid"] == pytest.approx(0, abs=0.1)
    for name in ("precision", "recall", "coverage"):
        assert fresh[name] == pytest.approx(floors[name], abs=0.06)
    noisy = third + 2
    assert score_second(noisy, third)["scores"]["fd"] > 20 * floors["fd"]


def test_a_judge_from_elsewhere_takes_the_second_place(splits, tmp_path):
    file = tmp_path / "network.onnx"
    file.write_bytes(b"any content has a hash")
    digest = hashlib.sha256(b"any content has a hash").hexdigest()
    external = dataset(external_judge={"name": "inception", "weights": str(file)})
    _, second, card = fit_judges(external, info(), splits["train"], CPU)
    assert second == {}
    assert card["second"] == f"inception_{digest[:8]}"
    missing = dataset(external_judge={"name": "dinov2", "weights": str(tmp_path / "none.onnx")})
    with pytest.raises(WhichgenError, match=r"none\.onnx: No such file"):
        fit_judges(missing, info(), splits["train"], CPU)


def test_only_a_distance_in_features_of_inception_is_called_fid():
    assert distance_name("inception_12345678") == "fid_inception_12345678"
    assert distance_name("autoencoder_12345678") == "fd_autoencoder_12345678"

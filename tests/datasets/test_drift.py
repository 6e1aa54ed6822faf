"""What has come in since the data were packed: alike, moved, mislabelled, of a new type."""

import numpy as np
import pytest

from tests.digits import NAMES
from whichgen.datasets.drift import compare_with_packed, measure_drift
from whichgen.datasets.packed_data import PackedData
from whichgen.errors import WhichgenError
from whichgen.parameters import DriftOptions, parse_parameters
from whichgen.sources import LabelledImages


@pytest.fixture
def options(parameters):
    return parameters.drift


def arrived(splits, images, types, names=NAMES):
    """What was packed, and more."""
    before = [splits[name] for name in ("train", "validation")]
    return LabelledImages(
        images=np.concatenate([*(split["images"] for split in before), images]),
        labels=np.concatenate([*(split["types"] for split in before), types]),
        type_names=tuple(names),
        origins=(),
    )


@pytest.fixture
def drift_of(packed_digits, options):
    packed = PackedData(packed_digits, "digits")
    return lambda raw: compare_with_packed(raw, packed, options)


@pytest.fixture
def more(splits):
    return splits["test"]["images"], splits["test"]["types"]


def test_the_same_data_have_not_drifted(drift_of, splits, more):
    drift = drift_of(arrived(splits, more[0][:0], more[1][:0]))
    assert (drift.new, drift.distance, drift.p_value) == (0, 0.0, 1.0)
    assert (drift.shares, drift.shares_p) == (0.0, 1.0)
    assert drift.disagreement is None
    assert not drift.drifted


def test_more_of_the_same_is_new_and_no_drift(drift_of, splits, more):
    drift = drift_of(arrived(splits, *more))
    assert drift.new == len(more[0])
    assert drift.p_value > 0.01
    assert drift.disagreement_p > 0.01
    assert not drift.drifted
    assert drift == drift_of(arrived(splits, *more))


def test_noisy_images_have_drifted_by_their_distance_alone(drift_of, splits, more, rng):
    noise = rng.normal(scale=60, size=more[0].shape)
    noisy = (more[0] + noise).clip(0, 255).astype(np.uint8)
    drift = drift_of(arrived(splits, noisy, more[1]))
    assert drift.drifted
    assert "images differ" in drift.reasons[0]
    assert drift.distance > 0.02
    assert drift.p_value == 0.001
    assert drift.shares < 0.1


def test_a_type_that_grows_shows_in_the_shares(drift_of, splits, more):
    ones = np.repeat(more[0][more[1] == 1], 20, axis=0)
    drift = drift_of(arrived(splits, ones, np.ones(len(ones), np.int64)))
    before = np.concatenate([splits[name]["types"] for name in ("train", "validation")])
    share = (before == 1).mean()
    now = ((before == 1).sum() + len(ones)) / (len(before) + len(ones))
    assert drift.shares == pytest.approx(now - share)
    assert any("shares of the types" in reason for reason in drift.reasons)


def test_a_wrong_label_is_contradicted_by_the_judge(drift_of, splits, more):
    drift = drift_of(arrived(splits, more[0], (more[1] + 1) % 10))
    assert drift.disagreement > 0.8
    assert [r for r in drift.reasons if "contradicted" in r] == list(drift.reasons)


def test_a_label_changed_on_a_packed_image_is_new(drift_of, splits, more):
    raw = arrived(splits, more[0][:0], more[1][:0])
    raw.labels[:200] = (raw.labels[:200] + 1) % 10
    drift = drift_of(raw)
    assert (drift.new, drift.distance) == (200, 0.0)
    assert "contradicted" in " ".join(drift.reasons)


def test_types_that_come_and_go_are_named(drift_of, splits, more):
    raw = arrived(splits, more[0], np.full(len(more[0]), 10), names=[*NAMES, "a", "b"])
    assert "new types: a, b" in drift_of(raw).reasons
    few = splits["train"]["types"] < 8
    raw = LabelledImages(
        splits["train"]["images"][few], splits["train"]["types"][few], tuple(NAMES[:8]), ()
    )
    drift = drift_of(raw)
    assert "gone types: 8, 9" in drift.reasons
    assert drift.shares > 0.15


def test_the_raw_folder_is_read_as_the_configuration_says(packed_digits, parameters):
    drift = measure_drift(packed_digits, "digits", parameters)
    assert drift.new == 450  # the third of the embedded digits that was not packed here
    assert not drift.drifted
    assert drift.to_dict()["drifted"] is False


def test_without_packed_data_the_way_out_is_named(tmp_path, parameters):
    with pytest.raises(WhichgenError, match=r"info\.json: not here.*--pipelines=data,extractor"):
        measure_drift(tmp_path, "digits", parameters)


def test_a_p_value_no_permutation_reaches_is_refused(raw_parameters):
    raw_parameters["drift"] |= {"permutations": 99, "p_value": 0.01}
    with pytest.raises(WhichgenError, match=r"drift\.p_value: 0\.01 is never undercut by 99"):
        parse_parameters(raw_parameters)
    assert DriftOptions(**raw_parameters["drift"] | {"permutations": 100}).permutations == 100

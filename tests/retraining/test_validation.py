"""Raw data that are not fit are refused, each reason told with the way out."""

import json

import pytest

from tests.retraining.conftest import labelled, unlabelled
from whichgen.datasets.drift import Drift
from whichgen.retraining.validation import Known, find_faults, find_wrong_labels, known_data

KNOWN = Known(types=("cat", "dog"), labelled=True, images=40)
CLUSTERS = Known(types=("cluster 0", "cluster 1"), labelled=False, images=40)


@pytest.mark.parametrize(
    ("images", "known"),
    [
        (labelled(cat=10, dog=10), KNOWN),  # just enough of each, and half of what was there
        (labelled(cat=10, dog=200), KNOWN),
        (labelled(cat=10, dog=10), None),
        (unlabelled(20), CLUSTERS),
    ],
)
def test_what_is_fit_passes(options, images, known):
    assert find_faults(images, known, options) == []


@pytest.mark.parametrize(
    ("images", "known", "said"),
    [
        (labelled(cat=20, dog=9), KNOWN, ["'dog' has 9 images, retraining.images_per_type is 10"]),
        (labelled(cat=20, dog=9), None, ["type 'dog' has 9 images"]),
        (labelled(cat=40), KNOWN, ["no images of type dog, which the champion makes"]),
        (labelled(cat=20, cow=20, dog=20), KNOWN, ["unknown type cow; remove it, or set"]),
        (labelled(cat=20, cow=2), KNOWN, ["'cow' has 2", "no images of type dog", "unknown"]),
        (labelled(cat=10, dog=10), KNOWN.model_copy(update={"images": 41}), ["20 images, 41 the"]),
        (unlabelled(19), CLUSTERS, ["19 images, 40 the last time, retraining.least_share is 0.5"]),
        (unlabelled(40), KNOWN, ["the data has no labels, the last training's had them"]),
        (labelled(cat=20, dog=20), CLUSTERS, ["the data has labels, the last training's had none"]),
    ],
)  # fmt: skip
def test_every_fault_is_told(options, images, known, said):
    faults = find_faults(images, known, options)
    assert len(faults) == len(said)
    for fault, words in zip(faults, said, strict=True):
        assert words in fault


def test_a_new_type_is_taken_where_it_is_allowed(options):
    allowed = options.model_copy(update={"new_types": True})
    assert find_faults(labelled(cat=20, cow=20, dog=20), KNOWN, allowed) == []


@pytest.mark.parametrize(
    ("more", "p_value", "refused"),
    [(0.6, 0.001, True), (0.6, 0.2, False), (0.5, 0.001, False), (None, None, False)],
)
def test_labels_are_refused_when_surely_and_often_wrong(options, more, p_value, refused):
    drift = Drift(
        new=50, distance=0.0, p_value=1.0, shares=0.0, shares_p=1.0, disagreement=more,
        disagreement_p=p_value, reasons=(),
    )  # fmt: skip
    faults = find_wrong_labels(drift, options)
    assert len(faults) == refused
    assert all("60% more often" in fault for fault in faults)


def test_what_the_last_training_knew_is_read_from_the_packed_data(tmp_path):
    assert known_data(tmp_path, "pets") is None
    info = {
        "types": {"names": ["cat", "dog"], "shares": [0.5, 0.5]},
        "labelled": True,
        "counts": {"train": 20, "validation": 10, "test": 10},
    }
    path = tmp_path / "data/05_model_input/pets/info.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(info))
    assert known_data(tmp_path, "pets") == KNOWN

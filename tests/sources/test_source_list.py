"""The allow-list of sources, and the embedded one."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from whichgen.errors import WhichgenError
from whichgen.sources import SOURCES, load_source


def test_the_sources_are_known_by_modality() -> None:
    assert {modality: set(sources) for modality, sources in SOURCES.items()} == {
        "image": {"digits", "fashion_mnist", "image_folder", "stacked"},
        "points": {"ring", "grid"},
    }


def test_digits_are_scikit_learns_scaled_to_a_byte(tmp_path: Path) -> None:
    data = load_source("digits", tmp_path / "not there", {})
    original = load_digits()
    assert data.images.shape == (1797, 1, 8, 8)
    assert data.images.dtype == np.uint8
    assert data.labels is not None
    assert data.labels.dtype == np.int64
    np.testing.assert_array_equal(data.labels, original.target)
    assert data.type_names == tuple("0123456789")
    assert data.given_split is None
    assert (data.origins[0], data.origins[-1]) == ("digits[0]", "digits[1796]")
    # 17 grey values, 0..16 -> 0..255, each within half a step of exact
    np.testing.assert_allclose(data.images[:, 0], original.images * 255 / 16, rtol=0, atol=0.5)
    assert len(np.unique(data.images)) == 17
    assert (data.images.min(), data.images.max()) == (0, 255)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("cifar", {}, "source 'cifar' is unknown; known of modality image: digits, fashion_mnist"),
        ("digits", {"resolution": 8}, "unknown option 'resolution'; it takes: labels"),
        ("fashion_mnist", {"url": "x"}, "unknown option 'url'; it takes: labels"),
        ("image_folder", {"resolutoin": 8}, "unknown option 'resolutoin'; it takes: channels"),
        ("image_folder", {}, "option 'resolution' is missing"),
        ("digits", {"labels": "no"}, "labels: 'no' is neither true nor false"),
    ],
)
def test_unknown_names_are_refused(
    tmp_path: Path, name: str, options: dict[str, object], message: str
) -> None:
    with pytest.raises(WhichgenError) as caught:
        load_source(name, tmp_path, options)
    assert message in str(caught.value)


def test_labels_can_be_forgotten(tmp_path: Path) -> None:
    known, unknown = (load_source("digits", tmp_path, {"labels": keep}) for keep in (True, False))
    assert (unknown.labels, unknown.type_names) == (None, None)
    assert known.labels is not None
    np.testing.assert_array_equal(known.images, unknown.images)

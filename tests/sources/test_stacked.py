"""Stacked images: their thousand modes, and that training and test share no grey image."""

from pathlib import Path

import numpy as np
import pytest

from whichgen.errors import WhichgenError
from whichgen.sources import LabelledImages, fashion_mnist, load_source, stacked
from whichgen.sources.digits import load as load_digits
from whichgen.splits import split_index

RAW = Path("not there")


@pytest.fixture(scope="module")
def digits() -> LabelledImages:
    return load_source("stacked", RAW, {"train": 9000, "test": 9000})


def contents(images: np.ndarray) -> set[bytes]:
    """The different grey images among the channels of images (N, C, R, R)."""
    return {channel.tobytes() for channel in images.reshape(-1, *images.shape[2:])}


def test_each_channel_is_the_base_image_that_the_origin_names(digits: LabelledImages) -> None:
    base = load_digits(RAW)
    assert (digits.images.shape, digits.images.dtype) == ((18_000, 3, 8, 8), np.uint8)
    assert digits.labels is not None
    assert base.labels is not None
    for row in range(0, 18_000, 997):
        names = digits.origins[row].split("+")
        rows = [base.origins.index(name) for name in names]
        np.testing.assert_array_equal(digits.images[row], base.images[rows, 0])
        assert digits.labels[row] == int("".join(str(base.labels[i]) for i in rows))


def test_both_splits_have_all_thousand_modes(digits: LabelledImages) -> None:
    assert digits.labels is not None
    assert digits.type_names is not None
    assert digits.given_split is not None
    assert digits.type_names[713] == "7+1+3"
    assert len(set(digits.type_names)) == 1000
    for split in ("train", "test"):
        assert set(digits.labels[digits.given_split == split]) == set(range(1000))


def test_no_grey_image_is_in_both_splits(digits: LabelledImages) -> None:
    assert digits.given_split is not None
    train, test = (contents(digits.images[digits.given_split == s]) for s in ("train", "test"))
    assert not train & test
    assert train | test == contents(load_digits(RAW).images)


def test_validation_is_taken_from_the_training_images(digits: LabelledImages) -> None:
    table = split_index(digits, None, validation=500, test=9000, seed=0)
    assert digits.given_split is not None
    given = table["split"].groupby(digits.given_split).value_counts()
    assert given.to_dict() == {
        ("test", "test"): 9000, ("train", "train"): 8500, ("train", "validation"): 500,
    }  # fmt: skip


def test_the_seed_decides(digits: LabelledImages) -> None:
    again, other = (
        load_source("stacked", RAW, {"train": 9000, "test": 9000, "seed": seed}) for seed in (0, 1)
    )
    np.testing.assert_array_equal(again.images, digits.images)
    assert again.origins == digits.origins
    assert other.origins != digits.origins
    splits = [set(stacked.load_base(RAW, of="digits", seed=s).split) for s in (0, 1)]
    assert splits == [{"train", "test"}] * 2


def test_each_type_has_a_quarter_of_its_digits_for_testing() -> None:
    base = stacked.load_base(RAW, of="digits")
    shares = [(base.split[base.types == k] == "test").mean() for k in range(10)]
    np.testing.assert_allclose(shares, 0.25, atol=0.01)


def test_copies_of_a_test_image_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1)
    pixels[4] = pixels[1]  # the test image 4 is a copy of the training image 1

    def small(raw: Path) -> LabelledImages:
        return LabelledImages(
            images=pixels,
            labels=np.array([0, 1, 0, 1, 0, 1]),
            type_names=("a", "b"),
            origins=tuple("uvwxyz"),
            given_split=np.repeat(["train", "test"], [4, 2]),
        )

    monkeypatch.setattr(stacked, "BASES", {"small": small})
    base = stacked.load_base(RAW, of="small")
    assert base.origins == ("u", "w", "x", "y", "z")
    assert base.split.tolist() == ["train"] * 3 + ["test"] * 2
    data = stacked.load(RAW, of="small", train=40, test=10)
    assert data.type_names == (
        "a+a+a",
        "a+a+b",
        "a+b+a",
        "a+b+b",
        "b+a+a",
        "b+a+b",
        "b+b+a",
        "b+b+b",
    )
    assert set("+".join(data.origins[:40]).split("+")) == set("uwx")
    assert set("+".join(data.origins[40:]).split("+")) == set("yz")


@pytest.mark.slow
def test_garments_are_stacked_by_their_own_split() -> None:
    if not fashion_mnist.PACKAGE_FOLDER.exists():
        pytest.skip("Debian's package dataset-fashion-mnist is not installed")
    data = load_source("stacked", RAW, {"of": "fashion_mnist", "train": 300, "test": 200})
    assert data.images.shape == (500, 3, 28, 28)
    assert data.type_names is not None
    assert data.type_names[713] == "Sneaker+Trouser+Dress"
    assert {origin.split("-")[0] for origin in "+".join(data.origins[:300]).split("+")} == {"train"}
    assert {origin.split("-")[0] for origin in "+".join(data.origins[300:]).split("+")} == {"t10k"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"of": "letters"}, "source stacked: of: 'letters' is not one of digits, fashion_mnist"),
        ({"train": 0}, "source stacked: train: 0 is not a number of images"),
        ({"test": 0.5}, "source stacked: test: 0.5 is not a number of images"),
        ({"channels": 3}, "unknown option 'channels'; it takes: labels, of, seed, test, train"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(WhichgenError, match="source stacked") as caught:
        load_source("stacked", RAW, options)
    assert message in str(caught.value)

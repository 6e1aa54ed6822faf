"""From a source to packed splits."""

import numpy as np
import pytest
import torch

from whichgen.errors import WhichgenError
from whichgen.parameters import Dataset
from whichgen.pipelines.data.nodes import describe_dataset, pack_splits, split_images
from whichgen.pipelines.extractor.nodes import check_preparation
from whichgen.sources import LabelledImages


def configuration(**change):
    fields = {
        "source": {"name": "digits"},
        "split": {"validation": 0.2, "test": 0.2, "seed": 0},
        "clusters": 3,
        "extractor": {
            "width": 8, "features": 8, "images_seen": 100, "batch": 10, "rate": 1e-3, "seed": 0,
        },
        "type_encoder": {
            "width": 8, "features": 8, "images_seen": 2000, "batch": 40, "rate": 3e-3, "seed": 0,
        },
        "trunk": {"width": 16, "blocks": 1},
        "budget": 1e9,
    }  # fmt: skip
    return Dataset.model_validate(fields | change)


@pytest.fixture
def images():
    """60 images of 3 types; the brightness tells which image it is."""
    pixels = np.arange(60, dtype=np.uint8).reshape(60, 1, 1, 1).repeat(8, 2).repeat(8, 3)
    return LabelledImages(
        images=pixels,
        labels=np.arange(60) % 3,
        type_names=("a", "b", "c"),
        origins=tuple(f"{i}.png" for i in range(60)),
    )


def test_packed_tensors_are_the_images_that_the_table_says(images):
    index, _ = split_images(images, configuration(), "cpu")
    for name, split in zip(
        ("train", "validation", "test"), pack_splits(images, index), strict=True
    ):
        rows = index[index["split"] == name]
        assert sorted(split["images"][:, 0, 0, 0].tolist()) == sorted(rows["index"])
        assert (split["images"][:, 0, 0, 0] % 3).tolist() == split["types"].tolist()


def test_held_out_splits_do_not_come_sorted_by_type(images):
    _, _, test = pack_splits(images, split_images(images, configuration(), "cpu")[0])
    assert test["types"].tolist() != sorted(test["types"].tolist())


def test_the_description_counts_and_hashes(images):
    dataset = configuration()
    packed = pack_splits(images, split_images(images, dataset, "cpu")[0])
    info = describe_dataset("x", dataset, images, *packed, {})
    assert info["counts"] == {"train": 36, "validation": 12, "test": 12}
    assert info["types"] == {"names": ["a", "b", "c"], "shares": pytest.approx([1 / 3] * 3)}
    assert (info["channels"], info["resolution"], info["labelled"]) == (1, 8, True)
    changed = [dict(split) for split in packed]
    changed[0]["images"] = changed[0]["images"].clone()
    changed[0]["images"][0, 0, 0, 0] ^= 1
    assert describe_dataset("x", dataset, images, *changed, {})["data_hash"] != info["data_hash"]


@pytest.fixture
def unlabelled():
    """Three kinds of grey, 40 images each."""
    rng = np.random.Generator(np.random.PCG64(0))
    greys = np.array([40, 120, 200])[np.arange(120) % 3]
    pixels = greys[:, None, None, None] + rng.integers(-9, 10, (120, 1, 8, 8))
    return LabelledImages(
        images=pixels.astype(np.uint8), labels=None, type_names=None,
        origins=tuple(f"{i}.png" for i in range(120)),
    )  # fmt: skip


def test_without_labels_the_types_are_clusters(unlabelled):
    index, made = split_images(unlabelled, configuration(), "cpu")
    assert made.keys() == {"encoder_flops"}
    assert made["encoder_flops"] > 0
    assert set(index["type"]) == {0, 1, 2}
    packed = pack_splits(unlabelled, index)
    info = describe_dataset("x", configuration(), unlabelled, *packed, made)
    assert info["labelled"] is False
    assert torch.bincount(packed[0]["types"]).tolist() == sorted(
        torch.bincount(packed[0]["types"]).tolist(), reverse=True
    )


def test_the_number_of_clusters_can_be_chosen_and_the_reason_is_kept(unlabelled):
    dataset = configuration(clusters="auto")
    index, made = split_images(unlabelled, dataset, "cpu")
    info = describe_dataset("x", dataset, unlabelled, *pack_splits(unlabelled, index), made)
    assert info["types"]["names"] == ["cluster 0", "cluster 1", "cluster 2"]
    assert info["types"].items() >= made.items()
    assert max(made["silhouettes"], key=made["silhouettes"].get) == "3"
    assert info["configuration"]["clusters"] == "auto"


def test_data_packed_with_another_split_are_refused(images):
    dataset = configuration()
    info = describe_dataset(
        "x", dataset, images, *pack_splits(images, split_images(images, dataset, "cpu")[0]), {}
    )
    assert check_preparation(dataset, info) is info
    other = configuration(split={"validation": 0.2, "test": 0.2, "seed": 1})
    with pytest.raises(WhichgenError, match=r"datasets\.x: split changed .* kedro run"):
        check_preparation(other, info)

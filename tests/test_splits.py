"""Splits: disjoint, exact, stratified, seeded, no copy on two sides."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whichgen.errors import WhichgenError
from whichgen.sources import LabelledImages, load_source
from whichgen.splits import content_hashes, require_types, split_index

DIGITS = load_source("digits", Path(), {})


def dataset(
    contents: list[int], given: list[str] | None = None, names: tuple[str, ...] | None = None
) -> LabelledImages:
    """Images of 1×2 pixels; equal numbers are equal images."""
    pixels = np.array([divmod(content, 256) for content in contents], np.uint8)
    return LabelledImages(
        images=pixels.reshape(-1, 1, 1, 2),
        labels=None,
        type_names=names,
        origins=tuple(f"{i}.png" for i in range(len(contents))),
        given_split=None if given is None else np.array(given),
    )


def sizes(table: pd.DataFrame) -> dict[str, int]:
    return table["split"].value_counts().to_dict()


def assert_no_copy_on_two_sides(table: pd.DataFrame) -> None:
    used = table[table["split"] != "excluded"]
    assert (used.groupby("hash")["split"].nunique() == 1).all()


def error_of(data: LabelledImages, types: list[int] | None, **sizes: float) -> str:
    with pytest.raises(WhichgenError) as caught:
        split_index(data, None if types is None else np.array(types), **sizes, seed=0)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_hashes_are_the_sha256_of_the_pixels() -> None:
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 2, 2)
    expected = [hashlib.sha256(bytes(range(i, i + 12))).hexdigest()[:16] for i in (0, 12)]
    assert content_hashes(images) == expected
    # the same pixels stored in another order of memory
    assert content_hashes(np.asfortranarray(images)) == expected


def test_the_table_of_the_digits() -> None:
    table = split_index(DIGITS, DIGITS.labels, validation=0.2, test=0.2, seed=0)
    assert list(table.columns) == ["index", "split", "type", "source", "hash"]
    np.testing.assert_array_equal(table["index"], np.arange(1797))
    np.testing.assert_array_equal(table["type"], DIGITS.labels)
    assert tuple(table["source"]) == DIGITS.origins
    assert list(table["hash"]) == content_hashes(DIGITS.images)
    # 1797 / 5 = 359.4
    assert sizes(table) == {"train": 1079, "validation": 359, "test": 359}


def test_every_type_has_its_share_within_one() -> None:
    table = split_index(DIGITS, DIGITS.labels, validation=0.2, test=300, seed=3)
    shares = np.bincount(DIGITS.labels) / 1797
    for split, size in {"train": 1138, "validation": 359, "test": 300}.items():
        counts = np.bincount(table.loc[table["split"] == split, "type"], minlength=10)
        assert counts.sum() == size
        assert (np.abs(counts - shares * size) < (2 if split == "train" else 1.5)).all()
        if split == "test":
            assert (np.abs(counts - shares * size) < 1).all()


def test_the_seed_decides() -> None:
    tables = [
        split_index(DIGITS, DIGITS.labels, validation=0.2, test=0.2, seed=seed)
        for seed in (0, 0, 1)
    ]
    pd.testing.assert_frame_equal(tables[0], tables[1])
    assert sizes(tables[0]) == sizes(tables[2])
    moved = (tables[0]["split"] != tables[2]["split"]).mean()
    # two independent draws of .6 / .2 / .2 differ in 1 - (.36 + .04 + .04) = 56 %
    assert moved == pytest.approx(0.56, abs=0.05)


def test_without_types_the_draw_is_plain() -> None:
    table = split_index(dataset(list(range(100))), None, validation=10, test=0.25, seed=0)
    assert sizes(table) == {"train": 65, "validation": 10, "test": 25}
    assert set(table["type"]) == {-1}


@settings(deadline=None)
@given(
    extra=st.lists(st.tuples(st.integers(0, 35), st.integers(0, 2)), max_size=40),
    validation=st.integers(3, 6),
    test=st.integers(3, 6),
    seed=st.integers(0, 5),
)
def test_copies_never_straddle(
    extra: list[tuple[int, int]], validation: int, test: int, seed: int
) -> None:
    contents = [*range(36), *(content for content, _ in extra)]
    types = [i % 3 for i in range(36)] + [kind for _, kind in extra]  # copies of any type
    table = split_index(
        dataset(contents), np.array(types), validation=validation, test=test, seed=seed
    )
    assert_no_copy_on_two_sides(table)
    counts = sizes(table)
    assert (counts["validation"], counts["test"]) == (validation, test)
    excluded = table[table["split"] == "excluded"]
    kept = table[table["split"] != "excluded"]
    assert set(excluded["hash"]) <= set(kept["hash"])


@settings(deadline=None)
@given(
    extra=st.lists(st.tuples(st.integers(0, 59), st.booleans()), max_size=30),
    validation=st.integers(2, 6),
    test=st.integers(2, 20),
    seed=st.integers(0, 5),
)
def test_a_given_split_is_kept(
    extra: list[tuple[int, bool]], validation: int, test: int, seed: int
) -> None:
    given_split = ["train"] * 40 + ["test"] * 20 + ["test" if own else "train" for _, own in extra]
    contents = [*range(60), *(content for content, _ in extra)]
    types = np.array([content % 2 for content in contents])
    data = dataset(contents, given_split)
    table = split_index(data, types, validation=validation, test=test, seed=seed)
    assert_no_copy_on_two_sides(table)
    assert (sizes(table)["validation"], sizes(table)["test"]) == (validation, test)
    given_array = np.array(given_split)
    assert set(given_array[table["split"] == "test"]) == {"test"}
    assert set(given_array[table["split"].isin(["train", "validation"])]) == {"train"}
    # a training image is left out only when it is a copy of a test image, or of a
    # validation image that it would have overfilled
    chosen = set(table.loc[table["split"].isin(["test", "validation"]), "hash"])
    left_out = table[(table["split"] == "excluded") & (given_array == "train")]
    assert set(left_out["hash"]) <= chosen


def test_test_copies_leave_training() -> None:
    contents = [*range(20), 100, 101, 100, 20, 21, 22, 100, 101]
    given_split = ["train"] * 23 + ["test"] * 5
    table = split_index(dataset(contents, given_split), None, validation=3, test=5, seed=0)
    np.testing.assert_array_equal(table.loc[20:22, "split"], ["excluded"] * 3)
    np.testing.assert_array_equal(table.loc[23:, "split"], ["test"] * 5)
    assert sizes(table) == {"train": 17, "validation": 3, "excluded": 3, "test": 5}


def test_a_group_too_large_for_any_split_is_cut() -> None:
    # every image three times: 4 test images are one group and one copy of another
    contents = [i // 3 for i in range(30)]
    table = split_index(dataset(contents), None, validation=4, test=4, seed=0)
    assert sizes(table) == {"train": 18, "validation": 4, "test": 4, "excluded": 4}
    assert_no_copy_on_two_sides(table)


def test_copies_that_leave_nothing_to_train_on() -> None:
    # whichever is drawn first: 1 test image, then 2 others and 2 of the 5 copies
    message = error_of(dataset([0] * 5 + [1, 2, 3]), None, validation=4, test=1)
    assert message.startswith("the data has too few images for train: 0")


@pytest.mark.parametrize(
    ("validation", "test", "message"),
    [
        (0, 3, "validation is 0, must be a share between 0 and 1 or a number from 1"),
        (3, 0.0, "test is 0.0, must be"),
        (3, 1.0, "test is 1.0, must be"),
        (3, -2, "test is -2, must be"),
        (True, 3, "validation is True, must be"),
        ("3", 3, "validation is '3', must be"),
        (float("nan"), 3, "validation is nan, must be"),
        (0.5, 0.5, "validation (0.5) and test (0.5) leave none of the 20 images for training"),
        (10, 10, "validation (10) and test (10) leave none"),
        (3, 1, "test is 1 images for 2 types; raise it"),
        (1, 3, "validation is 1 images for 2 types; raise it"),
        (3, 15, "test is 15 images, at most 14 can be had; lower it"),
        (13, 4, "validation is 13 images, at most 12 can be had; lower it"),
    ],
)
def test_sizes_out_of_range(validation: float, test: float, message: str) -> None:
    types = [i % 2 for i in range(20)]
    assert message in error_of(dataset(list(range(20))), types, validation=validation, test=test)


def test_a_small_type_is_named_with_its_count() -> None:
    data = dataset(list(range(23)), names=("cat", "dog"))
    message = error_of(data, [0] * 20 + [1] * 3, validation=4, test=4)
    assert message.startswith("type 'dog' has too few different images to take test images from: 3")
    assert "at least 4" in message
    table = split_index(
        dataset(list(range(24)), names=("cat", "dog")),
        np.array([0] * 20 + [1] * 4),
        validation=4,
        test=4,
        seed=0,
    )
    assert sizes(table[table["type"] == 1]) == {"train": 2, "validation": 1, "test": 1}


def test_copies_do_not_count_as_images() -> None:
    contents = [*range(20), 50, 50, 50, 50, 51, 52]
    message = error_of(dataset(contents), [0] * 20 + [1] * 6, validation=4, test=4)
    assert message.startswith("type '1' has too few different images")
    assert ": 3, the split needs at least 4" in message


def test_a_type_missing_from_the_given_test_split() -> None:
    data = dataset(list(range(20)), ["train"] * 15 + ["test"] * 5, ("cat", "dog"))
    message = error_of(data, [0, 1] * 7 + [0] * 6, validation=4, test=4)
    assert message.startswith("type 'dog' has too few different images to take test images from: 0")


def test_more_is_asked_than_the_given_test_split_has() -> None:
    data = dataset(list(range(20)), ["train"] * 15 + ["test"] * 5)
    message = error_of(data, None, validation=4, test=6)
    assert "test is 6 images, at most 5 can be had" in message


def test_more_types_than_images() -> None:
    data = dataset(list(range(3)), names=("a", "b", "c", "d"))
    assert error_of(data, [0, 1, 2], validation=1, test=1) == "more types (4) than images (3)"


def test_unlabelled_data_can_be_too_small() -> None:
    message = error_of(dataset([1, 2, 3]), None, validation=1, test=1)
    assert message.startswith("the data has too few different images")


def test_clusters_put_in_later_are_checked() -> None:
    table = split_index(dataset(list(range(20))), None, validation=4, test=4, seed=0)
    everywhere = table.assign(type=table.groupby("split").cumcount() % 2)
    require_types(everywhere, ("cluster 0", "cluster 1"))
    untested = everywhere.assign(type=everywhere["type"].where(table["split"] != "test", 0))
    with pytest.raises(WhichgenError, match="type 'cluster 1' has too few images for test: 0"):
        require_types(untested, ("cluster 0", "cluster 1"))

"""Which image trains, which validates, which tests: disjoint, stratified, seeded."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import pandas as pd

from whichgen.errors import WhichgenError
from whichgen.sources.images import LabelledImages
from whichgen.stratification import LEAST, assign_splits, group_copies, require

_HASH_DIGITS = 16


def content_hashes(images: npt.NDArray[np.uint8]) -> list[str]:
    """The first 16 hex digits of the SHA-256 of each image's pixels; images (N, C, H, W)."""
    rows = np.ascontiguousarray(images).reshape(len(images), -1)
    return [hashlib.sha256(row.tobytes()).hexdigest()[:_HASH_DIGITS] for row in rows]


def split_index(
    data: LabelledImages,
    types: npt.NDArray[np.int64] | None,
    *,
    validation: float,
    test: float,
    seed: int,
) -> pd.DataFrame:
    """A row per image: index, split, type, source, hash.

    `split` is "train", "validation", "test" or "excluded". The sizes of validation and test
    are exact, and each is shared out over the types by largest remainder, at least one image
    a type. Copies of one image stay in one split, also when their types differ (then all
    count for the type of the first); where they don't fit, the surplus copies are excluded.

    Where the source is split already, test images come from its test split and all others
    from its training split; test images not asked for, and copies of test images among the
    training images, are excluded.

    Args:
        data: the images.
        types: (N,) in 0..K-1, or None: not stratified, and `type` is -1.
        validation: a share of all images (a float in 0..1) or a number of images (an int).
        test: likewise.
        seed: the same arguments give the same table.

    Raises:
        WhichgenError: a size out of range, more types than images, or a type with too few
            images for 2 in training and 1 each in validation and test.
    """
    count = len(data.images)
    subjects = _subjects(_names(data, types))
    if len(subjects) > count:
        raise WhichgenError(f"more types ({len(subjects)}) than images ({count})")
    sizes = _sizes(count, validation=validation, test=test)
    strata = np.zeros(count, np.int64) if types is None else types
    hashes = content_hashes(data.images)
    copies = group_copies(hashes, strata, seed=seed)
    table = pd.DataFrame(
        {
            "index": np.arange(count),
            "split": assign_splits(copies, data.given_split, sizes, subjects),
            "type": np.full(count, -1, np.int64) if types is None else types,
            "source": list(data.origins),
            "hash": hashes,
        }
    )
    require_types(table, _names(data, types))
    return table


def require_types(table: pd.DataFrame, names: tuple[str, ...] | None) -> None:
    """Raises WhichgenError unless training has 2 images of each type, the other splits 1.

    Args:
        table: as `split_index` gives it, perhaps with the types of a clustering put in.
        names: the K types' names, None when `type` is -1 throughout.
    """
    subjects = _subjects(names)
    for split, least in LEAST.items():
        types = table.loc[table["split"] == split, "type"].clip(lower=0)
        require(np.bincount(types, minlength=len(subjects)), least, subjects, f"images for {split}")


def _names(data: LabelledImages, types: npt.NDArray[np.int64] | None) -> tuple[str, ...] | None:
    if types is None:
        return None
    return data.type_names or tuple(str(i) for i in range(int(types.max()) + 1))


def _subjects(names: tuple[str, ...] | None) -> tuple[str, ...]:
    """What an error message speaks of, one per stratum."""
    return ("the data",) if names is None else tuple(f"type {name!r}" for name in names)


def _sizes(count: int, *, validation: float, test: float) -> dict[str, int]:
    sizes = {
        "validation": _size(validation, count, "validation"),
        "test": _size(test, count, "test"),
    }
    if sum(sizes.values()) >= count:
        raise WhichgenError(
            f"validation ({validation}) and test ({test}) leave none of the {count} images"
            " for training; lower them"
        )
    return sizes


def _size(value: float, count: int, key: str) -> int:
    """Number of images that a share (float) or a number (int) asks for."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    if isinstance(value, float) and 0 < value < 1:
        return int(value * count + 0.5)
    raise WhichgenError(f"{key} is {value!r}, must be a share between 0 and 1 or a number from 1")

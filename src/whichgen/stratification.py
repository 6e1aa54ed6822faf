"""Random draws that keep copies of an image together and every type's share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from whichgen.errors import WhichgenError

LEAST = {"train": 2, "validation": 1, "test": 1}  # images of every type

_Ints = npt.NDArray[np.int64]
_Names = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Copies:
    """Which of N images are copies of each other; equal images share all three values.

    Attributes:
        group: (N,) number of the group.
        home: (N,) type of the group, that of its first image.
        priority: (N,) the group's place in a random order.
    """

    group: _Ints
    home: _Ints
    priority: _Ints


def group_copies(hashes: list[str], types: _Ints, *, seed: int) -> Copies:
    """Groups images by content hash, in an order drawn from `seed`; types (N,)."""
    _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
    order = np.random.Generator(np.random.PCG64(seed)).permutation(len(first))
    return Copies(group=group, home=types[first][group], priority=order[group])


def assign_splits(
    copies: Copies, given: _Names | None, sizes: dict[str, int], subjects: tuple[str, ...]
) -> _Names:
    """The split of every image, by the rules of `whichgen.splits.split_index`.

    Args:
        copies: of N images.
        given: (N,) of "train" and "test" where the source is split already.
        sizes: number of images of "validation" and "test".
        subjects: what to call each of the K types in an error.

    Raises:
        WhichgenError: a type with too few different images, a size that can't be had.
    """
    split: _Names = np.full(len(copies.group), "train", dtype="<U10")
    least_rest = LEAST["train"] + LEAST["validation"]
    draw = partial(_draw, copies, split, subjects=subjects)
    if given is None:
        draw(split == "train", name="test", size=sizes["test"], keep=least_rest)
    else:
        split[given == "test"] = "excluded"
        draw(given == "test", name="test", size=sizes["test"], keep=0)
        tested = np.isin(copies.group, copies.group[split == "test"])
        split[tested & (split == "train")] = "excluded"
    draw(split == "train", name="validation", size=sizes["validation"], keep=LEAST["train"])
    return split


def apportion(weights: _Ints, total: int, most: _Ints) -> _Ints:
    """Shares `total` out in proportion to `weights` by largest remainder, each from 1 to `most`.

    Args:
        weights: (K,) positive.
        total: from K to the sum of `most`.
        most: (K,) at least 1.

    Returns:
        (K,) with the sum `total`.
    """
    ideal = weights / weights.sum() * total
    quotas = np.clip(np.floor(ideal).astype(np.int64), 1, most)
    while (missing := total - quotas.sum()) != 0:
        behind = ideal - quotas
        if missing > 0:
            quotas[np.argmax(np.where(quotas < most, behind, -np.inf))] += 1
        else:
            quotas[np.argmin(np.where(quotas > 1, behind, np.inf))] -= 1
    return quotas


def require(counts: _Ints, least: int, subjects: tuple[str, ...], what: str) -> None:
    """Raises WhichgenError naming the first of K types with fewer than `least`; counts (K,)."""
    for subject, count in zip(subjects, counts, strict=True):
        if count < least:
            raise WhichgenError(
                f"{subject} has too few {what}: {count}, the split needs at least {least};"
                " add some or leave it out"
            )


def _draw(
    copies: Copies,
    split: _Names,
    candidates: npt.NDArray[np.bool_],
    *,
    name: str,
    size: int,
    keep: int,
    subjects: tuple[str, ...],
) -> None:
    """Writes `name` into `split` for `size` of the candidates, leaving `keep` of every type."""
    pool = np.flatnonzero(candidates)
    pool = pool[np.lexsort((pool, copies.priority[pool], copies.home[pool]))]
    _, first = np.unique(copies.group[pool], return_index=True)
    distinct = np.bincount(copies.home[pool[first]], minlength=len(subjects))
    require(distinct, keep + 1, subjects, f"different images to take {name} images from")
    if size < len(subjects):
        raise WhichgenError(f"{name} is {size} images for {len(subjects)} types; raise it")
    available = np.bincount(copies.home[pool], minlength=len(subjects))
    most = available - keep
    if size > most.sum():
        raise WhichgenError(f"{name} is {size} images, at most {most.sum()} can be had; lower it")
    quotas = apportion(available, size, most)
    for images, quota in zip(np.split(pool, np.cumsum(available)[:-1]), quotas, strict=True):
        taken, surplus = _whole_groups(copies.group[images], int(quota))
        split[images[taken]] = name
        split[images[surplus]] = "excluded"


def _whole_groups(group: _Ints, quota: int) -> tuple[_Ints, _Ints]:
    """Positions to take and to exclude, from images of one type sorted by group.

    Takes groups in turn, passing over those larger than what is left of the quota. Where only
    such groups remain, the first of them is cut, and the rest of it excluded.
    """
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    ends = np.append(starts[1:], len(group))
    taken: list[int] = []
    passed_over: list[range] = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        left = quota - len(taken)
        if left == 0:
            break
        if end - start > left:
            passed_over.append(range(start, end))
        else:
            taken += range(start, end)
    left = quota - len(taken)
    cut = passed_over[0] if left else range(0)
    return np.array([*taken, *cut[:left]], np.int64), np.array(cut[left:], np.int64)

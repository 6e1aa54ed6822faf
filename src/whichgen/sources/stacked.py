"""Three grey images as the colour channels of one: a thousand modes whose truth is known.

The stacked MNIST of Metz et al. 2017 ("Unrolled Generative Adversarial Networks"), with which
VEEGAN and PacGAN counted modes, from the grey images that are here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from whichgen.errors import WhichgenError
from whichgen.sources import digits, fashion_mnist
from whichgen.sources.images import LabelledImages

BASES: Mapping[str, Callable[[Path], LabelledImages]] = MappingProxyType(
    {"digits": digits.load, "fashion_mnist": fashion_mnist.load}
)
CHANNELS = 3
_TEST_PART = 4  # one in so many base images is a test image, where they are not split already


@dataclass(frozen=True)
class Base:
    """The grey images that are stacked.

    Attributes:
        images: (N, 1, R, R) uint8. types: (N,) int64, of `type_names`.
        origins: N places to look an image up. split: (N,) of "train" or "test".
    """

    images: npt.NDArray[np.uint8]
    types: npt.NDArray[np.int64]
    type_names: tuple[str, ...]
    origins: tuple[str, ...]
    split: npt.NDArray[np.str_]


def load(
    raw: Path, *, of: str = "digits", train: int = 60_000, test: int = 26_000, seed: int = 0
) -> LabelledImages:
    """Stacked images (train + test, 3, R, R) uint8, the training ones first; split as given.

    Each channel is a base image drawn by itself and uniformly, so every triple of base types is a
    mode. Those of the training images are drawn from the training base images alone, those of the
    test images from the test ones; no grey image is in both (see `load_base`).

    Args:
        raw: the folder of the base source's raw files, if it has any.
        of: which grey images, a name of BASES.
        train, test: the number of stacked images of each split. seed: of all draws.

    Returns:
        With a label per mode, 100 a + 10 b + c for base types a, b, c of ten, named "a+b+c".

    Raises:
        WhichgenError: an unknown base, a number below 1, or what the base source finds wrong.
    """
    for key, count in (("train", train), ("test", test)):
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise WhichgenError(f"source stacked: {key}: {count!r} is not a number of images")
    base = load_base(raw, of=of, seed=seed)
    rng = np.random.Generator(np.random.PCG64(seed))
    rows = np.concatenate(
        [
            rng.choice(np.flatnonzero(base.split == split), size=(count, CHANNELS))
            for split, count in (("train", train), ("test", test))
        ]
    )  # (N, 3)
    return LabelledImages(
        images=base.images[rows, 0],
        labels=mode_of(base.types[rows], len(base.type_names)),
        type_names=mode_names(base.type_names),
        origins=tuple("+".join(base.origins[i] for i in row) for row in rows.tolist()),
        given_split=np.repeat(["train", "test"], [train, test]),
    )


def load_base(raw: Path, *, of: str, seed: int = 0) -> Base:
    """The grey images, split by the base source where it does that, else by the seed.

    Then a quarter of each type is for testing. Copies of one image are in one split: a training
    image that is a copy of a test image is left out.

    Raises:
        WhichgenError: an unknown base, or what its source finds wrong.
    """
    if of not in BASES:
        raise WhichgenError(f"source stacked: of: {of!r} is not one of {', '.join(BASES)}")
    base = BASES[of](raw)
    assert base.labels is not None
    assert base.type_names is not None
    _, copies = np.unique(base.images.reshape(len(base.images), -1), axis=0, return_inverse=True)
    split = base.given_split
    if split is None:
        split = _drawn_split(base.labels, copies, seed)
    kept = (split == "test") | ~np.isin(copies, copies[split == "test"])
    return Base(
        images=base.images[kept],
        types=base.labels[kept],
        type_names=base.type_names,
        origins=tuple(base.origins[i] for i in np.flatnonzero(kept)),
        split=split[kept],
    )


def mode_of(types: npt.NDArray[np.int64], n_types: int) -> npt.NDArray[np.int64]:
    """The modes (N,) of stacks whose channels are of `types` (N, 3), each below n_types."""
    places = n_types ** np.arange(CHANNELS - 1, -1, -1)
    modes: npt.NDArray[np.int64] = types @ places
    return modes


def mode_names(base: tuple[str, ...]) -> tuple[str, ...]:
    """The name of every mode, in the order of `mode_of`."""
    return tuple(f"{a}+{b}+{c}" for a in base for b in base for c in base)


def _drawn_split(
    labels: npt.NDArray[np.int64], copies: npt.NDArray[np.int64], seed: int
) -> npt.NDArray[np.str_]:
    from sklearn.model_selection import StratifiedGroupKFold  # here: half a second

    folds = StratifiedGroupKFold(_TEST_PART, shuffle=True, random_state=seed)
    _, test = next(folds.split(labels, labels, copies))
    split = np.full(len(labels), "train", dtype="<U5")
    split[test] = "test"
    return split

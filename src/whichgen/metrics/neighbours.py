"""Which real images is a generated one nearest to? Something for the eye to judge."""

from typing import Any

import numpy as np
import numpy.typing as npt

from whichgen.metrics.distances import about_median, nearest_rows
from whichgen.metrics.inputs import Features, checked_features

Rows = npt.NDArray[Any]


def nearest_neighbours(fake: Features, train: Features, held_out: Features) -> dict[str, Rows]:
    """Return, for each row of fake (M, d), its nearest row of train and of held_out (N, d).

    `train` and `held_out` (M,) int64 are row numbers, `to_train` and `to_held_out` (M,) float32
    the Euclidean distances. Memory is O(block · N).

    Raises ValueError for an empty set, unequal widths, NaN or infinity.
    """
    sets = {"fake": fake, "train": train, "held_out": held_out}
    fake, train, held_out = checked_features(sets, at_least=1)
    train, held_out, fake = about_median(train, held_out, fake)
    found: dict[str, Rows] = {}
    for name, real in (("train", train), ("held_out", held_out)):
        rows, squared = nearest_rows(fake, real)
        found[name] = rows.astype(np.int64)
        found[f"to_{name}"] = np.sqrt(squared).astype(np.float32)
    return found

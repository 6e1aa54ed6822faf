"""What every source returns: images in memory, with whatever the source knows about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class LabelledImages:
    """Images of one size, in a fixed order.

    Attributes:
        images: (N, C, H, W) uint8, C = 1 (grey) or 3 (RGB), 0 = black.
        labels: (N,) int64 in 0..K-1, or None when the source has no labels.
        type_names: the K names that the labels stand for, or None without labels.
        origins: N places to look an image up, relative to the source: a file
            ("cats/17.png") or an entry of one ("t10k-images[17]").
        given_split: (N,) of "train" or "test" where the source comes split, else None.
    """

    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64] | None
    type_names: tuple[str, ...] | None
    origins: tuple[str, ...]
    given_split: npt.NDArray[np.str_] | None = None

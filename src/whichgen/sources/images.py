"""What every source returns: samples in memory, with whatever the source knows about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Modes:
    """The places that samples gather around, where the source made them itself.

    Attributes:
        centres: (m, d). deviation: of the samples of a mode around its centre, in each direction.
        shares: (m,), how frequent each is; they sum to 1.
    """

    centres: npt.NDArray[np.float64]
    deviation: float
    shares: npt.NDArray[np.float64]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types."""
        return {
            "centres": self.centres.tolist(),
            "deviation": self.deviation,
            "shares": self.shares.tolist(),
        }


@dataclass(frozen=True)
class LabelledImages:
    """Images of one size, or samples of another modality, in a fixed order.

    Attributes:
        images: (N, C, H, W) uint8, C = 1 (grey) or 3 (RGB), 0 = black; in general (N, *shape), as
            the modality stores its samples, so (N, d) float32 for points.
        labels: (N,) int64 in 0..K-1, or None when the source has no labels.
        type_names: the K names that the labels stand for, or None without labels.
        origins: N places to look an image up, relative to the source: a file
            ("cats/17.png") or an entry of one ("t10k-images[17]").
        given_split: (N,) of "train" or "test" where the source comes split, else None.
        modes: where the source knows them; nothing is trained on them.
    """

    images: npt.NDArray[Any]
    labels: npt.NDArray[np.int64] | None
    type_names: tuple[str, ...] | None
    origins: tuple[str, ...]
    given_split: npt.NDArray[np.str_] | None = None
    modes: Modes | None = None

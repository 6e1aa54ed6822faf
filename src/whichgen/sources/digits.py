"""The embedded default: scikit-learn's 1,797 handwritten digits, 8×8, no download."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from whichgen.sources.images import LabelledImages

_DARKEST = 16  # the set's grey values are counts 0..16


def load(raw: Path) -> LabelledImages:
    """The digits as (1797, 1, 8, 8) uint8 with types "0" to "9".

    Grey values v in 0..16 become round(255 v / 16). `raw` is not read: the set comes with
    scikit-learn (the test part of the UCI "Optical Recognition of Handwritten Digits").
    """
    from sklearn.datasets import load_digits  # here: half a second that other sources don't need

    bunch = load_digits()
    images = np.round(bunch.images * (255 / _DARKEST)).astype(np.uint8)
    return LabelledImages(
        images=images[:, None],
        labels=bunch.target.astype(np.int64),
        type_names=tuple(str(name) for name in bunch.target_names),
        origins=tuple(f"digits[{i}]" for i in range(len(images))),
    )

"""Points in a plane as a picture, the same bytes every time."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

SIDE, DOT = 280, 3  # px

Floats = npt.NDArray[np.floating]


def scatter(
    layers: Sequence[tuple[Floats, tuple[int, int, int]]], low: Floats, high: Floats
) -> npt.NDArray[np.uint8]:
    """An RGB picture (280, 280, 3) of points on white, the first layer at the bottom.

    Both axes have one scale, and the frame from `low` to `high`, (1,) or (2,), is in the middle.
    Points outside it lie on its edge, so that none goes unseen, but those that are not finite.

    Args:
        layers: points (n, 1), whose height is then 0, or (n, 2), and their colour.
    """
    picture = np.full((SIDE, SIDE, 3), 255, np.uint8)
    low, high = (np.pad(end, (0, 2 - len(end))) for end in (low, high))
    middle, span = (low + high) / 2, max(float((high - low).max()), 1e-12)
    for points, colour in layers:
        finite = points[np.isfinite(points).all(axis=1)]
        flat = np.pad(finite, ((0, 0), (0, 2 - points.shape[1])))
        places = ((flat - middle) / span + 0.5) * (SIDE - DOT)
        columns, rows = np.clip(places.round(), 0, SIDE - DOT).astype(np.int64).T
        for down in range(DOT):
            for right in range(DOT):
                picture[SIDE - DOT - rows + down, columns + right] = colour
    return picture

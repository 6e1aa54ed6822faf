"""Precision, recall, density and coverage together: each distance is computed once."""

import numpy as np

from whichgen.metrics.distances import (
    about_median,
    ball_limits,
    closed_limits,
    nearest_squared,
    squared_distance_blocks,
)
from whichgen.metrics.inputs import Features, check_at_least, checked_features


def prdc(real: Features, fake: Features, *, k: int = 3, k_density: int = 5) -> dict[str, float]:
    """Return `precision_recall` at k and `density_coverage` at k_density, to the same bits.

    The two share the distances within real and those between real and fake, which is most of
    their time. Raises ValueError as they do.
    """
    check_at_least(1, k=k, k_density=k_density)
    sets = {"real": real, "fake": fake}
    real, fake = checked_features(sets, at_least=max(k, k_density) + 1)
    real, fake = about_median(real, fake)
    nearest = nearest_squared(real, max(k, k_density))
    real_limits, ball = (closed_limits(real, nearest[:, n - 1]) for n in (k, k_density))
    fake_limits = ball_limits(fake, k)
    fake_inside = np.zeros(len(fake), dtype=bool)
    real_inside = np.zeros(len(real), dtype=bool)
    held = np.zeros(len(real), dtype=np.int64)
    for part, squared in squared_distance_blocks(real, fake):  # (B, M)
        fake_inside |= (squared <= real_limits[part, None]).any(axis=0)
        real_inside[part] = (squared <= fake_limits).any(axis=1)
        held[part] = (squared <= ball[part, None]).sum(axis=1)
    return {
        "precision": float(fake_inside.mean()),
        "recall": float(real_inside.mean()),
        "density": float(held.sum() / (k_density * len(fake))),
        "coverage": float((held > 0).mean()),
    }

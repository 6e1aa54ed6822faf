"""Improved precision and recall: is a sample inside the other set's manifold?"""

import numpy as np

from whichgen.metrics.distances import about_median, ball_limits, squared_distance_blocks
from whichgen.metrics.inputs import Features, check_at_least, checked_features


def precision_recall(real: Features, fake: Features, k: int = 3) -> dict[str, float]:
    """Return the precision and recall of fake (M, d) against real (N, d).

    Precision is the share of fake rows inside the ball of any real row, a closed ball that
    reaches to that row's k-th nearest other real row. Recall is the same with the sets swapped.

    Kynkäänniemi et al. 2019, "Improved Precision and Recall Metric …", equations 1 and 2.
    Raises ValueError for k below 1, N ≤ k or M ≤ k, unequal widths, NaN or infinity.
    """
    check_at_least(1, k=k)
    real, fake = checked_features({"real": real, "fake": fake}, at_least=k + 1)
    real, fake = about_median(real, fake)
    real_limits, fake_limits = ball_limits(real, k), ball_limits(fake, k)
    fake_inside = np.zeros(len(fake), dtype=bool)
    real_inside = np.zeros(len(real), dtype=bool)
    for part, squared in squared_distance_blocks(real, fake):  # (B, M)
        fake_inside |= (squared <= real_limits[part, None]).any(axis=0)
        real_inside[part] = (squared <= fake_limits).any(axis=1)
    return {"precision": float(fake_inside.mean()), "recall": float(real_inside.mean())}

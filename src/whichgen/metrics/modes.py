"""How many known modes samples reach, how many of them reach one, and in what shares.

The protocol of PacGAN (Lin, Khetan, Fanti, Oh 2018, "PacGAN: The power of two samples in generative
adversarial networks", arXiv:1712.04086), which took the first two from VEEGAN
(Srivastava et al. 2017).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from whichgen.metrics.distances import closed_limits, nearest_rows
from whichgen.metrics.inputs import Features, Float64s, check_at_least, checked_features
from whichgen.metrics.types import Types, checked_types

NO_MODE = -1


def assign_to_modes(samples: Features, centres: Features, radius: float) -> npt.NDArray[np.int64]:
    """Return the mode (N,) of each of samples (N, d): its nearest of centres (m, d), or -1.

    A sample further than `radius` from every centre has none, -1; one at exactly that distance has
    one. PacGAN's high-quality samples are those within three standard deviations of a mode; its
    reverse KL counts all samples, which is a radius of infinity.

    Raises ValueError for a radius that is negative or NaN, an empty set, unequal widths, NaN or
    infinity.
    """
    if not radius >= 0:
        raise ValueError(f"radius must be 0 or more, not {radius}")
    sets = {"samples": samples, "centres": centres}
    samples, centres = checked_features(sets, at_least=1)
    nearest, squared = nearest_rows(samples, centres)
    limits = closed_limits(centres, np.full(len(centres), float(radius) ** 2))
    modes: npt.NDArray[np.int64] = np.where(squared <= limits[nearest], nearest, NO_MODE)
    return modes


def modes_covered(assigned: Types, n_modes: int) -> int:
    """Return how many of the n_modes modes at least one of assigned (N,) is of; -1 is of none.

    Raises ValueError for an empty array, other dimensions or numbers, or a mode out of range.
    """
    return int((_counts(assigned, n_modes) > 0).sum())


def high_quality_share(assigned: Types) -> float:
    """Return the share, 0 to 1, of assigned (N,) that are of a mode, that is not -1.

    Raises ValueError for an empty array, or other dimensions or numbers.
    """
    return float((checked_types("assigned", assigned) != NO_MODE).mean())


def modes_reverse_kl(assigned: Types, shares: npt.NDArray[np.floating[Any]]) -> float:
    """Return KL(p_G ‖ p_data) = Σ g ln(g / r) over modes, in nats: PacGAN's "reverse KL".

    g are the shares among those of assigned (N,) that are of a mode, r the true `shares` (m,). It
    is 0 when they agree, and for a single mode; a mode that is not reached adds 0, its limit. If
    only one of m equally frequent modes is reached it is ln m, and with n samples of a perfect
    generator it is about (m - 1) / 2n.

    Raises ValueError if no sample is of a mode (there are no shares then), for shares that are not
    positive or do not sum to 1, and as `modes_covered` does.
    """
    true = np.asarray(shares, dtype=np.float64)
    if true.ndim != 1 or not (true > 0).all() or not np.isclose(true.sum(), 1, atol=1e-6):
        raise ValueError("shares must be one positive number a mode and sum to 1")
    counts = _counts(assigned, len(true))
    if not counts.any():
        raise ValueError("no sample is of a mode")
    reached = counts > 0
    made = counts[reached] / counts.sum()
    return max(float(made @ np.log(made / true[reached])), 0.0)


def _counts(assigned: Types, n_modes: int) -> Float64s:
    check_at_least(1, n_modes=n_modes)
    modes = checked_types("assigned", assigned)
    if modes.min() < NO_MODE or modes.max() >= n_modes:
        raise ValueError(f"assigned must lie in -1 … {n_modes - 1}")
    return np.bincount(modes[modes != NO_MODE], minlength=n_modes).astype(np.float64)

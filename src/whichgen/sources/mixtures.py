"""Toy data in the plane whose modes are known: Gaussians on a ring, or on a grid.

Sizes are those of PacGAN (Lin, Khetan, Fanti, Oh 2018, section 4.1), which took them from VEEGAN
(Srivastava et al. 2017).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from whichgen.errors import WhichgenError
from whichgen.sources.images import LabelledImages, Modes


def ring(
    raw: Path,
    *,
    samples: int = 105_000,
    modes: int = 8,
    radius: float = 1.0,
    deviation: float = 0.01,
    seed: int = 0,
) -> LabelledImages:
    """Points (samples, 2) of Gaussians, their centres even around a circle; types are the modes.

    `raw` is not read.

    Raises:
        WhichgenError: for an option out of range.
    """
    _check("ring", samples=samples, modes=modes, radius=radius, deviation=deviation)
    angles = 2 * np.pi * np.arange(modes) / modes
    centres = radius * np.column_stack([np.cos(angles), np.sin(angles)])
    return _mixture("ring", centres, samples, deviation, seed)


def grid(
    raw: Path,
    *,
    samples: int = 105_000,
    side: int = 5,
    spacing: float = 2.0,
    deviation: float = 0.05,
    seed: int = 0,
) -> LabelledImages:
    """Points (samples, 2) of side² Gaussians on a square grid around 0; types are the modes.

    `raw` is not read.

    Raises:
        WhichgenError: for an option out of range.
    """
    _check("grid", samples=samples, side=side, spacing=spacing, deviation=deviation)
    places = spacing * (np.arange(side) - (side - 1) / 2)
    centres = np.stack(np.meshgrid(places, places, indexing="ij"), axis=2).reshape(-1, 2)
    return _mixture("grid", centres, samples, deviation, seed)


def _mixture(
    name: str, centres: npt.NDArray[np.float64], samples: int, deviation: float, seed: int
) -> LabelledImages:
    """Samples of equally frequent modes, in a random order."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(len(centres), size=samples)
    points = centres[labels] + deviation * rng.standard_normal((samples, centres.shape[1]))
    return LabelledImages(
        images=points.astype(np.float32),
        labels=labels,
        type_names=tuple(f"mode {k}" for k in range(len(centres))),
        origins=tuple(f"{name}[{i}]" for i in range(samples)),
        modes=Modes(centres, deviation, np.full(len(centres), 1 / len(centres))),
    )


def _check(source: str, **options: float) -> None:
    for name, value in options.items():
        if not value > 0:
            raise WhichgenError(f"{source}: {name} is {value!r}, must be above 0")

"""Metrics: pure functions from features, or types, to numbers."""

from whichgen.metrics.density_coverage import density_coverage, expected_coverage
from whichgen.metrics.distances import (
    about_median,
    ball_limits,
    nearest_rows,
    squared_distance_blocks,
    squared_radii,
)
from whichgen.metrics.frechet import frechet_distance
from whichgen.metrics.kernel import kernel_distance
from whichgen.metrics.memorisation import memorisation
from whichgen.metrics.precision_recall import precision_recall
from whichgen.metrics.types import type_agreement, type_divergence, type_shares

__all__ = [
    "about_median",
    "ball_limits",
    "density_coverage",
    "expected_coverage",
    "frechet_distance",
    "kernel_distance",
    "memorisation",
    "nearest_rows",
    "precision_recall",
    "squared_distance_blocks",
    "squared_radii",
    "type_agreement",
    "type_divergence",
    "type_shares",
]

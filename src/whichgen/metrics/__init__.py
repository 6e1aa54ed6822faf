"""Metrics: pure functions from features, or types, to numbers."""

from whichgen.metrics.authenticity import auth_pct
from whichgen.metrics.c2st import c2st, detectable_accuracy
from whichgen.metrics.clipped_density_coverage import clipped_density_coverage
from whichgen.metrics.data_copying import data_copying
from whichgen.metrics.density_coverage import density_coverage, expected_coverage
from whichgen.metrics.distances import (
    about_median,
    ball_limits,
    closed_limits,
    nearest_rows,
    nearest_squared,
    squared_distance_blocks,
    squared_radii,
)
from whichgen.metrics.frechet import frechet_distance
from whichgen.metrics.frechet_infinity import frechet_infinity
from whichgen.metrics.gan_train_test import gan_test, gan_train
from whichgen.metrics.kernel import kernel_distance
from whichgen.metrics.memorisation import closest_pairs, memorisation
from whichgen.metrics.modes import (
    NO_MODE,
    assign_to_modes,
    high_quality_share,
    modes_covered,
    modes_reverse_kl,
)
from whichgen.metrics.neighbours import nearest_neighbours
from whichgen.metrics.prdc import prdc
from whichgen.metrics.precision_recall import precision_recall
from whichgen.metrics.types import (
    frechet_by_type,
    type_agreement,
    type_divergence,
    type_shares,
)
from whichgen.metrics.vendi import vendi

__all__ = [
    "NO_MODE",
    "about_median",
    "assign_to_modes",
    "auth_pct",
    "ball_limits",
    "c2st",
    "clipped_density_coverage",
    "closed_limits",
    "closest_pairs",
    "data_copying",
    "density_coverage",
    "detectable_accuracy",
    "expected_coverage",
    "frechet_by_type",
    "frechet_distance",
    "frechet_infinity",
    "gan_test",
    "gan_train",
    "high_quality_share",
    "kernel_distance",
    "memorisation",
    "modes_covered",
    "modes_reverse_kl",
    "nearest_neighbours",
    "nearest_rows",
    "nearest_squared",
    "prdc",
    "precision_recall",
    "squared_distance_blocks",
    "squared_radii",
    "type_agreement",
    "type_divergence",
    "type_shares",
    "vendi",
]

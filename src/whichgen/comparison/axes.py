"""The axes on which a GAN recipe and a DGN recipe are compared, each paired by seed.

Every function takes the two recipes' cells by seed and returns differences whose positive sign
speaks for the DGN and whose negative sign speaks for the GAN.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from whichgen.comparison.cells import Cell
from whichgen.comparison.curves import best_validation, flops_to_reach, validation_spacing

# A distance of zero has no logarithm; below this it counts as this.
_SMALLEST_DISTANCE = 1e-9

BySeed = Mapping[int, Cell]


@dataclass(frozen=True, eq=False)
class Paired:
    """What one axis measured on one pair of recipes.

    Attributes:
        metric: the metric behind the axis.
        log: whether ``differences`` are log-ratios GAN / DGN (else plain differences).
        seeds: the seeds measured for both, in the order of ``differences`` (n,).
        gan, dgn: the recipes' medians over these seeds, in the metric's own unit.
        shift: mean difference in the unit of ``margin``, same sign as ``differences``.
        margin: what ``shift`` must exceed, from the real-against-real floor; NaN if unknown.
    """

    metric: str
    log: bool
    seeds: tuple[int, ...]
    differences: npt.NDArray[np.float64]
    gan: float
    dgn: float
    shift: float
    margin: float


def quality(gan: BySeed, dgn: BySeed) -> Paired:
    """Fréchet distance as a log-ratio; the distances must also differ by more than the floor."""
    seeds, one, two = _paired(gan, dgn, lambda cell: cell.score("fd"))
    return Paired(
        metric="fd",
        log=True,
        seeds=seeds,
        differences=_log(one) - _log(two),
        gan=median(one),
        dgn=median(two),
        shift=mean(one - two),
        margin=floor_of([*gan.values(), *dgn.values()], "fd"),
    )


def diversity(gan: BySeed, dgn: BySeed) -> Paired:
    """Coverage as a difference; it must exceed what real images miss of real images."""
    return _share("coverage", gan, dgn)


def type_control(gan: BySeed, dgn: BySeed) -> Paired:
    """Share recognised as the type asked for; must differ by more than real images lack."""
    return _share("type_agreement", gan, dgn)


def cost(gan: BySeed, dgn: BySeed) -> Paired:
    """Training FLOPs to the pair's common target, as a log-ratio, from the histories.

    The target of a seed is the worse of the two runs' best validation distances, so that both
    reached it. Costs are read at validations: the mean difference must exceed their spacing.
    """
    seeds, best_gan, best_dgn = _paired(gan, dgn, best_validation)
    targets = np.maximum(best_gan, best_dgn)
    spent = [
        np.array([flops_to_reach(side[s], t) for s, t in zip(seeds, targets, strict=True)])
        for side in (gan, dgn)
    ]
    spacings = [validation_spacing(side[s]) for side in (gan, dgn) for s in seeds]
    return Paired(
        metric="flops_to_common_target",
        log=True,
        seeds=seeds,
        differences=np.log(spent[0]) - np.log(spent[1]),
        gan=median(spent[0]),
        dgn=median(spent[1]),
        shift=mean(spent[0] - spent[1]),
        margin=max(spacings, default=math.nan),
    )


def stability(gan: BySeed, dgn: BySeed) -> Paired:
    """Failed runs where the two differ in them, else the spread of the distance over seeds.

    The spread over the surviving runs would flatter whichever failed more often. It is each
    seed's absolute deviation from the recipe's median log distance (the idea of Brown and
    Forsythe 1974); its shift is in units of distance and must exceed the floor.
    """
    failed_gan, failed_dgn = _failures(gan, dgn)
    if failed_gan.sum() != failed_dgn.sum():
        return Paired(
            metric="failed_runs",
            log=False,
            seeds=_common(gan, dgn),
            differences=failed_gan - failed_dgn,
            gan=float(failed_gan.sum()),
            dgn=float(failed_dgn.sum()),
            shift=mean(failed_gan - failed_dgn),
            margin=0.0,
        )
    seeds, one, two = _paired(gan, dgn, lambda cell: cell.score("fd"))
    spread = [np.abs(values - median(values)) for values in (one, two)]
    return Paired(
        metric="fd_spread",
        log=False,
        seeds=seeds,
        differences=_deviations(_log(one)) - _deviations(_log(two)),
        gan=mean(_deviations(_log(one))),
        dgn=mean(_deviations(_log(two))),
        shift=mean(spread[0] - spread[1]),
        margin=floor_of([*gan.values(), *dgn.values()], "fd"),
    )


AXES: Mapping[str, Callable[[BySeed, BySeed], Paired]] = {
    "quality": quality,
    "diversity": diversity,
    "type_control": type_control,
    "cost": cost,
    "stability": stability,
}


def floor_of(cells: list[Cell], metric: str) -> float:
    """The median real-against-real floor of the finished cells, or NaN."""
    return median(np.array([cell.floor(metric) for cell in cells if not cell.failed]))


def median_score(cells: list[Cell], metric: str) -> float:
    """The median score of the finished cells, or NaN."""
    return median(np.array([cell.score(metric) for cell in cells if not cell.failed]))


def median(values: npt.NDArray[np.float64]) -> float:
    """The median of the finite values, NaN where there are none."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else math.nan


def mean(values: npt.NDArray[np.float64]) -> float:
    """The mean, NaN where there are no values."""
    return float(values.mean()) if len(values) else math.nan


def _share(metric: str, gan: BySeed, dgn: BySeed) -> Paired:
    seeds, one, two = _paired(gan, dgn, lambda cell: cell.score(metric))
    return Paired(
        metric=metric,
        log=False,
        seeds=seeds,
        differences=two - one,
        gan=median(one),
        dgn=median(two),
        shift=mean(two - one),
        margin=1 - floor_of([*gan.values(), *dgn.values()], metric),
    )


def _common(gan: BySeed, dgn: BySeed) -> tuple[int, ...]:
    return tuple(sorted(set(gan) & set(dgn)))


def _paired(
    gan: BySeed, dgn: BySeed, value: Callable[[Cell], float]
) -> tuple[tuple[int, ...], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The seeds at which both runs finished with a finite value, and both sides' values (n,)."""
    seeds, one, two = [], [], []
    for seed in _common(gan, dgn):
        if gan[seed].failed or dgn[seed].failed:
            continue
        left, right = value(gan[seed]), value(dgn[seed])
        if math.isfinite(left) and math.isfinite(right):
            seeds.append(seed)
            one.append(left)
            two.append(right)
    return tuple(seeds), np.array(one, dtype=np.float64), np.array(two, dtype=np.float64)


def _failures(gan: BySeed, dgn: BySeed) -> tuple[npt.NDArray[np.float64], ...]:
    seeds = _common(gan, dgn)
    return tuple(np.array([float(side[s].failed) for s in seeds]) for side in (gan, dgn))


def _log(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.log(np.maximum(values, _SMALLEST_DISTANCE))


def _deviations(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.abs(values - median(values))

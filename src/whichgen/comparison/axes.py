"""The axes on which two recipes are compared, each paired by seed.

Every function takes the two recipes' cells by seed and returns differences whose positive sign
speaks for the second recipe and whose negative sign speaks for the first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from whichgen.comparison.cells import Cell
from whichgen.comparison.curves import best_validation, flops_to_reach, validation_spacing

# The share of samples nearer to a training image than to held-out ones, without any copying.
CHANCE = 0.5
# A distance of zero has no logarithm; below this it counts as this.
_SMALLEST_DISTANCE = 1e-9

Array = npt.NDArray[np.float64]
BySeed = Mapping[int, Cell]


@dataclass(frozen=True, eq=False)
class Paired:
    """What one axis measured on one pair of recipes.

    Attributes:
        metric: the metric behind the axis.
        log: whether ``differences`` are log-ratios first / second (else plain differences).
        seeds: the seeds measured for both, in the order of ``differences`` (n,).
        first, second: the recipes' medians over these seeds, in the metric's own unit.
        shift: mean difference in the unit of ``margin``, same sign as ``differences``.
        margin: what ``shift`` must exceed, from the real-against-real floor; NaN if unknown.
    """

    metric: str
    log: bool
    seeds: tuple[int, ...]
    differences: Array
    first: float
    second: float
    shift: float
    margin: float


def quality(first: BySeed, second: BySeed) -> Paired:
    """Fréchet distance as a log-ratio; the distances must also differ by more than the floor."""
    seeds, one, two = _paired(first, second, lambda cell: cell.score("fd"))
    return Paired(
        metric="fd",
        log=True,
        seeds=seeds,
        differences=_log(one) - _log(two),
        first=median(one),
        second=median(two),
        shift=mean(one - two),
        margin=floor_of([*first.values(), *second.values()], "fd"),
    )


def diversity(first: BySeed, second: BySeed) -> Paired:
    """Coverage as a difference; it must exceed what real images miss of real images."""
    return _share("coverage", first, second)


def type_control(first: BySeed, second: BySeed) -> Paired:
    """Share recognised as the type asked for; must differ by more than real images lack."""
    return _share("type_agreement", first, second)


def memorisation(first: BySeed, second: BySeed) -> Paired:
    """Share nearer to training images; must differ by more than real images stray from chance.

    What lies below chance or below the floor counts as that: there is nothing to win there.
    """
    seeds, one, two = _paired(first, second, lambda cell: cell.score("memorisation"))
    floor = floor_of([*first.values(), *second.values()], "memorisation")
    limit = copying_limit(floor)
    differences = np.maximum(one, limit) - np.maximum(two, limit)
    return Paired(
        metric="memorisation",
        log=False,
        seeds=seeds,
        differences=differences,
        first=median(one),
        second=median(two),
        shift=mean(differences),
        margin=abs(floor - CHANCE),
    )


def cost(first: BySeed, second: BySeed) -> Paired:
    """Training FLOPs to the pair's common target, as a log-ratio, from the histories.

    The target of a seed is the worse of the two runs' best validation distances, so that both
    reached it. Costs are read at validations: the mean difference must exceed their spacing.
    """
    seeds, *best = _paired(first, second, best_validation)
    targets = np.maximum(*best)
    spent = [
        np.array([flops_to_reach(side[s], t) for s, t in zip(seeds, targets, strict=True)])
        for side in (first, second)
    ]
    spacings = [validation_spacing(side[s]) for side in (first, second) for s in seeds]
    return Paired(
        metric="flops_to_common_target",
        log=True,
        seeds=seeds,
        differences=np.log(spent[0]) - np.log(spent[1]),
        first=median(spent[0]),
        second=median(spent[1]),
        shift=mean(spent[0] - spent[1]),
        margin=max(spacings, default=math.nan),
    )


def stability(first: BySeed, second: BySeed) -> Paired:
    """Failed runs where the two differ in them, else the spread of the distance over seeds.

    The spread over the surviving runs would flatter whichever failed more often. It is each
    seed's absolute deviation from the recipe's median log distance (the idea of Brown and
    Forsythe 1974); its shift is in units of distance and must exceed the floor.
    """
    failed = [_failures(side, _common(first, second)) for side in (first, second)]
    if failed[0].sum() != failed[1].sum():
        return Paired(
            metric="failed_runs",
            log=False,
            seeds=_common(first, second),
            differences=failed[0] - failed[1],
            first=float(failed[0].sum()),
            second=float(failed[1].sum()),
            shift=mean(failed[0] - failed[1]),
            margin=0.0,
        )
    seeds, one, two = _paired(first, second, lambda cell: cell.score("fd"))
    spread = [np.abs(values - median(values)) for values in (one, two)]
    return Paired(
        metric="fd_spread",
        log=False,
        seeds=seeds,
        differences=log_deviations(one) - log_deviations(two),
        first=mean(log_deviations(one)),
        second=mean(log_deviations(two)),
        shift=mean(spread[0] - spread[1]),
        margin=floor_of([*first.values(), *second.values()], "fd"),
    )


AXES: Mapping[str, Callable[[BySeed, BySeed], Paired]] = {
    "quality": quality,
    "diversity": diversity,
    "type_control": type_control,
    "memorisation": memorisation,
    "cost": cost,
    "stability": stability,
}


def copying_limit(floor: float) -> float:
    """The share of samples nearer to training images that shows nothing: chance, or the floor."""
    return CHANCE if math.isnan(floor) else max(CHANCE, floor)


def floor_of(cells: Iterable[Cell], metric: str) -> float:
    """The median real-against-real floor of the finished cells, or NaN."""
    return median(np.array([cell.floor(metric) for cell in cells if not cell.failed]))


def median_score(cells: Iterable[Cell], metric: str) -> float:
    """The median score of the finished cells, or NaN."""
    return median(np.array([cell.score(metric) for cell in cells if not cell.failed]))


def median(values: Array) -> float:
    """The median of the finite values, NaN where there are none."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else math.nan


def mean(values: Array) -> float:
    """The mean, NaN where there are no values."""
    return float(values.mean()) if len(values) else math.nan


def log_deviations(values: Array) -> Array:
    """How far each distance's logarithm is from the median's of the known ones, (n,)."""
    logs = _log(values)
    return np.abs(logs - median(logs))


def _share(metric: str, first: BySeed, second: BySeed) -> Paired:
    seeds, one, two = _paired(first, second, lambda cell: cell.score(metric))
    return Paired(
        metric=metric,
        log=False,
        seeds=seeds,
        differences=two - one,
        first=median(one),
        second=median(two),
        shift=mean(two - one),
        margin=1 - floor_of([*first.values(), *second.values()], metric),
    )


def _common(first: BySeed, second: BySeed) -> tuple[int, ...]:
    return tuple(sorted(set(first) & set(second)))


def _paired(
    first: BySeed, second: BySeed, value: Callable[[Cell], float]
) -> tuple[tuple[int, ...], Array, Array]:
    """The seeds at which both runs finished with a finite value, and both sides' values (n,)."""
    seeds, one, two = [], [], []
    for seed in _common(first, second):
        if first[seed].failed or second[seed].failed:
            continue
        left, right = value(first[seed]), value(second[seed])
        if math.isfinite(left) and math.isfinite(right):
            seeds.append(seed)
            one.append(left)
            two.append(right)
    return tuple(seeds), np.array(one, dtype=np.float64), np.array(two, dtype=np.float64)


def _failures(side: BySeed, seeds: tuple[int, ...]) -> Array:
    return np.array([float(side[seed].failed) for seed in seeds])


def _log(values: Array) -> Array:
    return np.log(np.maximum(values, _SMALLEST_DISTANCE))

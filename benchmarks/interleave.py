"""Timings of several pieces of work side by side, on a machine that is never quite quiet."""

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from statistics import quantiles
from time import perf_counter

Work = Callable[[], object]
Repeat = Callable[[int], object]
"""Does something as often as it is told."""


def times_in(seconds: float, repeat: Repeat) -> int:
    """How often fills the time; at least once. It is tried once before it is timed."""
    repeat(1)
    began = perf_counter()
    repeat(1)
    return max(1, ceil(seconds / (perf_counter() - began)))


def interleaved(works: Mapping[str, Work], rounds: int) -> dict[str, list[float]]:
    """Seconds of each work in each round, after a first round that is not counted.

    A round runs all of them, one after the other, every second round in the reverse order: a
    machine that slows down for a while does so for all alike.
    """
    for work in works.values():
        work()
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for i in range(rounds):
        for name in list(works) if i % 2 == 0 else list(works)[::-1]:
            began = perf_counter()
            works[name]()
            seconds[name].append(perf_counter() - began)
    return seconds


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """The ratio of each pair: both were measured in the same round."""
    return [a / b for a, b in zip(above, below, strict=True)]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median and quartiles, as they stand in the results."""
    if len(values) == 1:
        return dict.fromkeys(("median", "q1", "q3"), values[0])
    q1, median, q3 = quantiles(values, n=4, method="inclusive")
    return {"median": median, "q1": q1, "q3": q3}

"""What the verdicts of several datasets say of the same recipes, pooled."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from whichgen.comparison.axes import Array, Paired
from whichgen.comparison.judgement import Judgement, effect_of, judge
from whichgen.comparison.matrix import rank_bounds
from whichgen.comparison.statistics.intervals import Interval, mean_of_intervals

Verdicts = Mapping[str, Mapping[str, Any]]
Key = tuple[str, str, str]  # axis, first, second


def pooled_pairwise(verdicts: Verdicts) -> list[dict[str, Any]]:
    """The matrix over all datasets, of the pairs and axes that each has in the same metric."""
    shared = _shared_entries(verdicts)
    judged = judge(
        {key: _pooled(entries) for key, entries in shared.items()},
        {key: [np.array(e["differences"]) for e in entries] for key, entries in shared.items()},
    )
    return [_entry(key, judgement, shared[key]) for key, judgement in judged.items()]


def _shared_entries(verdicts: Verdicts) -> dict[Key, list[Mapping[str, Any]]]:
    found: dict[Key, list[Mapping[str, Any]]] = {}
    for verdict in verdicts.values():
        for entry in verdict["pairwise"]:
            found.setdefault((entry["axis"], entry["first"], entry["second"]), []).append(entry)
    return {
        key: entries
        for key, entries in found.items()
        if len(entries) == len(verdicts)
        and len({entry["metric"] for entry in entries}) == 1
        and all(entry["seeds"] for entry in entries)
    }


def _pooled(entries: Sequence[Mapping[str, Any]]) -> Paired:
    """The differences of all datasets; in the mean they must exceed the datasets' margins."""
    differences: Array = np.concatenate([entry["differences"] for entry in entries])
    shift, margin = _shift_and_margin(entries)
    return Paired(
        metric=entries[0]["metric"],
        log=entries[0]["log"],
        seeds=tuple(range(len(differences))),
        differences=differences,
        first=math.nan,
        second=math.nan,
        shift=shift,
        margin=margin,
    )


def _shift_and_margin(entries: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """The mean shift in units of each dataset's margin; as it is where no dataset has one."""
    pairs = [(_number(entry["shift"]), _number(entry["floor_margin"])) for entry in entries]
    relative = [shift / margin for shift, margin in pairs if margin]
    if not relative:
        return float(np.mean([shift for shift, _ in pairs])), 0.0
    mean = float(np.mean(relative))
    return mean, math.nan if math.isnan(mean) else 1.0


def _entry(key: Key, judgement: Judgement, entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    axis, first, second = key
    decision = judgement.decision
    winner = {"first": first, "second": second}.get(decision, decision)
    other = {first: second, second: first}.get(winner)
    if other is not None and any(entry["second_judge"] == other for entry in entries):
        winner = "tie"
    effect, interval = effect_of(judgement)
    return {
        "axis": axis,
        "first": first,
        "second": second,
        "metric": judgement.paired.metric,
        "log": judgement.paired.log,
        "effect": effect,
        "interval": interval,
        "p": judgement.p,
        "p_sign_flip": judgement.p_sign_flip,
        "p_holm": judgement.p_holm,
        "winner": winner,
        "seeds": [entry["seeds"] for entry in entries],
    }


def pooled_ranks(
    verdicts: Verdicts, axis: str, names: Sequence[str], matrix: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Recipe → mean of the datasets' ranks, and the ranks that the pooled matrix leaves possible.

    Empty where one dataset could not rank them all.
    """
    tables = [verdict["ranks"].get(axis, {}) for verdict in verdicts.values()]
    if not all(name in table for name in names for table in tables):
        return {}
    bounds = rank_bounds([entry for entry in matrix if entry["axis"] == axis], names)
    return {
        name: {
            "mean_rank": float(np.mean([table[name]["rank"] for table in tables])),
            "bounds": bounds[name],
        }
        for name in names
    }


def pooled_iqm(verdicts: Verdicts, name: str) -> dict[str, dict[str, Any]]:
    """Metric → mean over the datasets of the normalised interquartile mean."""
    found = {}
    for metric in next(iter(verdicts.values()))["iqm"][name]:
        parts = [verdict["iqm"][name][metric] for verdict in verdicts.values()]
        mean = mean_of_intervals(
            [_interval(part["normalised"], part["normalised_interval"]) for part in parts]
        )
        found[metric] = {"normalised": mean.mean, "interval": [mean.low, mean.high]}
    return found


def pooled_improvement(verdicts: Verdicts) -> list[dict[str, Any]]:
    """The probability of improvement of each pair and metric, in the mean over the datasets."""
    keys = ("metric", "first", "second")
    entries = [entry for verdict in verdicts.values() for entry in verdict["improvement"]]
    entries.sort(key=lambda entry: [entry[key] for key in keys])
    found = []
    for names, group in groupby(entries, key=lambda entry: tuple(entry[key] for key in keys)):
        parts = [_interval(entry["probability"], entry["interval"]) for entry in group]
        if len(parts) == len(verdicts):
            mean = mean_of_intervals(parts)
            found.append(
                {
                    **dict(zip(keys, names, strict=True)),
                    "probability": mean.mean,
                    "interval": [mean.low, mean.high],
                }
            )
    return found


def _interval(mean: float | None, bounds: Sequence[float | None]) -> Interval:
    return Interval(_number(mean), *map(_number, bounds))


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)

"""Several datasets at once: their verdicts in one table, and what holds over all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from whichgen.comparison.axes import AXES
from whichgen.comparison.phrases import LANGUAGES, Text, listed, phrase
from whichgen.comparison.pooling import (
    Verdicts,
    pooled_improvement,
    pooled_iqm,
    pooled_pairwise,
    pooled_ranks,
)
from whichgen.comparison.recommendation import axis_names
from whichgen.comparison.verdict import plain
from whichgen.comparison.wording import AXIS_NAMES, number
from whichgen.errors import WhichgenError

_DECISIONS = ("gan", "dgn", "tie", "inconclusive")


def summarise(verdicts: Verdicts) -> dict[str, Any]:
    """What several verdicts say together, as plain JSON-able values.

    ``table`` has a row a dataset, ``wins`` the decisions on each axis of the headline pairs. Over
    the recipes that every dataset has: ``pairwise`` tests the mean of the datasets' mean
    differences by the rule of one dataset, corrected over all of it; ``ranks`` are mean ranks, and
    the bounds that follow from it; ``iqm`` (normalised by the floors) and ``improvement`` are means
    over datasets. ``summary`` says it in sentences.

    Raises:
        WhichgenError: there is no verdict, or one was written before it had what this needs.
    """
    _check(verdicts)
    matrix = pooled_pairwise(verdicts)
    first = next(iter(verdicts.values()))
    names = [name for name in first["iqm"] if all(name in v["iqm"] for v in verdicts.values())]
    result = {
        "datasets": list(verdicts),
        "recipes": names,
        "table": [_row(name, verdict) for name, verdict in verdicts.items()],
        "wins": {axis: _decisions(verdicts, axis) for axis in AXES},
        "pairwise": matrix,
        "ranks": {axis: pooled_ranks(verdicts, axis, names, matrix) for axis in AXES},
        "iqm": {name: pooled_iqm(verdicts, name) for name in names},
        "improvement": pooled_improvement(verdicts),
    }
    summary: dict[str, Any] = plain({**result, "summary": _summary(result)})
    return summary


def overview_page(overview: Mapping[str, Any]) -> str:
    """The overview as Markdown: the summary in both languages, a row a dataset, pooled figures."""
    lines = ["# Over all datasets", ""]
    for language in LANGUAGES:
        lines += [*(f"- {text[language]}" for text in overview["summary"]), ""]
    header = ["dataset", "pair", "recommendation", *(AXIS_NAMES[axis] for axis in AXES)]
    rows = [
        [row["dataset"], row["headline"] or "", row["choice"], *row["axes"].values()]
        for row in overview["table"]
    ]
    lines += [*_table(header, rows), ""]
    metrics = list(next(iter(overview["iqm"].values()), {}))
    means = [[name, *map(_mean, found.values())] for name, found in overview["iqm"].items()]
    title = "Interquartile means, 1 being as good as held-out real samples (95 % interval):"
    lines += [title, "", *_table(["recipe", *metrics], means)] if means else []
    return "\n".join(lines) + "\n"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows)]


def _mean(found: Mapping[str, Any]) -> str:
    low, high = map(number, found["interval"])
    return f"{number(found['normalised'])} ({low} to {high})"


def _check(verdicts: Verdicts) -> None:
    if not verdicts:
        raise WhichgenError("no verdict of any dataset yet: run dvc repro, or kedro run")
    old = [name for name, verdict in verdicts.items() if "pairwise" not in verdict]
    if old:
        raise WhichgenError(
            f"verdict.json of {', '.join(old)} is of an older whichgen; run kedro run "
            f"--pipelines=comparison --params dataset={old[0]}"
        )


def _headline(verdict: Mapping[str, Any]) -> Mapping[str, Any]:
    """The decisions by axis of the pair that the recommendation is about; empty without one."""
    axes = verdict["pairs"].get(verdict["headline"] or "", {}).get("axes", {})
    return {axis: result["decision"] for axis, result in axes.items()}


def _row(name: str, verdict: Mapping[str, Any]) -> dict[str, Any]:
    advice = verdict["recommendation"]
    return {
        "dataset": name,
        "headline": verdict["headline"],
        "budget_flops": verdict["budget_flops"],
        "choice": advice["choice"],
        "axes": _headline(verdict),
        "sentence": advice["sentence"],
    }


def _decisions(verdicts: Verdicts, axis: str) -> dict[str, int]:
    counts = Counter(_headline(verdict).get(axis, "inconclusive") for verdict in verdicts.values())
    return {decision: counts[decision] for decision in _DECISIONS}


def _summary(result: Mapping[str, Any]) -> list[Text]:
    choices = Counter(row["choice"] for row in result["table"])
    told = [
        phrase("overview.choice", choice=phrase(f"chosen.{choice}"), count=count)
        for choice, count in choices.most_common()
    ]
    found = [
        phrase("overview.choices", datasets=_counted(result["datasets"]), choices=listed(told)),
        *(_axis_summary(axis, counts) for axis, counts in result["wins"].items()),
    ]
    if len(result["recipes"]) < 2:
        return [*found, phrase("overview.no_recipes")]
    return [*found, *_winners(result["pairwise"])]


def _counted(datasets: Sequence[str]) -> Text:
    key = "count.dataset" if len(datasets) == 1 else "count.datasets"
    return phrase(key, count=len(datasets))


def _axis_summary(axis: str, counts: Mapping[str, int]) -> Text:
    return phrase(
        "overview.axis",
        axis=phrase(f"axis.{axis}"),
        gan=counts["gan"],
        dgn=counts["dgn"],
        tie=counts["tie"],
        open=counts["inconclusive"],
    )


def _winners(matrix: Sequence[Mapping[str, Any]]) -> list[Text]:
    won: dict[tuple[str, str], list[str]] = {}
    for entry in matrix:
        sides = {entry["first"], entry["second"]}
        if entry["winner"] in sides:
            (loser,) = sides - {entry["winner"]}
            won.setdefault((entry["winner"], loser), []).append(entry["axis"])
    if not won:
        return [phrase("overview.no_winner")]
    return [
        phrase("overview.winner", winner=winner, loser=loser, axes=axis_names(axes))
        for (winner, loser), axes in won.items()
    ]

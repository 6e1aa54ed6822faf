"""How sure the verdict is, and what a reader must know before acting on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from whichgen.comparison.axes import floor_of, median_score
from whichgen.comparison.cells import FAMILIES, Cell, by_seed
from whichgen.comparison.memorisation import MINIMUM_PAIRS
from whichgen.comparison.phrases import Nouns, Text, listed, phrase
from whichgen.comparison.recommendation import PRIMARY, axis_names
from whichgen.comparison.sentences import compared, counted_pairs, more_seeds
from whichgen.comparison.wording import FAMILY_NAMES, number, scaled

# Two judges whose order of the runs has a Kendall's tau below this do not say the same.
_AGREEING = 0.5


def confidence(pair: Mapping[str, Any] | None) -> Text:
    """One or two sentences: on how many seeds the answer rests and which axes carry it."""
    if pair is None:
        return phrase("sure.one_family")
    axes, pairs = pair["axes"], _pairs(pair)
    if pairs < MINIMUM_PAIRS:
        return phrase("sure.too_few", pairs=counted_pairs(pairs), minimum=MINIMUM_PAIRS)
    carried = [axis for axis, result in axes.items() if result["decision"] in FAMILIES]
    if not carried:
        return phrase("sure.nothing", pairs=counted_pairs(pairs))
    return phrase(
        "sure.shown",
        axes=axis_names(carried),
        pairs=counted_pairs(pairs),
        p=compared(max(float(axes[axis]["p_holm"]) for axis in carried)),
        tests=max(int(result["tests"]) for result in axes.values()),
    )


def caveats(cells: Sequence[Cell], verdict: Mapping[str, Any], nouns: Nouns) -> list[Text]:
    """Sentences, the gravest first. Never empty: the scope of the answer is always the last."""
    found = []
    if verdict["information"] == "unequal":
        found.append(phrase("caveat.unfair"))
    pair = verdict["pairs"].get(verdict["headline"] or "")
    if pair is not None:
        found += _too_few(pair)
        found += _disagreements(verdict["judges"])
        found += _pair_caveats(cells, pair, nouns)
        found += _crossing(pair, verdict["crossings"])
        if any(result["decision"] == "tie" for result in pair["axes"].values()):
            found.append(phrase("caveat.tie"))
    found += _bookkeeping(cells, verdict)
    if len(verdict["pairs"]) > 1:
        count = len(verdict["pairs"])
        found.append(phrase("caveat.many_pairs", count=count, pair=verdict["headline"]))
    return [*found, _scope(verdict)]


def _pairs(pair: Mapping[str, Any]) -> int:
    return max(len(pair["axes"][axis]["seeds"]) for axis in PRIMARY)


def _too_few(pair: Mapping[str, Any]) -> list[Text]:
    pairs = _pairs(pair)
    if pairs >= MINIMUM_PAIRS:
        return []
    told = {"pairs": counted_pairs(pairs), "more": more_seeds(pairs)}
    return [phrase("caveat.few_seeds", minimum=MINIMUM_PAIRS, **told)]


def _disagreements(judges: Mapping[str, Any]) -> list[Text]:
    found = [phrase("caveat.not_gated", judge=name) for name in judges["not_asked"]]
    if judges["second"] is None:
        return found
    axes = [axis for axis, agree in judges["agree"].items() if agree is False]
    if axes:
        found.append(
            phrase(
                "caveat.judges_disagree",
                axes=axis_names(axes),
                first=judges["first"],
                second=judges["second"],
            )
        )
    runs = judges["rank_agreement"]["fd"]["cells"]
    if runs["kendall"] < _AGREEING:
        found.append(phrase("caveat.rank_agreement", tau=number(runs["kendall"]), runs=runs["n"]))
    return found


def _pair_caveats(cells: Sequence[Cell], pair: Mapping[str, Any], nouns: Nouns) -> list[Text]:
    found = []
    for family in FAMILIES:
        name, recipe = FAMILY_NAMES[family], by_seed(cells, pair[family]).values()
        for veto in pair["vetoes"][family]:
            found.append(phrase("reason.veto", family=name, veto=veto))
        share = pair["memorisation"][family]
        if share["decision"] == "leaning":
            told = {"family": name, "share": number(share["share"])}
            found.append(phrase("caveat.leaning", **told, **nouns))
        covered = median_score(recipe, "types_covered")
        if covered < floor_of(recipe, "types_covered"):
            found.append(phrase("caveat.types", family=name, covered=f"{covered:.0%}"))
    return found


def _crossing(pair: Mapping[str, Any], crossings: Sequence[Mapping[str, Any]]) -> list[Text]:
    """The last crossing of the pair's curves."""
    own = [c for c in crossings if (c["first"], c["second"]) == (pair["gan"], pair["dgn"])]
    if not own:
        return []
    last = own[-1]
    low, high = last["low"], last["high"]
    side = {(True, True): "between", (True, False): "below", (False, True): "above"}
    key = side.get((low is not None, high is not None), "nowhere")
    told = {"low": scaled(low, "FLOPs"), "high": scaled(high, "FLOPs")}
    return [
        phrase(
            "caveat.crossing",
            at=scaled(last["at"], "FLOPs"),
            before=last["before"],
            after=last["after"],
            range=phrase(f"crossing.{key}", **told),
        )
    ]


def _stopped_early(cells: Sequence[Cell]) -> list[Text]:
    """Of each recipe that stops by a rule of its own: how often, and what it spent till then."""
    found = []
    for recipe in dict.fromkeys(cell.recipe for cell in cells if cell.stopped_early):
        runs = by_seed(cells, recipe).values()
        shares = [float(cell.ended["budget_share"]) for cell in runs if cell.stopped_early]
        found.append(
            phrase(
                "caveat.stopped_early",
                recipe=recipe,
                stopped=len(shares),
                runs=len(runs),
                share=f"{median(shares):.0%}",
            )
        )
    return found


def _bookkeeping(cells: Sequence[Cell], verdict: Mapping[str, Any]) -> list[Text]:
    found = _stopped_early(cells)
    if verdict["failed"]:
        names = [
            phrase("caveat.failed_run", recipe=item["recipe"], seed=item["seed"])
            for item in verdict["failed"]
        ]
        failed, runs = len(names), len(cells)
        found.append(phrase("caveat.failed", failed=failed, runs=runs, names=listed(names)))
    left_out = len(verdict["left_out"])
    if left_out:
        key = "caveat.left_out.one" if left_out == 1 else "caveat.left_out.many"
        found.append(phrase(key, count=left_out))
    return found


def _scope(verdict: Mapping[str, Any]) -> Text:
    first, second = verdict["judge"] or phrase("judges.unknown"), verdict["judges"]["second"]
    judges = (
        phrase("judges.two", first=first, second=second)
        if second
        else phrase("judges.one", first=first)
    )
    budget = scaled(verdict["budget_flops"], "FLOPs")
    return phrase("caveat.scope", dataset=verdict["dataset"], budget=budget, judges=judges)

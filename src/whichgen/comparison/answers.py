"""The three questions of the article's FAQ, answered with the figures of this comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from whichgen.comparison.axes import median
from whichgen.comparison.cells import FAMILIES, Cell, by_seed
from whichgen.comparison.wording import FAMILY_NAMES, number, scaled

# What the article says of each family, the axis that tests it, and whom the axis must name.
CLAIMS = (
    ("A GAN's samples are closer to the real data.", "quality", "gan"),
    ("A GAN costs more to train, because it trains two networks.", "cost", "dgn"),
    ("A DGN makes samples of several types.", "type_control", "dgn"),
    ("A DGN is simpler to train, having no adversary.", "stability", "dgn"),
    ("A DGN's samples may be more alike.", "diversity", "gan"),
)
NEEDS = (
    ("images as close to the real ones as possible", "quality"),
    ("variety", "diversity"),
    ("a type on demand", "type_control"),
    ("the smallest training bill", "cost"),
    ("a result that repeats", "stability"),
)


@dataclass(frozen=True)
class Answer:
    """A question, its answer in paragraphs, and rows (statement, finding, evidence).

    A text is a string, or a mapping from languages to strings.
    """

    question: str
    paragraphs: Sequence[str | Mapping[str, str]]
    rows: Sequence[tuple[Any, ...]] = field(default_factory=list)


def answers(
    cells: Sequence[Cell], verdict: Mapping[str, Any], *, types: int | None
) -> list[Answer]:
    """The three answers; they say so where only one family was run.

    ``types`` is the number of types of the dataset, if known.
    """
    pair = verdict["pairs"].get(verdict["headline"] or "")
    recommendation = verdict["recommendation"]
    if pair is None:
        difference = ["Only one family was run, so there is nothing to set against it."]
        claims, needs = [], []
    else:
        difference = [_gan_side(cells, pair), _dgn_side(cells, pair, types), _steps(cells, pair)]
        claims = [_claim(pair, *claim) for claim in CLAIMS]
        needs = [_need(pair, *need) for need in NEEDS]
    return [
        Answer("What is the difference between a GAN and a DGN?", difference),
        Answer(
            "What are their strengths and weaknesses?",
            ["What the article says of them, and what was measured here:"],
            claims,
        ),
        Answer(
            "How do I choose?",
            [recommendation["sentence"], recommendation["confidence"]],
            needs,
        ),
    ]


def cost_of(cells: Sequence[Cell], recipe: str, key: str) -> float:
    """The median over a recipe's finished runs of one entry of their cost, or NaN."""
    costs = [cell.cost.get(key) for cell in by_seed(cells, recipe).values() if not cell.failed]
    return median(np.array([np.nan if cost is None else cost for cost in costs], dtype=np.float64))


def _gan_side(cells: Sequence[Cell], pair: Mapping[str, Any]) -> str:
    own = cost_of(cells, pair["gan"], "generator_parameters")
    rest = cost_of(cells, pair["gan"], "training_parameters") - own
    return (
        f"The GAN (recipe {pair['gan']}) is one generator of {scaled(own)} parameters trained "
        f"against a discriminator of {scaled(rest)} parameters, which is thrown away afterwards."
    )


def _dgn_side(cells: Sequence[Cell], pair: Mapping[str, Any], types: int | None) -> str:
    own = cost_of(cells, pair["dgn"], "generator_parameters")
    rest = cost_of(cells, pair["dgn"], "training_parameters") - own
    count = f"{types} generators" if types else "generators"
    text = (
        f"The DGN (recipe {pair['dgn']}) is a set of {count} that share layers, one for each "
        f"type, {scaled(own)} parameters in all. It has no discriminator"
    )
    if rest > 0:
        return f"{text}; the {scaled(rest)} other parameters trained are no adversary's."
    return f"{text}: nothing else is trained."


def _steps(cells: Sequence[Cell], pair: Mapping[str, Any]) -> str:
    parts = [
        f"the {FAMILY_NAMES[family]} took {number(cost_of(cells, pair[family], 'steps'))} steps of "
        f"{scaled(cost_of(cells, pair[family], 'flops_per_step'), 'FLOPs')} and saw "
        f"{scaled(cost_of(cells, pair[family], 'images_seen'))} images"
        for family in FAMILIES
    ]
    return f"Within the same training FLOPs {parts[0]}, {parts[1]}."


def _claim(pair: Mapping[str, Any], statement: str, axis: str, winner: str) -> tuple[Any, ...]:
    result = pair["axes"][axis]
    finding = {winner: "holds here", "tie": "not shown", "inconclusive": "not shown"}
    return statement, finding.get(result["decision"], "the opposite here"), result["sentence"]


def _need(pair: Mapping[str, Any], need: str, axis: str) -> tuple[str, str, str]:
    decision = pair["axes"][axis]["decision"]
    if decision not in FAMILIES:
        return need, "either" if decision == "tie" else "not known yet", ""
    ruled_out = [veto["en"] for veto in pair["vetoes"][decision]]
    return need, FAMILY_NAMES[decision], f"but {'; '.join(ruled_out)}" if ruled_out else ""

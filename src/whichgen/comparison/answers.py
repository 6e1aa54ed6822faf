"""The three questions of the article's FAQ, answered with the figures of this comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from whichgen.comparison.axes import median
from whichgen.comparison.cells import FAMILIES, Cell, by_seed
from whichgen.comparison.phrases import Nouns, Text, clauses, phrase
from whichgen.comparison.wording import FAMILY_NAMES, number, scaled

# The axes that test what the article says of the families, and whom each must name.
CLAIMS = {
    "quality": "gan", "cost": "dgn", "type_control": "dgn", "stability": "dgn", "diversity": "gan",
}  # fmt: skip
NEEDS = ("quality", "diversity", "type_control", "cost", "stability")


@dataclass(frozen=True)
class Answer:
    """A question, its answer in paragraphs, and rows (statement, finding, evidence).

    Each text is a mapping from languages to strings.
    """

    question: Mapping[str, str]
    paragraphs: Sequence[Mapping[str, str]]
    rows: Sequence[Sequence[Mapping[str, str]]] = field(default_factory=list)


def answers(
    cells: Sequence[Cell],
    verdict: Mapping[str, Any],
    confidence: Mapping[str, str],
    nouns: Nouns,
    *,
    types: int | None,
) -> list[Answer]:
    """The three answers; they say so where only one family was run.

    ``types`` is the number of types of the dataset, if known.
    """
    pair = verdict["pairs"].get(verdict["headline"] or "")
    chosen = [verdict["recommendation"]["sentence"], confidence]
    if pair is None:
        return [
            _answer("difference", [phrase("answer.one_family")]),
            _answer("strengths", [phrase("answer.claims")]),
            Answer(vars(phrase("question.choice")), chosen),
        ]
    difference = [
        _gan_side(cells, pair),
        _dgn_side(cells, pair, types),
        _steps(cells, pair, nouns),
    ]
    claims = [_claim(pair, *claim) for claim in CLAIMS.items()]
    needs = [_need(pair, need, nouns) for need in NEEDS]
    return [
        _answer("difference", difference),
        _answer("strengths", [phrase("answer.claims")], claims),
        Answer(vars(phrase("question.choice")), chosen, needs),
    ]


def cost_of(cells: Sequence[Cell], recipe: str, key: str) -> float:
    """The median over a recipe's finished runs of one entry of their cost, or NaN."""
    costs = [cell.cost.get(key) for cell in by_seed(cells, recipe).values() if not cell.failed]
    return median(np.array([np.nan if cost is None else cost for cost in costs], dtype=np.float64))


def _answer(
    question: str, paragraphs: Sequence[Text], rows: Sequence[Sequence[Mapping[str, str]]] = ()
) -> Answer:
    return Answer(vars(phrase(f"question.{question}")), [vars(text) for text in paragraphs], rows)


def _parameters(cells: Sequence[Cell], recipe: str) -> tuple[float, float]:
    """Of the generator, and of all else that is trained."""
    own = cost_of(cells, recipe, "generator_parameters")
    return own, cost_of(cells, recipe, "training_parameters") - own


def _gan_side(cells: Sequence[Cell], pair: Mapping[str, Any]) -> Text:
    own, rest = _parameters(cells, pair["gan"])
    return phrase("answer.gan", recipe=pair["gan"], own=scaled(own), rest=scaled(rest))


def _dgn_side(cells: Sequence[Cell], pair: Mapping[str, Any], types: int | None) -> Text:
    own, rest = _parameters(cells, pair["dgn"])
    generators = (
        phrase("answer.generators", count=types) if types else phrase("answer.some_generators")
    )
    other = (
        phrase("answer.other_parameters", rest=scaled(rest))
        if rest > 0
        else phrase("answer.nothing_else")
    )
    return phrase(
        "answer.dgn", recipe=pair["dgn"], generators=generators, own=scaled(own), rest=other
    )


def _steps(cells: Sequence[Cell], pair: Mapping[str, Any], nouns: Nouns) -> Text:
    sides = {
        family: phrase(
            "answer.side",
            family=FAMILY_NAMES[family],
            steps=number(cost_of(cells, pair[family], "steps")),
            flops=scaled(cost_of(cells, pair[family], "flops_per_step"), "FLOPs"),
            seen=scaled(cost_of(cells, pair[family], "images_seen")),
            **nouns,
        )
        for family in FAMILIES
    }
    return phrase("answer.steps", **sides)


def _claim(pair: Mapping[str, Any], axis: str, winner: str) -> tuple[Mapping[str, str], ...]:
    result = pair["axes"][axis]
    known = {winner: "holds", "tie": "open", "inconclusive": "open"}
    finding = phrase(f"finding.{known.get(result['decision'], 'opposite')}")
    return vars(phrase(f"claim.{axis}")), vars(finding), result["sentence"]


def _need(pair: Mapping[str, Any], axis: str, nouns: Nouns) -> tuple[Mapping[str, str], ...]:
    decision, need = pair["axes"][axis]["decision"], vars(phrase(f"need.{axis}", **nouns))
    nothing = Text("", "")
    if decision not in FAMILIES:
        return need, vars(phrase(f"pick.{decision}")), vars(nothing)
    name = FAMILY_NAMES[decision]
    ruled_out = [Text(**veto) for veto in pair["vetoes"][decision]]
    but = phrase("pick.but", vetoes=clauses(ruled_out)) if ruled_out else nothing
    return need, vars(Text(name, name)), vars(but)

"""A model card for each recipe (Mitchell et al. 2019, Model Cards for Model Reporting)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from whichgen.comparison import sections
from whichgen.comparison.cells import Cell, by_seed
from whichgen.comparison.memorisation import memorisation
from whichgen.comparison.phrases import nouns_of
from whichgen.comparison.report import markdown, type_names
from whichgen.comparison.table import measured_table, score_table
from whichgen.comparison.wording import FAMILY_NAMES, listed, number, p_value, scaled


def model_cards(
    cells: Sequence[Cell],
    verdict: Mapping[str, Any],
    info: Mapping[str, Any],
    provenance: Mapping[str, Any],
) -> dict[str, str]:
    """Markdown by recipe: details, use, data, training, metrics with floors, limits, provenance."""
    recipes = dict.fromkeys(cell.recipe for cell in cells)
    return {recipe: _card(cells, recipe, verdict, info, provenance) for recipe in recipes}


def _card(
    cells: Sequence[Cell],
    recipe: str,
    verdict: Mapping[str, Any],
    info: Mapping[str, Any],
    provenance: Mapping[str, Any],
) -> str:
    own = [*by_seed(cells, recipe).values()]
    scores, nouns = score_table(own), nouns_of(info)
    copies = memorisation(own)
    return markdown(
        "model_card.md.j2",
        recipe=recipe,
        family=own[0].family,
        family_name=FAMILY_NAMES[own[0].family],
        verdict=verdict,
        vetoes=_vetoes(verdict, recipe),
        compared={term["en"]: text for term, text in sections.compared_rows(own, verdict, info)},
        types=listed(type_names(info)) or "unknown",
        uses_labels=own[0].uses_labels,
        seeds=listed([str(cell.seed) for cell in own]),
        failed=[cell for cell in own if cell.failed],
        budget=scaled(own[0].budget_flops, "FLOPs"),
        scores=sections.score_rows(scores, nouns),
        costs=sections.cost_rows(scores, measured_table(own), nouns),
        missing=sections.missing_rows(own),
        copies={
            "decision": copies["decision"],
            "share": number(copies["share"]),
            "floor": number(copies["floor"]),
            "p": p_value(copies["p_sign_flip"]),
        },
        **{part: text.en for part, text in nouns.items()},
        provenance=sections.provenance_rows(own, verdict, provenance),
    )


def _vetoes(verdict: Mapping[str, Any], recipe: str) -> list[Any]:
    """What rules the recipe out, each reason once, whichever pair found it."""
    found = []
    for pair in verdict["pairs"].values():
        for family, reasons in pair["vetoes"].items():
            if pair[family] == recipe:
                found += [reason for reason in reasons if reason not in found]
    return found

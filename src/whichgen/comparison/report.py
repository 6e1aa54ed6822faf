"""The comparison as one self-contained HTML page: no script, no network, light and dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from jinja2 import Environment, PackageLoader, StrictUndefined

from whichgen.comparison import cards, sections
from whichgen.comparison.answers import answers
from whichgen.comparison.cells import FAMILIES, Cell, by_seed, recipes_of
from whichgen.comparison.figures import (
    HEADLINE,
    distance_over_flops,
    distance_over_seconds,
    seed_dots,
)
from whichgen.comparison.pictures import Picture, drawing, grid, grids_by_type
from whichgen.comparison.table import measured_table, score_table
from whichgen.comparison.wording import FAMILY_NAMES, METRICS, scaled


def render_report(
    *,
    cells: Sequence[Cell],
    verdict: Mapping[str, Any],
    info: Mapping[str, Any],
    provenance: Mapping[str, Any],
    real: npt.NDArray[np.uint8] | None = None,
) -> str:
    """The report of one dataset as HTML text.

    Args:
        cells: the compared cells, failed ones included (the first list of ``comparable``).
        verdict: what ``decide`` made of these cells; it also names the cells left out.
        info: the dataset's ``info.json``.
        provenance: ``git_revision``, ``dirty``, ``python``, ``packages`` (name → version) and
            ``command``; further keys are shown as they are, missing ones as unknown.
        real: (N, C, H, W) uint8 held-out images in the order of the split, for the grid.
    """
    chosen = _shown_cells(cells, verdict)
    types = [str(name) for name in (info.get("types") or {}).get("names") or []]
    scores, pair = score_table(cells), verdict["pairs"].get(verdict["headline"] or "")
    dgn = chosen.get("dgn")
    return _template().render(
        verdict=verdict,
        family_names=FAMILY_NAMES,
        axes=cards.axis_cards(pair),
        pairs=cards.pair_rows(verdict),
        compared=sections.compared_rows(cells, verdict, info),
        scores=sections.score_rows(scores),
        told_apart=cards.told_apart_sentences(cells, pair),
        missing=sections.missing_rows(cells),
        dots=_dots(cells),
        curves=_curves(cells),
        crossings=cards.crossing_sentence(verdict, pair),
        grids=_grids(chosen, real),
        shown_seed=next((cell.seed for cell in chosen.values()), None),
        type_grids=grids_by_type(dgn, types) if dgn else [],
        type_rows=sections.type_rows(chosen, types),
        costs=sections.cost_rows(scores, measured_table(cells)),
        memorisation=cards.memorisation_rows(cells, pair),
        at_floor=cards.floor_sentence(cells, pair),
        answers=answers(cells, verdict, types=len(types) or None),
        provenance=sections.provenance_rows(cells, verdict, provenance),
        budget=scaled(verdict["budget_flops"], "FLOPs"),
    )


def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("whichgen", "comparison"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2")


def _shown_cells(cells: Sequence[Cell], verdict: Mapping[str, Any]) -> dict[str, Cell]:
    """One finished cell a family, of the headline recipes, at the first seed both finished."""
    pair = verdict["pairs"].get(verdict["headline"] or "", {})
    finished: dict[str, dict[int, Cell]] = {}
    for family in FAMILIES:
        recipe = pair.get(family) or next(iter(recipes_of(cells, family)), "")
        group = by_seed(cells, recipe)
        finished[family] = {seed: cell for seed, cell in group.items() if not cell.failed}
    shared = set(finished["gan"]) & set(finished["dgn"])
    return {family: group[min(shared or group)] for family, group in finished.items() if group}


def _dots(cells: Sequence[Cell]) -> list[Picture]:
    return [
        drawing(
            f"{METRICS[metric].name}: {METRICS[metric].meaning}",
            seed_dots(cells, metric),
        )
        for metric in HEADLINE
        if any(np.isfinite(cell.score(metric)) for cell in cells)
    ]


def _curves(cells: Sequence[Cell]) -> list[Picture]:
    return [
        drawing(caption, draw(cells))
        for caption, draw in (
            ("Validation distance against training FLOPs, the budget", distance_over_flops),
            ("The same against seconds on the machine it ran on", distance_over_seconds),
        )
    ]


def _grids(chosen: Mapping[str, Cell], real: npt.NDArray[np.uint8] | None) -> list[Picture]:
    found = [grid("Real, held out", real)]
    for family, cell in chosen.items():
        found.append(grid(f"{FAMILY_NAMES[family]} ({cell.recipe})", cell.samples))
    return [picture for picture in found if picture]

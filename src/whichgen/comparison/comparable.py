"""Which runs may be compared with each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from whichgen.comparison.cells import Cell, LeftOut

# What two runs must have in common to be compared; a failed run may lack the last two.
_SHARED = ("dataset", "data_hash", "budget_flops", "extractor_hash", "n")


def comparable(cells: Iterable[Cell]) -> tuple[list[Cell], list[LeftOut]]:
    """Keep the cells that share data, budget, extractor and sample size; list the others.

    The budget is what a run was allowed to spend: one that its own rule stopped has spent less.

    The most common combination among the finished cells is kept (a tie goes to the larger
    budget). Failed cells stay, as long as what they know of themselves agrees with it.
    Both lists are ordered by recipe and seed.
    """
    ordered = sorted(cells, key=lambda cell: (cell.recipe, cell.seed))
    voters = [cell for cell in ordered if not cell.failed] or ordered
    counts = Counter(_shared(cell) for cell in voters)
    if not counts:
        return [], []
    chosen = max(counts, key=lambda key: (counts[key], key[2], str(key)))
    kept: list[Cell] = []
    left_out: list[LeftOut] = []
    seen: set[tuple[str, int]] = set()
    for cell in ordered:
        reason = _difference(cell, chosen)
        if not reason and (cell.recipe, cell.seed) in seen:
            reason = "a second cell of the same recipe and seed"
        if reason:
            left_out.append(LeftOut(cell.recipe, cell.seed, reason))
        else:
            seen.add((cell.recipe, cell.seed))
            kept.append(cell)
    return kept, left_out


def _shared(cell: Cell) -> tuple[Any, ...]:
    return tuple(getattr(cell, name) for name in _SHARED)


def _difference(cell: Cell, chosen: tuple[Any, ...]) -> str:
    """What keeps the cell from being compared, or an empty string."""
    for name, own, other in zip(_SHARED, _shared(cell), chosen, strict=True):
        unknown = cell.failed and not own
        if own != other and not unknown:
            return f"stale: its {name} is {own}, the compared cells have {other}"
    return ""

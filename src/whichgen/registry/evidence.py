"""What a comparison left behind to decide a promotion by, and which cell it puts forward."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whichgen.comparison.cells import Cell, by_seed, recipe_names
from whichgen.comparison.curves import best_validation
from whichgen.comparison.memorisation import memorisation
from whichgen.comparison.phrases import Nouns, nouns_of
from whichgen.comparison.recommendation import vetoes
from whichgen.metrics.types import COVERED_AT
from whichgen.tracking.cell_files import REPORTS, CellFiles, read_cell

if TYPE_CHECKING:
    from whichgen.comparison.axes import BySeed

Rescore = Callable[[Path], Mapping[str, Any]]
"""The scores, on the present test images by the present judges, of the cell in a folder."""


class RefusedError(Exception):
    """Nothing may be promoted; the message says why and what would change it."""


@dataclass(frozen=True)
class Evidence:
    """The last comparison of one dataset.

    Attributes:
        project: the folder of the project. info: the dataset as it is packed now.
        verdict: of `cells`, the comparable ones. licence: the data's, None where it is not stated.
        rescore: for generators that the comparison has not scored.
    """

    project: Path
    dataset: str
    info: Mapping[str, Any]
    verdict: Mapping[str, Any]
    cells: Sequence[Cell]
    licence: str | None
    rescore: Rescore

    @property
    def nouns(self) -> Nouns:
        """What the dataset's samples are called."""
        return nouns_of(self.info)

    @property
    def folder(self) -> Path:
        """Where the comparison's files are."""
        return self.project / REPORTS / self.dataset / "comparison"


@dataclass(frozen=True)
class Candidate:
    """The cell to register, and the cells of its recipe by seed, failed ones included."""

    cell: Cell
    files: CellFiles
    siblings: BySeed

    @property
    def title(self) -> str:
        """For a person: `dgn, seed 3`."""
        return f"{self.cell.recipe}, seed {self.cell.seed}"


def choose_candidate(evidence: Evidence) -> Candidate:
    """The cell that the comparison puts forward.

    Its recipe is the one recommended. Where nothing is (a tie, a split, too few seeds) it is that
    of the headline's pair with the lower median validation distance. Of its seeds it is the one
    with the lowest validation distance: nothing is chosen on the test images.

    Raises:
        RefusedError: if neither family can be recommended, or nothing has finished.
    """
    recipe = _recipe(evidence)
    siblings = by_seed(evidence.cells, recipe)
    finished = [cell for cell in siblings.values() if not cell.failed]
    if not finished:
        raise RefusedError(f"every run of {recipe} failed")
    cell = min(finished, key=lambda cell: (_distance(cell), cell.seed))
    files = read_cell(evidence.project, (evidence.dataset, recipe, cell.seed))
    return Candidate(cell, files, siblings)


def check_vetoes(candidate: Candidate, evidence: Evidence) -> None:
    """Raises RefusedError, with every reason, if the candidate is ruled out whatever its scores."""
    reasons = _ruled_out(candidate, evidence)
    if reasons:
        raise RefusedError("; ".join(reasons))


def _recipe(evidence: Evidence) -> str:
    verdict = evidence.verdict
    choice, pair = verdict["recommendation"]["choice"], verdict["pairs"].get(verdict["headline"])
    if choice == "none":
        raise RefusedError(verdict["recommendation"]["sentence"]["en"])
    if choice in ("gan", "dgn"):
        return str(pair[choice])
    families = ("gan", "dgn") if pair else ()
    known = [pair[family] for family in families if not pair["vetoes"][family]]
    names = known or recipe_names(evidence.cells)
    return min(names, key=lambda name: (_median_distance(evidence.cells, name), name))


def _ruled_out(candidate: Candidate, evidence: Evidence) -> list[str]:
    cells = [*candidate.siblings.values()]
    found = [veto.en for veto in vetoes(cells, memorisation(cells), evidence.nouns)]
    missing = missing_types(candidate.cell, evidence.info)
    if missing:
        nouns = evidence.nouns["nouns"].en
        found.append(f"it makes no, or hardly any, {nouns} of type {', '.join(missing)}")
    if candidate.cell.data_hash != evidence.info["data_hash"]:
        found.append(
            f"it was trained on other data ({candidate.cell.data_hash}, now "
            f"{evidence.info['data_hash']}); run dvc repro"
        )
    if candidate.files.generator is None or not candidate.files.scores:
        found.append("its weights are not those that were scored, or are gone; run dvc repro")
    return found


def missing_types(cell: Cell, info: Mapping[str, Any]) -> list[str]:
    """The names of the types with less than a tenth of their real share among its images."""
    shares, real = cell.per_type.get("share", []), cell.per_type.get("real_share", [])
    return [
        name
        for name, made, wanted in zip(info["types"]["names"], shares, real, strict=False)
        if wanted and (made or 0.0) < COVERED_AT * wanted
    ]


def _median_distance(cells: Sequence[Cell], recipe: str) -> float:
    finished = sorted(_distance(c) for c in by_seed(cells, recipe).values() if not c.failed)
    return finished[(len(finished) - 1) // 2] if finished else math.inf


def _distance(cell: Cell) -> float:
    distance = best_validation(cell)
    return math.inf if math.isnan(distance) else distance

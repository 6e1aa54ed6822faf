"""The champion's cells, on the test images and by the judges of today."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from whichgen.comparison.cells import Cell, by_seed
from whichgen.forms import DEFAULT, form_of
from whichgen.registry.evidence import Evidence
from whichgen.registry.validation import (
    RECORD_FILE,
    WEIGHTS_FILE,
    cell_folder,
    sha256,
)
from whichgen.registry.versions import DamagedError, Registry, Version
from whichgen.tracking.cell_files import MODELS

if TYPE_CHECKING:
    from whichgen.comparison.axes import BySeed


class OutgrownError(Exception):
    """The champion cannot make what the data has now; the message says how they differ."""


def champion_cells(evidence: Evidence, registry: Registry, champion: Version) -> BySeed:
    """The cells of the champion's recipe by seed, among them the one that serves.

    Cells that the comparison itself has scored are taken from it. Of another comparison they are
    drawn from and scored anew; a seed other than the one that serves is left out if its files are
    damaged.

    Raises:
        DamagedError: if the files of the serving one are.
        OutgrownError: if its images have another size or other types than the data.
    """
    recipe = champion.tags["whichgen.recipe"]
    compared = by_seed(evidence.cells, recipe)
    folder = evidence.project / MODELS / evidence.dataset / recipe
    if all(
        seed in compared and _is(folder / str(seed) / WEIGHTS_FILE, cell["weights"])
        for seed, cell in champion.cells.items()
    ):
        return compared
    found: dict[int, Cell] = {}
    for seed, cell in champion.cells.items():
        try:
            found[seed] = _scored_anew(evidence, registry.download(cell["model"]), cell["weights"])
        except (DamagedError, OSError):
            if seed == champion.seed:
                raise
    return found


def _scored_anew(evidence: Evidence, model: Path, weights: str) -> Cell:
    folder = cell_folder(model, weights=weights)
    check_shape(json.loads((folder / RECORD_FILE).read_text()), evidence.info)
    return Cell.from_scores(evidence.rescore(folder))


def check_shape(record: Mapping[str, Any], info: Mapping[str, Any]) -> None:
    """Raises OutgrownError if a cell's record is of other sizes or types than the data."""
    made, modality = record["data"], "modality"
    for name, own, wanted in [
        (modality, made.get(modality, DEFAULT), info.get(modality, DEFAULT)),
        *((key, made.get(key), info[key]) for key in form_of(info).sizes),
        ("types", made["types"]["names"], info["types"]["names"]),
    ]:
        if own != wanted:
            raise OutgrownError(f"the champion's {name}: {own}, the data's: {wanted}")


def _is(path: Path, digest: str) -> bool:
    return path.is_file() and sha256(path) == digest

"""The cells of a sweep: which there are, what they are to agree with, which are finished."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whichgen.errors import WhichgenError
from whichgen.parameters import Family, Parameters
from whichgen.pipelines.extractor.nodes import check_judges, check_preparation
from whichgen.pipelines.training.nodes import choose_execution, specify_cell
from whichgen.tracking.cell_files import INPUTS, MODELS, OUTPUTS, REPORTS

HASHES = ("configuration_hash", "data_hash", "extractor_hash")
MODEL_FILES = ("generator.safetensors", "cell.json", "history.csv", "timing.csv", "measured.json")
OUTPUT_FILES = ("samples.safetensors", "features.safetensors", "grid.png", "grid_by_type.png")
SCORES = "scores.json"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One dataset × recipe × seed of the grid."""

    dataset: str
    recipe: str
    family: Family
    seed: int

    def __str__(self) -> str:
        return f"{self.recipe} on {self.dataset}, seed {self.seed}"

    @property
    def path(self) -> Path:
        """dataset/recipe/seed."""
        return Path(self.dataset, self.recipe, str(self.seed))

    @property
    def results(self) -> tuple[Path, Path, Path]:
        """The folders of models, outputs and scores, below a project."""
        scores = REPORTS / self.dataset / "cells" / self.recipe / str(self.seed)
        return MODELS / self.path, OUTPUTS / self.path, scores

    @property
    def command(self) -> tuple[str, ...]:
        """The arguments of `kedro` that train and score it."""
        return (
            "run",
            f"--pipelines={self.family},evaluation",
            f"--to-outputs={self.family}_scores,{self.family}_grid",
            "--params",
            f"dataset={self.dataset},recipe={self.recipe},seed={self.seed}",
        )


def grid(
    parameters: Parameters, datasets: Sequence[str], recipes: Sequence[str], seeds: Sequence[int]
) -> list[Cell]:
    """Every dataset × seed × recipe, an empty axis as in `parameters.sweep`.

    Raises:
        WhichgenError: if a dataset or recipe is not known.
    """
    sweep = parameters.sweep
    datasets = datasets or sweep.datasets
    recipes = recipes or [*sweep.gan_recipes, *sweep.dgn_recipes]
    for key, names, known in (
        ("dataset", datasets, sorted(parameters.datasets)),
        ("recipe", recipes, sorted(parameters.recipes)),
    ):
        for name in names:
            if name not in known:
                raise WhichgenError(f"--{key}: '{name}' is not one of {', '.join(known)}")
    return [
        Cell(dataset=d, recipe=r, family=parameters.recipes[r].family, seed=s)
        for d in dict.fromkeys(datasets)
        for s in dict.fromkeys(seeds or sweep.seeds)
        for r in dict.fromkeys(recipes)
    ]


def prepared(project: Path, dataset: str) -> bool:
    """Whether the dataset is packed and has its judge and floors; they may be out of date."""
    needed = [INPUTS / dataset / "info.json", MODELS / dataset / "extractor.json"]
    needed.append(Path("data/04_feature") / dataset / "floors.json")
    return all((project / path).is_file() for path in needed)


def wanted_hashes(project: Path, parameters: Parameters, cell: Cell) -> dict[str, str]:
    """What a finished cell's records say where it fits the present configuration and data.

    Raises:
        WhichgenError: if the dataset was packed, or its judge fitted, by another configuration.
    """
    dataset = parameters.datasets[cell.dataset]
    info = _json(project / INPUTS / cell.dataset / "info.json")
    card = _json(project / MODELS / cell.dataset / "extractor.json")
    check_judges(card, check_preparation(dataset, info), dataset)
    spec = specify_cell(
        cell.recipe,
        dict(parameters.recipes),
        cell.seed,
        parameters.budget,
        dataset,
        info,
        card,
        # By what pays on the machine that plans, which may have no GPU: so not by its device.
        choose_execution("auto", parameters.precision, parameters.compile, parameters.cuda_graph),
    )
    return dict(zip(HASHES, (spec.hash(), spec.data_hash, spec.extractor_hash), strict=True))


def finished(root: Path, cell: Cell, wanted: dict[str, str]) -> bool:
    """Whether all results of the cell are below `root` and made from what is wanted."""
    models, outputs, scores = (root / folder for folder in cell.results)
    files = [*(models / name for name in MODEL_FILES), *(outputs / name for name in OUTPUT_FILES)]
    if not all(path.is_file() for path in (*files, scores / SCORES)):
        return False
    records = _json(models / "cell.json"), _json(scores / SCORES)
    return all(record.get(key) == wanted[key] for record in records for key in HASHES)


def _json(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text()))

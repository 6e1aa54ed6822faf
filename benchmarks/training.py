"""A whole training of one cell, as the product does it, that leaves no files behind."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from benchmarks.workloads import prepared
from whichgen.parameters import Execution
from whichgen.pipelines.extractor.nodes import rebuild_extractor
from whichgen.training.cell import train_cell
from whichgen.training.checkpoints import Checkpoints
from whichgen.training.spec import CellSpec


def train_once(
    dataset: str,
    family: str,
    seed: int,
    execution: Execution,
    *,
    budget: float | None,
    device: torch.device,
) -> dict[str, Any]:
    """What the family's default recipe reached at its last validation, and what it took.

    Args:
        budget: training FLOPs; None for the dataset's own.
    """
    with prepared(dataset) as (parameters, catalog):
        names = ("extractor_weights", "extractor_card", "info", "train", "validation")
        weights, card, info, train, validation = (catalog.load(name) for name in names)
    options = parameters.datasets[dataset]
    name = parameters.default_recipes[family]
    spec = CellSpec(
        dataset=dataset,
        name=name,
        seed=seed,
        recipe=parameters.recipes[name],
        trunk=options.trunk,
        budget_flops=budget or options.budget,
        data_hash=info["data_hash"],
        extractor_hash=card["extractor_hash"],
        execution=execution,
    )
    with TemporaryDirectory() as folder:
        trained, _, measured = train_cell(
            spec,
            train_split={key: tensor.to(device) for key, tensor in train.items()},
            validation_split=validation,
            info=info,
            extractor=rebuild_extractor(weights, card, info, options).to(device),
            live=Path(folder) / "live",
            checkpoints=Checkpoints(Path(folder) / "checkpoints", spec.identity()),
        )
    last = [row for row in trained.history if "validation_fd" in row][-1]
    figures = ("step", "validation_fd", "validation_coverage")
    return measured | {name: last[name] for name in figures} | {"error": trained.error}

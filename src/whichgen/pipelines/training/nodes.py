"""From parameters to a cell's specification; from that to a trained generator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from whichgen.errors import WhichgenError
from whichgen.parameters import Dataset, Execution, ExecutionOptions, parse_recipes

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

    from whichgen.networks import Judge
    from whichgen.training.packed import Rest
    from whichgen.training.spec import CellSpec


def choose_execution(device: str, precision: str, compile: str, cuda_graph: str) -> Execution:
    """How steps are computed on the device: as asked for, or what pays there."""
    from whichgen.training.devices import choose_device
    from whichgen.training.execution import resolve

    options = ExecutionOptions.model_validate(
        {"precision": precision, "compile": compile, "cuda_graph": cuda_graph}
    )
    return resolve(options, choose_device(device))


def choose_recipe(recipe: str | None, default: str, recipes: dict[str, Any]) -> str:
    """The name of the chosen recipe, or of the family's default one.

    It needs no data, so that a wrong one is refused before any are prepared.

    Raises:
        WhichgenError: if the chosen recipe is not of the default one's family.
    """
    name = recipe or default
    family = recipes[name]["family"]
    if family != recipes[default]["family"]:
        raise WhichgenError(
            f"recipe: '{name}' is of the family {family}; "
            f"run: kedro run --pipelines={family} --params recipe={name}"
        )
    return name


def specify_cell(
    name: str,
    recipes: dict[str, Any],
    seed: int,
    budget: float | None,
    dataset: Dataset,
    info: dict[str, Any],
    card: dict[str, Any],
    execution: Execution,
) -> CellSpec:
    """The cell of the recipe of that name.

    Raises:
        WhichgenError: if it names a network that is not one of the dataset's modality.
    """
    from whichgen.networks import with_networks
    from whichgen.training.spec import CellSpec

    return CellSpec(
        dataset=info["name"],
        name=name,
        seed=seed,
        recipe=with_networks(parse_recipes(recipes)[name], info),
        trunk=dataset.trunk,
        budget_flops=float(budget or dataset.budget),
        data_hash=info["data_hash"],
        extractor_hash=card["extractor_hash"],
        execution=execution,
    )


def train_generator(
    spec: CellSpec,
    train: dict[str, Tensor],
    validation: dict[str, Tensor],
    info: dict[str, Any],
    extractor: Judge,
    device: str,
    live_folder: Path,
    checkpoints_folder: Path,
    checkpoints: dict[str, Any],
    packed_folder: Path,
    data: Rest,
    devices: int,
    nodes: int,
) -> tuple[dict[str, Tensor], dict[str, Any], pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Train the cell: weights, record, history, and, measured, timing and cost.

    While it runs, `live_folder` holds what can be watched (see `training.live.LiveFiles`), and
    `checkpoints_folder` the last states, saved as `checkpoints` says; a run goes on from them.
    More than one device, here or on several nodes, is trained on by processes of their own, which
    read the splits from `packed_folder`.
    """
    import pandas as pd

    from whichgen.training.cell import train_cell
    from whichgen.training.checkpoints import Checkpoints
    from whichgen.training.devices import choose_device
    from whichgen.training.job import Job, Results
    from whichgen.training.launch import train_on_devices

    if devices * nodes > 1:
        job = Job(
            spec=spec, info=info, device=device, data=packed_folder, rest=data,
            live=live_folder, checkpoints=checkpoints_folder, saving=checkpoints,
        )  # fmt: skip
        results = train_on_devices(job, extractor, devices=devices, nodes=nodes)
    else:
        where = choose_device(device)
        trained, record, measured = train_cell(
            spec,
            train_split={name: tensor.to(where) for name, tensor in train.items()},
            validation_split=validation,
            info=info,
            extractor=extractor.to(where),
            live=live_folder,
            checkpoints=Checkpoints(checkpoints_folder, spec.identity(), **checkpoints),
        )
        results = Results.of(trained, record, measured)
    history = pd.DataFrame(results.history)
    steps = [row["step"] for row in results.history]
    timing = pd.DataFrame({"step": steps, "seconds": results.seconds})
    return results.weights, results.record, history, timing, results.measured

"""Cells that are trained to be looked at on validation, and removed again."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.framework.project import configure_project

from whichgen.runner import ReusingSession

ROOT = Path(__file__).parents[1]


def nested(settings: Mapping[str, Any]) -> dict[str, Any]:
    """{"a.b": 1} as {"a": {"b": 1}}."""
    tree: dict[str, Any] = {}
    for key, value in settings.items():
        *path, last = key.split(".")
        branch = tree
        for part in path:
            branch = branch.setdefault(part, {})
        branch[last] = value
    return tree


def in_project() -> None:
    """Be ready to run pipelines of this project, unseen by MLflow."""
    os.environ["WHICHGEN_TRACKING"] = "off"
    os.chdir(ROOT)
    configure_project("whichgen")


@contextmanager
def trained_cell(
    plan: Mapping[str, Any], recipe: str, settings: Mapping[str, Any], seed: int
) -> Iterator[Path]:
    """Train one cell of the plan's dataset and budget; its folder, which is removed at the end.

    If it stayed it would count as a change of what dvc.yaml compares.
    """
    parameters = {
        "dataset": plan["dataset"],
        "seed": seed,
        "budget": plan["budget"],
        "recipe": recipe,
        "recipes": {recipe: nested(settings)},
    }
    with ReusingSession.create(ROOT, runtime_params=parameters) as session:
        family = session.load_context().params["recipes"][recipe]["family"]
        session.run(pipeline_names=[family])
    folder = ROOT / "data/06_models" / plan["dataset"] / recipe / str(seed)
    yield folder
    shutil.rmtree(folder)


def looks(folder: Path) -> pd.DataFrame:
    """The rows of a cell's history at which it was validated."""
    return pd.read_csv(folder / "history.csv").dropna(subset="validation_fd")

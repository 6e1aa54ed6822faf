"""Run a plan of tuning trials of `trials.yml` and print what each reached on validation.

    python benchmarks/trials.py digits

Each trial is a `kedro run` of one cell per seed, whose folder is removed again; test data is not
touched. A plan gives every one of its recipes equally many trials.
"""

import argparse
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from kedro.framework.project import configure_project

from whichgen.runner import ReusingSession

SEEDS = [900]
ROOT = Path(__file__).parents[1]
Row = dict[str, Any]


def nested(settings: dict[str, Any]) -> dict[str, Any]:
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
    plan: Mapping[str, Any], recipe: str, settings: dict[str, Any], seed: int
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


def run_cell(plan: Mapping[str, Any], recipe: str, settings: dict[str, Any], seed: int) -> Row:
    """A cell's best validation and what it took."""
    with trained_cell(plan, recipe, settings, seed) as folder:
        rows = looks(folder)
        seconds = json.loads((folder / "measured.json").read_text())["seconds"]
    best = rows.loc[rows["validation_fd"].idxmin()]
    return {
        "steps": rows["step"].max(),
        "validation FD": best["validation_fd"],
        "validation coverage": best["validation_coverage"],
        "seconds": seconds,
    }


def run_trial(plan: Mapping[str, Any], recipe: str, settings: dict[str, Any]) -> Row:
    """The medians over the plan's seeds."""
    cells = [run_cell(plan, recipe, settings, seed) for seed in plan.get("seeds", SEEDS)]
    middle = pd.DataFrame(cells).median()
    return {
        "recipe": recipe,
        "changed": ", ".join(f"{k.split('.')[-1]} {v}" for k, v in settings.items()),
        "steps": int(middle["steps"]),
        "validation FD": round(float(middle["validation FD"]), 2),
        "validation coverage": round(float(middle["validation coverage"]), 3),
        "seconds": round(float(middle["seconds"])),
    }


def main() -> None:
    """Run every trial of one plan, the recipes in turn, and print a Markdown table."""
    plans = yaml.safe_load((ROOT / "benchmarks/trials.yml").read_text())
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", choices=plans)
    plan = plans[parser.parse_args().plan]
    in_project()
    rows = [
        run_trial(plan, recipe, change)
        for changes in zip(*plan["trials"].values(), strict=True)
        for recipe, change in zip(plan["trials"], changes, strict=True)
    ]
    table = pd.DataFrame(rows).sort_values(["recipe", "validation FD"])
    seeds = len(plan.get("seeds", SEEDS))
    print(f"{plan['dataset']}, {plan['budget']:g} training FLOPs a trial, seeds: {seeds}\n")
    print("| " + " | ".join(table.columns) + " |")
    print("|" + " --- |" * len(table.columns))
    for row in table.itertuples(index=False):
        print("| " + " | ".join(str(value) for value in row) + " |")


if __name__ == "__main__":
    main()

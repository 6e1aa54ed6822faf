"""Run a plan of tuning trials of `trials.yml` and print what each reached on validation.

    python -m benchmarks.trials digits

Each trial is a `kedro run` of one cell per seed, whose folder is removed again; test data is not
touched. A plan gives every one of its recipes equally many trials.
"""

import argparse
import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import yaml

from benchmarks.cells import ROOT, in_project, looks, trained_cell
from benchmarks.markdown import figure, table

SEEDS = [900]
Row = dict[str, Any]


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
        "validation FD": float(middle["validation FD"]),
        "validation coverage": round(float(middle["validation coverage"]), 3),
        "seconds": round(float(middle["seconds"])),
    }


def tabulate(rows: list[Row]) -> str:
    """A Markdown table, the best of each recipe first; distances to three significant digits."""
    frame = pd.DataFrame(rows).sort_values(["recipe", "validation FD"])
    frame["validation FD"] = frame["validation FD"].map(figure)
    return table(list(frame.columns), frame.astype(str).to_numpy().tolist())


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
    seeds = len(plan.get("seeds", SEEDS))
    print(f"{plan['dataset']}, {plan['budget']:g} training FLOPs a trial, seeds: {seeds}\n")
    print(tabulate(rows))


if __name__ == "__main__":
    main()

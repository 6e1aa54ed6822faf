"""Run the tuning trials of `trials.yml` and print what each reached on validation.

    python benchmarks/trials.py digits

Each trial is a `kedro run` of one cell, seed 900, whose folder is removed again; test data is not
touched.
"""

import argparse
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from kedro.framework.project import configure_project

from whichgen.runner import ReusingSession

SEED = 900
ROOT = Path(__file__).parents[1]


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


def run_trial(dataset: str, family: str, settings: dict[str, Any], budget: float) -> dict[str, Any]:
    """Train one cell; its best validation distance and what it took."""
    parameters = {
        "dataset": dataset,
        "seed": SEED,
        "budget": budget,
        "recipe": family,
        "recipes": {family: nested(settings)},
    }
    with ReusingSession.create(ROOT, runtime_params=parameters) as session:
        session.run(pipeline_names=[family])
    folder = ROOT / "data/06_models" / dataset / family / str(SEED)
    looks = pd.read_csv(folder / "history.csv").dropna(subset="validation_fd")
    best = looks.loc[looks["validation_fd"].idxmin()]
    seconds = round(json.loads((folder / "measured.json").read_text())["seconds"])
    shutil.rmtree(folder)  # else the trial would count as a change of what dvc.yaml compares
    return {
        "family": family,
        "changed": ", ".join(f"{k.split('.')[-1]} {v}" for k, v in settings.items()),
        "steps": int(looks["step"].max()),
        "validation FD": round(float(best["validation_fd"]), 2),
        "validation coverage": round(float(best["validation_coverage"]), 3),
        "seconds": seconds,
    }


def main() -> None:
    """Run every trial of one dataset, the families in turn, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset")
    dataset = parser.parse_args().dataset
    os.environ["WHICHGEN_TRACKING"] = "off"
    os.chdir(ROOT)
    configure_project("whichgen")
    plan = yaml.safe_load((ROOT / "benchmarks/trials.yml").read_text())[dataset]
    rows = [
        run_trial(dataset, family, change, plan["budget"])
        for changes in zip(plan["gan"], plan["dgn"], strict=True)
        for family, change in zip(("gan", "dgn"), changes, strict=True)
    ]
    table = pd.DataFrame(rows).sort_values(["family", "validation FD"])
    print(f"{dataset}, {plan['budget']:g} training FLOPs a trial, one seed\n")
    print("| " + " | ".join(table.columns) + " |")
    print("|" + " --- |" * len(table.columns))
    for row in table.itertuples(index=False):
        print("| " + " | ".join(str(value) for value in row) + " |")


if __name__ == "__main__":
    main()

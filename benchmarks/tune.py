"""Try values of a recipe, as `tuning.yml` says, and say which did best on validation.

    python -m benchmarks.tune gan

Optuna proposes them; a trial trains one cell per seed, and its value is the median of their best
validation distances. Test data is not touched, and no recipe is edited. Every recipe gets as many
trials, failed trainings counted. Stopped or killed, the same command goes on. `make tune` runs it
by DVC for every recipe of the file.
"""

import argparse
import hashlib
import json
import math
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import click
import pandas as pd
import yaml

from benchmarks.cells import ROOT, in_project, looks, nested, trained_cell
from benchmarks.markdown import table
from benchmarks.tuning_plan import Tuning, read_tuning, shipped_values
from benchmarks.tuning_study import Outcome, TrialStudy
from whichgen.errors import WhichgenError
from whichgen.parameters import Parameters
from whichgen.runner import ReusingSession
from whichgen.training.process import only_process
from whichgen.training.spec import code_hash

STUDIES, RESULTS = ROOT / "benchmarks/results/tuning", ROOT / "benchmarks/tuning"


def train_cell(tuning: Tuning, recipe: str, values: Mapping[str, Any], seed: int) -> Outcome:
    """One cell's best validation; a training that failed has none."""
    plan = {"dataset": tuning.dataset, "budget": tuning.budgets[tuning.dataset]}
    with trained_cell(plan, recipe, values, seed) as folder:
        cell = json.loads((folder / "cell.json").read_text())
        steps = cell["cost"]["steps"]
        if cell["status"] == "failed":
            return Outcome(math.inf, None, steps)
        rows = looks(folder)
    best = rows.loc[rows["validation_fd"].idxmin()]
    return Outcome(float(best["validation_fd"]), float(best["validation_coverage"]), steps)


def train_trial(tuning: Tuning, recipe: str, values: Mapping[str, Any]) -> Outcome:
    """The medians over the seeds; of coverage, over those that did not fail."""
    cells = [train_cell(tuning, recipe, values, seed) for seed in tuning.seeds]
    value = median(cell.value for cell in cells)
    covered = [cell.coverage for cell in cells if cell.coverage is not None]
    return Outcome(
        value,
        median(covered) if math.isfinite(value) else None,
        round(median(cell.steps for cell in cells)),
    )


def identity(tuning: Tuning, recipe: str, parameters: Parameters) -> str:
    """Names all that decides what a trial comes to, so that a change of it begins anew.

    Data and judge are made first where they are missing.
    """
    files = ("05_model_input/{}/info.json", "06_models/{}/extractor.json")
    info, card = (ROOT / "data" / name.format(tuning.dataset) for name in files)
    if not (info.exists() and card.exists()):
        changes = {"dataset": tuning.dataset}
        with ReusingSession.create(ROOT, runtime_params=changes) as session:
            session.run(pipeline_names=["extractor"])
    decides = {
        **tuning.model_dump(mode="json", include={"dataset", "seeds", "seed"}),
        "space": {key: space.model_dump() for key, space in tuning.spaces[recipe].items()},
        "budget": tuning.budgets[tuning.dataset],
        "recipe": parameters.recipes[recipe].model_dump(mode="json"),
        "trunk": parameters.datasets[tuning.dataset].trunk.model_dump(mode="json"),
        "data_hash": json.loads(info.read_text())["data_hash"],
        "extractor_hash": json.loads(card.read_text())["extractor_hash"],
        "code": code_hash(),
    }
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:16]


def tune(tuning: Tuning, recipe: str, parameters: Parameters) -> pd.DataFrame:
    """Make the recipe's missing trials; all of them, see `TrialStudy.table`."""
    path = STUDIES / tuning.dataset / f"{recipe}.db"
    with only_process(path.with_suffix(".lock"), f"trials of {recipe} on {tuning.dataset}"):
        study = TrialStudy(
            path,
            identity(tuning, recipe, parameters),
            tuning.spaces[recipe],
            shipped_values(tuning, recipe, parameters),
            tuning.seed,
        )
        there, title = len(study.finished()), f"{recipe} on {tuning.dataset}"
        print(f"{title}: {there} of {tuning.trials} trials are there", flush=True)
        for done in study.run(tuning.trials, partial(train_trial, tuning, recipe)):
            distances = study.table(done)["validation_fd"]
            print(
                f"{title}, trial {done} of {tuning.trials}: validation FD "
                f"{_cell(distances.iloc[-1])}, best {_cell(distances.min())}; "
                f"kept in {path.relative_to(ROOT)}",
                flush=True,
            )
        return study.table(tuning.trials)


def summary(trials: pd.DataFrame, keys: list[str]) -> dict[str, Any]:
    """The best trial, and how many there were and failed; without a best one if all failed."""
    counts = {"trials": len(trials), "failed": int((trials["state"] == "failed").sum())}
    if counts["failed"] == counts["trials"]:
        return counts
    best = trials.to_dict("records")[int(trials["validation_fd"].argmin())]
    figures = ("trial", "validation_fd", "validation_coverage", "steps")
    return counts | {name: best[name] for name in figures} | {"values": {k: best[k] for k in keys}}


def page(trials: pd.DataFrame, best: Mapping[str, Any], recipe_file: Path) -> str:
    """All trials as a Markdown table, best first, and what to write into the recipe."""
    ranked = trials.sort_values("validation_fd", na_position="last")
    rows = [[_cell(value) for value in row] for row in ranked.itertuples(index=False)]
    lines = [table([name.split(".")[-1] for name in ranked.columns], rows), ""]
    if "values" not in best:
        return "\n".join([*lines, "Every trial failed: widen the space, or lower its rates."])
    changes = yaml.safe_dump(
        {"recipes": {recipe_file.stem: nested(best["values"])}}, default_flow_style=None
    )
    return "\n".join([*lines, f"Best: trial {best['trial']}. In {recipe_file}:", "", changes])


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}" if math.isfinite(value) else "none"
    return str(value)


def main() -> None:
    """Tune one recipe of `tuning.yml`; print its page, write its table and its best values."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", help="one of the spaces of benchmarks/tuning.yml")
    recipe = parser.parse_args().recipe
    in_project()
    try:
        tuning, parameters = read_tuning()
        if recipe not in tuning.spaces:
            parser.error(f"'{recipe}' is not one of {', '.join(tuning.spaces)}")
        trials = tune(tuning, recipe, parameters)
    except (WhichgenError, click.ClickException) as error:
        sys.exit(f"tune: {error}")
    best = summary(trials, list(tuning.spaces[recipe]))
    folder = RESULTS / tuning.dataset / recipe
    folder.mkdir(parents=True, exist_ok=True)
    trials.to_csv(folder / "trials.csv", index=False)
    (folder / "best.json").write_text(json.dumps(best, indent=2) + "\n")
    family = parameters.recipes[recipe].family
    print(page(trials, best, Path(f"conf/base/parameters/recipes/{family}/{recipe}.yml")))
    print(f"Results: {folder.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

"""What everything around the training costs: Kedro, MLflow, history, validation, previews.

    python -m benchmarks.overhead --dataset fashion_mnist --seconds 300

The same steps are trained in pairs: by the bare loop, which is the update and the averaged weights
alone, in a process of its own, which imports torch and takes the data, as any script would; and by
`kedro run --pipelines=dgn` as a user types it, with MLflow fed and waited for, in a copy of the
project. The budget is such that the bare loop takes the seconds asked for. What the command takes
more, as a share of the bare process, is in three parts: in the loop (history, progress,
checkpoints, the process that feeds MLflow beside it); validation, which is timed alone; and the
rest (Kedro's start, data, previews, results, the last of MLflow).
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from benchmarks.interleave import interleaved, spread, times_in
from benchmarks.isolation import in_own_process
from benchmarks.markdown import quartiles, table
from benchmarks.workloads import ROOT, SEED, BareLoop, Workload, load_validator, load_workload
from whichgen.training.devices import choose_device
from whichgen.training.flops import count_flops
from whichgen.training.update import Update

TRIED = 20  # steps that are timed to see how long one takes
PREPARED = ("03_primary", "04_feature", "05_model_input")
PARTS: dict[str, Callable[[Mapping[str, float]], float]] = {
    "in the loop": lambda run: run["loop"] - run["bare loop"],
    "validation": lambda run: run["validation"],
    "the rest": lambda run: (
        run["command"] - run["bare"] - (run["loop"] - run["bare loop"]) - run["validation"]
    ),
    "in all": lambda run: run["command"] - run["bare"],
    "in all but validation": lambda run: run["command"] - run["bare"] - run["validation"],
}
"""Seconds that the whole command takes more than the bare process, by what they are for."""


@dataclass(frozen=True)
class Size:
    """How much is trained: steps, and the budget in FLOPs that pays for just these."""

    steps: int
    budget: int


def measure(workload: Workload, update: Update, seconds: float, pairs: int) -> dict[str, Any]:
    """Seconds and shares of both ways, over the pairs; `update` is trained to set the budget."""
    size = size_for(workload, update, seconds)
    validation = validation_seconds(workload, update)
    runs = []
    for _ in range(pairs):
        began = perf_counter()
        loop = in_own_process(bare_seconds, workload, size.steps)
        bare = {"bare": perf_counter() - began, "bare loop": loop}
        runs.append(bare | command_seconds(workload.dataset, size) | {"validation": validation})
    return {
        "steps": size.steps,
        "pairs": pairs,
        "seconds": {way: spread([run[way] for run in runs]) for way in runs[0]},
        "shares": {
            part: spread([more(run) / run["bare"] for run in runs]) for part, more in PARTS.items()
        },
    }


def size_for(workload: Workload, update: Update, seconds: float) -> Size:
    """How many steps take that long, preparation included, and what they cost."""
    flops = count_flops(partial(update.step, 0))
    loop = BareLoop(update, workload.recipes["dgn"].training.ema_decay)
    left = seconds - update.setup_seconds
    steps = TRIED * times_in(left, lambda times: loop.train(TRIED * times))
    return Size(steps, update.setup_flops + steps * flops)


def bare_seconds(workload: Workload, steps: int) -> float:
    """What the preparation and so many steps take, and nothing else."""
    choose_device("cpu")
    update = workload.update("dgn")
    loop = BareLoop(update, workload.recipes["dgn"].training.ema_decay)
    began = perf_counter()
    loop.train(steps)
    return update.setup_seconds + perf_counter() - began


def validation_seconds(workload: Workload, update: Update) -> float:
    """What all validations of a training take."""
    training = workload.recipes["dgn"].training
    validate = load_validator(workload.dataset, training.validation_images)
    once = interleaved({"": partial(validate, update.generator)}, rounds=3)[""]
    return training.validations * median(once)


def command_seconds(dataset: str, size: Size) -> dict[str, float]:
    """What `kedro run` takes for the same steps: the whole command, and the loop in it."""
    with TemporaryDirectory() as folder:
        project = copy_project(Path(folder), dataset)
        environment = os.environ | {"WHICHGEN_TRACKING": "required"}  # else it may outlive the run
        environment.pop("MLFLOW_TRACKING_URI", None)  # MLflow's files stay in the copy
        parameters = f"dataset={dataset},seed={SEED},device=cpu,budget={size.budget}"
        command = [sys.executable, "-m", "kedro", "run", "--pipelines=dgn", "--params", parameters]
        began = perf_counter()
        subprocess.run(command, cwd=project, env=environment, check=True, stdout=sys.stderr)
        whole = perf_counter() - began
        (cell,) = (project / "data/06_models" / dataset).glob("*/*/cell.json")
        steps = json.loads(cell.read_text())["cost"]["steps"]
        if steps != size.steps:
            raise RuntimeError(f"kedro run made {steps} steps, the bare loop {size.steps}")
        measured = json.loads((cell.parent / "measured.json").read_text())
    return {"loop": measured["seconds"], "command": whole}


def copy_project(folder: Path, dataset: str) -> Path:
    """The project and the prepared dataset, without results and settings of this machine."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copytree(ROOT / "src", folder / "src")
    shutil.copytree(ROOT / "conf", folder / "conf", ignore=shutil.ignore_patterns("local"))
    (folder / "conf/local").mkdir()
    for layer in PREPARED:
        shutil.copytree(ROOT / "data" / layer / dataset, folder / "data" / layer / dataset)
    (folder / "data/06_models" / dataset).mkdir(parents=True)
    for judge in (ROOT / "data/06_models" / dataset).glob("extractor.*"):
        shutil.copy(judge, folder / "data/06_models" / dataset)
    return folder


def report(record: Mapping[str, Any]) -> str:
    """Seconds and shares as two Markdown tables."""
    ways = [f"{way}, s" for way in record["seconds"]]
    seconds = [quartiles(taken) for taken in record["seconds"].values()]
    shares = [[part, quartiles(share, 100)] for part, share in record["shares"].items()]
    return (
        table(["steps", *ways], [[f"{record['steps']:,}", *seconds]])
        + "\n\n"
        + table(["more than the bare process", "%"], shares)
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", default="fashion_mnist")
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--pairs", type=int, default=1)
    arguments = parser.parse_args()
    workload = load_workload(arguments.dataset)
    print(report(measure(workload, workload.update("dgn"), arguments.seconds, arguments.pairs)))


if __name__ == "__main__":
    main()

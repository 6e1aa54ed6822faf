"""The training engine's benchmark: all of docs/benchmarks.md in one run.

    python -m benchmarks.engine --dataset fashion_mnist

Prints Markdown as each part is done; writes all figures to a JSON file and draws them. Run it on a
machine that does nothing else; it takes a quarter of an hour on two cores, most of it for the
five-minute training and its bare loop.
"""

import argparse
import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from benchmarks import many_generators, overhead, peaks, recipes
from benchmarks.engine_picture import draw
from benchmarks.workloads import ROOT, load_workload
from whichgen.parameters import DgnRecipe


def measure(dataset: str, *, rounds: int, seconds: float, pairs: int) -> dict[str, Any]:
    """All results, each part printed when it is there."""
    results: dict[str, Any] = {"dataset": dataset, "machine": machine()}
    print(describe(results), flush=True)
    workload = load_workload(dataset)
    updates = {family: workload.update(family) for family in workload.recipes}
    rates = peaks.measure(peaks.operations_in(updates.values()), rounds)
    results["peaks"] = [rate.record() for rate in rates]
    _print("The machine's peak", peaks.report(rates))
    results["recipes"] = recipes.measure(workload, updates, rates, rounds)
    _print("Training, beside the peak and the textbook", recipes.report(results["recipes"]))
    recipe = workload.recipes["dgn"]
    assert isinstance(recipe, DgnRecipe)
    results["many_generators"] = many_generators.measure(
        recipe, workload.trunk, workload.info, rounds=3
    )
    _print("Many generators", many_generators.report(results["many_generators"]))
    results["overhead"] = overhead.measure(workload, updates["dgn"], seconds, pairs)
    _print("Around the training", overhead.report(results["overhead"]))
    return results


def machine() -> dict[str, Any]:
    """What the figures depend on besides the code."""
    return {
        "processor": platform.machine(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "load_before": os.getloadavg()[0],
    }


def describe(results: Mapping[str, Any]) -> str:
    """The machine in a sentence."""
    here = results["machine"]
    return (
        f"{results['dataset']}; {here['processor']} ({here['capability']}), {here['cores']} cores, "
        f"{here['threads']} threads, torch {here['torch']}, load before {here['load_before']:.1f}"
    )


def _print(title: str, text: str) -> None:
    print(f"\n## {title}\n{text}", flush=True)


def main() -> None:
    """Measure, print, write and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", default="fashion_mnist")
    parser.add_argument("--rounds", type=int, default=9, help="of what takes turns")
    parser.add_argument("--seconds", type=float, default=300.0, help="of the whole training")
    parser.add_argument("--pairs", type=int, default=1, help="of whole and bare training")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks/results/engine.json")
    parser.add_argument("--picture", type=Path, default=ROOT / "docs/images/engine.png")
    arguments = parser.parse_args()
    results = measure(
        arguments.dataset,
        rounds=arguments.rounds,
        seconds=arguments.seconds,
        pairs=arguments.pairs,
    )
    for path in (arguments.results, arguments.picture):
        path.parent.mkdir(parents=True, exist_ok=True)
    arguments.results.write_text(json.dumps(results, indent=1) + "\n")
    draw(results).savefig(arguments.picture, dpi=120)
    print(f"\nAll figures: {arguments.results}\nPicture: {arguments.picture}")


if __name__ == "__main__":
    main()

"""What bfloat16, torch.compile and CUDA graphs gain, and whether bfloat16 costs quality.

    python -m benchmarks.precision --dataset fashion_mnist --seeds 3

The steps of each recipe take turns in every way of computing them. Compiling is timed with its
caches off, as on a machine that never did it; it pays after so many steps as the gain needs to
make up for it. With `--seeds`, each recipe is trained with so many seeds in float32 and bfloat16,
from the same first weights, and the distances at the last validation are set beside their spread
over the seeds. bfloat16 pays at 1.4 times the images per second and a mean distance that is
greater by no more than the standard deviation of float32's.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from math import ceil
from pathlib import Path
from statistics import mean, median, stdev
from time import perf_counter
from typing import Any

import torch

from benchmarks.engine import describe, machine
from benchmarks.interleave import interleaved, ratios, spread, times_in
from benchmarks.markdown import figure, quartiles, table
from benchmarks.training import train_once
from benchmarks.workloads import ROOT, BareLoop, Workload, load_workload
from whichgen.errors import WhichgenError
from whichgen.parameters import Execution, NumberType
from whichgen.training.devices import choose_device
from whichgen.training.execution import has_bfloat16

SECONDS = 1.0  # that each way trains in a round
LEAST_GAIN = 1.4
NUMBER_TYPES: tuple[NumberType, NumberType] = ("float32", "bfloat16")


def ways_on(device: torch.device) -> dict[str, Execution]:
    """All ways that the device has to compute a step; the first is what the others are set to."""
    kinds: dict[str, dict[str, bool]] = {"": {}, ", compiled": {"compile": True}}
    if device.type == "cuda":
        kinds[", graph"] = {"cuda_graph": True}
    return {
        name + kind: Execution(precision=name, **options)
        for name in NUMBER_TYPES
        if name == "float32" or has_bfloat16(device)
        for kind, options in kinds.items()
    }


def chosen_ways(device: torch.device, names: Sequence[str] | None) -> dict[str, Execution]:
    """The ways of these names, or all of them.

    Raises:
        SystemExit: with one line, if the device has no way of that name.
    """
    ways = ways_on(device)
    if unknown := set(names or ()) - set(ways):
        sys.exit(f"--ways: '{unknown.pop()}' is not one of: {'; '.join(ways)}")
    return {name: ways[name] for name in names or ways}


def measure_speed(
    workload: Workload, ways: Mapping[str, Execution], rounds: int
) -> dict[str, dict[str, Any]]:
    """For each family and way, as it stands in the results: see `compare`."""
    with torch.compiler.config.patch(force_disable_caches=True):
        return {family: _speed_of(workload, family, ways, rounds) for family in workload.recipes}


def _speed_of(
    workload: Workload, family: str, ways: Mapping[str, Execution], rounds: int
) -> dict[str, Any]:
    loops, first = {}, {}
    decay, encoder = workload.recipes[family].training.ema_decay, None
    for way, execution in ways.items():
        update = workload.update(family, precision=execution.precision, encoder=encoder)
        if "encoder" in update.networks:  # is fitted once
            encoder = update.networks["encoder"].state_dict()
        images, loops[way] = update.images_per_step, BareLoop(update, decay, execution)
        began = perf_counter()
        loops[way].train(1)
        first[way] = perf_counter() - began
    times = {way: times_in(SECONDS, loop.train) for way, loop in loops.items()}
    turns = interleaved({way: partial(loops[way].train, times[way]) for way in loops}, rounds)
    return compare(images, first, {w: [s / times[w] for s in turns[w]] for w in turns})


def compare(
    images: int, first: Mapping[str, float], seconds: Mapping[str, Sequence[float]]
) -> dict[str, Any]:
    """Each way beside the first one of them.

    Args:
        images: of a step. first: seconds of each way's first step. seconds: of a step, by round.
    """
    base, records = next(iter(seconds.values())), {}
    for way, times in seconds.items():
        start, saved = first[way] - median(times), median(base) - median(times)
        records[way] = {
            "seconds_per_step": spread(times),
            "images_per_second": spread([images / s for s in times]),
            "gain": spread(ratios(base, times)),
            "start_seconds": start,
            "pays_after_steps": max(0, ceil(start / saved)) if saved > 0 else None,
        }
    return records


def measure_quality(
    dataset: str, family: str, seeds: int, budget: float | None, device: torch.device
) -> dict[str, list[float]]:
    """The distances at the last validation, by number type, seed after seed."""
    return {
        name: [
            train_once(
                dataset, family, seed, Execution(precision=name), budget=budget, device=device
            )["validation_fd"]
            for seed in range(seeds)
        ]
        for name in NUMBER_TYPES
    }


def judge(distances: Mapping[str, Sequence[float]], gain: float) -> dict[str, Any]:
    """Whether bfloat16 pays.

    Args:
        distances: of both number types, by seed, two seeds or more. gain: in images per second.
    """
    usual, short = (distances[name] for name in NUMBER_TYPES)
    more, noise = mean(short) - mean(usual), stdev(usual)
    return {
        "distances": {name: list(values) for name, values in distances.items()},
        "difference": more,
        "noise": noise,
        "gain": gain,
        "pays": gain >= LEAST_GAIN and more <= noise,
    }


def report_speed(records: Mapping[str, Mapping[str, Any]]) -> str:
    """A Markdown table of all families and ways."""
    rows = [
        [
            family,
            way,
            quartiles(record["seconds_per_step"], 1e3),
            quartiles(record["images_per_second"]),
            quartiles(record["gain"]),
            figure(record["start_seconds"]),
            "never" if (steps := record["pays_after_steps"]) is None else f"{steps:,}",
        ]
        for family, ways in records.items()
        for way, record in ways.items()
    ]
    base = next(iter(next(iter(records.values()))))
    header = ["recipe", "way", "ms a step", "images/s", f"times {base}", "start, s", "pays after"]
    return table([*header[:-1], "pays after, steps"], rows)


def report_quality(records: Mapping[str, Mapping[str, Any]]) -> str:
    """A Markdown table of the distances, and whether bfloat16 pays."""
    rows = []
    for family, record in records.items():
        values = [", ".join(figure(v) for v in record["distances"][name]) for name in NUMBER_TYPES]
        numbers = [figure(record[key]) for key in ("difference", "noise", "gain")]
        rows.append([family, *values, *numbers, "yes" if record["pays"] else "no"])
    names = [f"FD, {name}" for name in NUMBER_TYPES]
    return table(
        ["recipe", *names, "difference", "deviation over seeds", "times the images/s", "pays"], rows
    )


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", default="fashion_mnist")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, mps or auto")
    parser.add_argument("--rounds", type=int, default=9, help="of what takes turns")
    parser.add_argument("--ways", nargs="+", help="of computing a step; else all that there are")
    parser.add_argument(
        "--seeds", type=int, default=0, help="trained in both number types; 0: none"
    )
    parser.add_argument("--budget", type=float, help="training FLOPs; else the dataset's own")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks/results/precision.json")
    arguments = parser.parse_args()
    try:
        device = choose_device(arguments.device)
    except WhichgenError as error:
        sys.exit(str(error))
    ways = chosen_ways(device, arguments.ways)
    if arguments.seeds == 1 or (arguments.seeds and not set(NUMBER_TYPES) <= set(ways)):
        sys.exit("--seeds: takes two or more, and the ways float32 and bfloat16")
    workload = load_workload(arguments.dataset)
    results: dict[str, Any] = {"dataset": arguments.dataset, "machine": machine()}
    print(describe(results), f"\n\n## Speed on {device}", flush=True)
    results["speed"] = measure_speed(workload.on(device), ways, arguments.rounds)
    print(report_speed(results["speed"]), flush=True)
    if arguments.seeds:
        results["quality"] = {}
        for family in workload.recipes:
            distances = measure_quality(
                arguments.dataset, family, arguments.seeds, arguments.budget, device
            )
            gain = results["speed"][family]["bfloat16"]["gain"]["median"]
            results["quality"][family] = judge(distances, gain)
        print("\n## Quality", report_quality(results["quality"]), sep="\n", flush=True)
    arguments.results.parent.mkdir(parents=True, exist_ok=True)
    arguments.results.write_text(json.dumps(results, indent=1) + "\n")
    print(f"\nAll figures: {arguments.results}")


if __name__ == "__main__":
    main()

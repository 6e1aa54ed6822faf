"""How fast each recipe trains: beside the machine's peak, and beside the textbook loop.

    python -m benchmarks.recipes --dataset fashion_mnist

The recipe's real update with its averaged weights, the same training as a textbook would write it
(benchmarks/textbook) and the machine's fastest operations take turns; each ratio is of two that
ran in the same round. FLOPs are those of the budget, counted on the real step; images per second
are the real images that a step uses. Peak memory is that of a whole process: one that holds the
prepared training and makes no step, and one that trains each way (without the processes that load
a textbook loop's data).
"""

import argparse
import copy
import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch

from benchmarks import peaks
from benchmarks.interleave import Repeat, interleaved, ratios, spread, times_in
from benchmarks.isolation import in_own_process
from benchmarks.markdown import MIB, figure, quartiles, table
from benchmarks.textbook import TEXTBOOK
from benchmarks.workloads import BareLoop, Workload, load_workload
from whichgen.training.devices import peak_memory_bytes
from whichgen.training.flops import count_flops
from whichgen.training.update import Update

OURS, PLAIN, PREPARED = "whichgen", "textbook", "prepared"
WAYS = (PREPARED, PLAIN, OURS)
SECONDS = 1.0  # that each contender trains in a round
MEMORY_ROUNDS, MEMORY_STEPS = 3, 3


def measure(
    workload: Workload, updates: Mapping[str, Update], rates: Sequence[peaks.Rate], rounds: int
) -> dict[str, Any]:
    """Speed and memory of each family's recipe, as it stands in the results.

    Args:
        updates: one of each family, untrained; they are trained here. rates: see `peaks.measure`.
    """
    untrained = copy.deepcopy(updates)
    flops = {f: count_flops(partial(copy.deepcopy(u).step, 0)) for f, u in updates.items()}
    loops: dict[str, Repeat] = {
        f"{family} {way}": trainer(way, family, workload, update)
        for family, update in updates.items()
        for way in (PLAIN, OURS)
    }
    fastest = {dtype: peaks.peak(rates, dtype).passes() for dtype in peaks.DTYPES}
    seconds = _in_turns(loops | fastest, rounds)
    reached = {d: _rate(count_flops(partial(fastest[d], 1)), seconds[d]) for d in fastest}
    return {
        family: compare(
            flops[family],
            update.images_per_step,
            {way: seconds[f"{family} {way}"] for way in (OURS, PLAIN)},
            reached,
            _memory(workload, family, untrained[family]),
        )
        for family, update in updates.items()
    }


def compare(
    flops: int,
    images: int,
    seconds: Mapping[str, Sequence[float]],
    peak: Mapping[str, Sequence[float]],
    memory: Mapping[str, Sequence[int]],
) -> dict[str, Any]:
    """The record of a recipe: each way beside the peak, and the textbook beside whichgen.

    Args:
        flops, images: of a step. seconds: of a step, by way, in each round.
        peak: FLOP/s by type, in each round. memory: peak bytes by way.
    """
    record: dict[str, Any] = {"flops_per_step": flops, "images_per_step": images}
    for way, times in seconds.items():
        reached = _rate(flops, times)
        record[way] = {
            "seconds_per_step": spread(times),
            "images_per_second": spread(_rate(images, times)),
            "flops_per_second": spread(reached),
            "share_of_peak": {dtype: spread(ratios(reached, peak[dtype])) for dtype in peak},
        }
    record["peak_memory_bytes"] = {way: spread(taken) for way, taken in memory.items()}
    record["textbook_to_whichgen"] = {
        "seconds": spread(ratios(seconds[PLAIN], seconds[OURS])),
        "memory": spread(ratios(memory[PLAIN], memory[OURS])),
    }
    return record


def trainer(way: str, family: str, workload: Workload, update: Update) -> Repeat:
    """What makes a number of steps of the family, from the update's present weights."""
    if way == PLAIN:
        return TEXTBOOK[family](workload, update, workers=os.cpu_count() or 1).train
    return BareLoop(update, workload.recipes[family].training.ema_decay).train


def report(records: Mapping[str, Any]) -> str:
    """Three Markdown tables: beside the peak, beside the textbook, and memory."""
    speed, textbook, memory = [], [], []
    for family, record in records.items():
        ours, ratio = record[OURS], record["textbook_to_whichgen"]
        shares = [quartiles(ours["share_of_peak"][dtype], 100) for dtype in peaks.DTYPES]
        taken = [quartiles(record["peak_memory_bytes"][way], 1 / MIB) for way in WAYS]
        step = [quartiles(record[way]["seconds_per_step"], 1e3) for way in (PLAIN, OURS)]
        images = [quartiles(record[way]["images_per_second"]) for way in (PLAIN, OURS)]
        flops = figure(record["flops_per_step"] / 1e9)
        speed.append([family, flops, quartiles(ours["flops_per_second"], 1e-9), *shares])
        textbook.append([family, *step, *images, quartiles(ratio["seconds"])])
        memory.append([family, *taken, quartiles(ratio["memory"])])
    share_names = [f"% of the {dtype} peak" for dtype in peaks.DTYPES]
    both = [f"{what}, {way}" for what in ("ms a step", "images/s") for way in (PLAIN, OURS)]
    return "\n\n".join(
        [
            table(["recipe", "GFLOP a step", "GFLOP/s", *share_names], speed),
            table(["recipe", *both, "textbook / whichgen"], textbook),
            table(["recipe", *(f"peak MiB, {w}" for w in WAYS), "textbook / whichgen"], memory),
        ]
    )


def _in_turns(loops: Mapping[str, Repeat], rounds: int) -> dict[str, list[float]]:
    """Seconds of one step of each loop, in each round."""
    times = {name: times_in(SECONDS, loop) for name, loop in loops.items()}
    turns = interleaved({name: partial(loops[name], times[name]) for name in loops}, rounds)
    return {name: [s / times[name] for s in turn] for name, turn in turns.items()}


def _rate(amount: float, seconds: Sequence[float]) -> list[float]:
    return [amount / s for s in seconds]


def _memory(workload: Workload, family: str, update: Update) -> dict[str, list[int]]:
    """Peak bytes of each way, each time in a process of its own."""
    taken: dict[str, list[int]] = {way: [] for way in WAYS}
    for _ in range(MEMORY_ROUNDS):
        for way in WAYS:
            taken[way].append(in_own_process(peak_of_training, way, family, workload, update))
    return taken


def peak_of_training(way: str, family: str, workload: Workload, update: Update) -> int:
    """The peak bytes of this process after a few steps, or after none if only prepared."""
    if way != PREPARED:
        trainer(way, family, workload, update)(MEMORY_STEPS)
    return peak_memory_bytes(torch.device("cpu"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", default="fashion_mnist")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    workload = load_workload(arguments.dataset)
    updates = {family: workload.update(family) for family in workload.recipes}
    rates = peaks.measure(peaks.operations_in(updates.values()), arguments.rounds)
    print(report(measure(workload, updates, rates, arguments.rounds)))


if __name__ == "__main__":
    main()
